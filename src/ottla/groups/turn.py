"""What the rules of a shard share: the settings, and the one step that a command or a deadline takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.groups.deadlines import Deadlines
from ottla.groups.log_records import ClassicGroupRecord, OffsetRecord, ShardRecord, size_bound_bytes
from ottla.machine import Effects, Reply

T = TypeVar("T")

NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000
"""How long a first JoinGroup may be parked. A member that does not know its id cannot send heartbeats, and a client
that went away would otherwise hold up every rebalance (Kafka's fixed classicGroupNewMemberJoinTimeoutMs)."""


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """The options that the machine acts on, by their Kafka names; times in ms."""

    group_initial_rebalance_delay_ms: int
    group_max_size: int
    offset_metadata_max_bytes: int
    offsets_retention_ms: int
    offsets_retention_check_interval_ms: int


class DeadlineKind(StrEnum):
    """What happens when a deadline passes. A string, since those know their hash: it is part of a dictionary's key."""

    SESSION = "session"
    """A member, or an id that was handed out, is given up."""

    JOIN = "join"
    """The join phase of a rebalance ends."""

    SYNC = "sync"
    """Members that did not send SyncGroup are given up."""


class DeadlineKey(NamedTuple):
    """Whose deadline it is; the member id is empty where it is the group's."""

    kind: DeadlineKind
    group_id: str
    member_id: str = ""


class LogRoom(Protocol):
    """What of a shard's log a step has to know: what it appends goes into one batch."""

    @property
    def max_batch_bytes(self) -> int:
        """How large a batch may be."""

    def fits(self, records: list[ShardRecord]) -> bool:
        """Tell whether records make a batch that may be appended."""


@dataclass(slots=True)
class Turn:
    """One step: the time, and what the step wants done."""

    now_ms: int
    settings: GroupSettings
    deadlines: Deadlines[DeadlineKey]
    new_uuid: Callable[[], str]
    """A random UUID in text form, for member ids."""
    room: LogRoom
    effects: Effects[ShardRecord] = field(default_factory=Effects)
    bound_bytes: int = 0
    """What the records take at most."""

    def append(self, record: OffsetRecord | ClassicGroupRecord) -> None:
        """Have a record appended."""
        self.effects.records.append(record)
        self.bound_bytes += size_bound_bytes(record)

    @property
    def is_half_full(self) -> bool:
        """Whether a step that can go on later had better do so: one more record surely fits before."""
        return self.bound_bytes > self.room.max_batch_bytes // 2

    def has_room_for(self, record: ClassicGroupRecord) -> bool:
        """Tell whether a record fits into a batch of its own."""
        return size_bound_bytes(record) <= self.room.max_batch_bytes or self.room.fits([record])

    def require_room(self) -> None:
        """Raise KafkaError UNKNOWN_SERVER_ERROR where the records are too many for one batch (facts 1.3).

        Until then the step must not have changed anything else: the log would refuse the batch.
        """
        if self.bound_bytes > self.room.max_batch_bytes and not self.room.fits(self.effects.records):
            raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)

    def reply(self, to: Completion[T], value: T) -> None:
        """Have a request answered once the records of this step are committed."""
        self.effects.replies.append(Reply(to, value))
