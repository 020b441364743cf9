"""A shard in memory that is asked directly, for what the scripts under tests/scripts cannot say."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from ottla.groups.commands import CommitOffsets, JoinGroup
from ottla.groups.log_records import ShardRecord, encode_record
from ottla.groups.shard import GroupShard
from ottla.groups.turn import GroupSettings
from ottla.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from ottla.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from ottla.records.builder import NewRecord, build_batch

START_MS = 1_000_000
SETTINGS = GroupSettings(
    group_initial_rebalance_delay_ms=3_000,
    group_max_size=100,
    offset_metadata_max_bytes=4_096,
    offsets_retention_ms=1_000_000,
    offsets_retention_check_interval_ms=600_000,
)


@dataclass
class Room:
    """How much the log takes at once."""

    max_batch_bytes: int = 1_048_588

    def fits(self, records: list[ShardRecord]) -> bool:
        """Tell whether records make a batch of at most `max_batch_bytes`."""
        batch = build_batch([NewRecord(*encode_record(record)) for record in records], now_ms=START_MS)
        return len(batch) <= self.max_batch_bytes


class DirectShard:
    """Does what the shell does when every append succeeds at once."""

    def __init__(self) -> None:
        ids = count(1)
        self.room = Room()
        self.machine = GroupShard("shard", SETTINGS, lambda: str(next(ids)), self.room)
        self.now_ms = START_MS
        self.appended: list[list[ShardRecord]] = []

    def load(self, *records: ShardRecord) -> None:
        for record in records:
            self.machine.replay(record)
        self.wake()

    def send(self, command: Any) -> Any:
        """Handle a command and return its reply, None while it is parked. Raises what refuses it."""
        self._perform(self.machine.handle(command, self.now_ms))
        return command.reply_to.result() if command.reply_to.done else None

    def wake(self) -> None:
        self._perform(self.machine.wake(self.now_ms))

    def advance(self, duration_ms: int) -> None:
        """Let time pass and do everything that falls due, at its time."""
        end_ms = self.now_ms + duration_ms
        while (due_ms := self.machine.next_wakeup_ms()) is not None and due_ms <= end_ms:
            self.now_ms = max(self.now_ms, due_ms)
            self.wake()
        self.now_ms = end_ms

    def _perform(self, effects: Any) -> None:
        if effects.records:
            assert self.room.fits(effects.records), "the log would refuse this batch"
            self.appended.append(list(effects.records))
        for record in effects.records:
            self.machine.replay(record)
        for reply in effects.replies:
            reply.release()


def join(group_id: str = "g", member_id: str = "", **fields: Any) -> JoinGroup:
    """Return a JoinGroup of a version that needs no id."""
    request = JoinGroupRequest(
        group_id=group_id,
        session_timeout_ms=10_000,
        rebalance_timeout_ms=60_000,
        member_id=member_id,
        protocol_type="consumer",
        protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")],
        **fields,
    )
    return JoinGroup(request, "client", "/127.0.0.1", needs_member_id=False, can_skip_assignment=True)


def commit(group_id: str = "g", topic: str = "t", partitions: int = 1, offset: int = 5) -> CommitOffsets:
    """Return a commit from outside the group."""
    request = OffsetCommitRequest(
        group_id=group_id,
        topics=[
            OffsetCommitRequestTopic(
                name=topic,
                partitions=[
                    OffsetCommitRequestPartition(
                        partition_index=index, committed_offset=offset, committed_metadata=None
                    )
                    for index in range(partitions)
                ],
            )
        ],
    )
    return CommitOffsets(request, knows_missing_groups=True)
