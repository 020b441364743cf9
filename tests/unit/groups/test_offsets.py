"""Who may commit, and what expires; the conversations under tests/scripts/offsets show the rest."""

from __future__ import annotations

import pytest
from tests.unit.groups.support import SETTINGS, START_MS, Room

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.groups import offsets
from ottla.groups.classic_group import ClassicGroup, ClassicMember, GroupState
from ottla.groups.commands import CommitOffsets
from ottla.groups.deadlines import Deadlines
from ottla.groups.log_records import OffsetRecord, encode_record
from ottla.groups.offset_store import OffsetStore
from ottla.groups.records import OffsetCommitKey, OffsetCommitValue
from ottla.groups.turn import Turn
from ottla.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)


def turn_at(now_ms: int = START_MS) -> Turn:
    return Turn(now_ms, SETTINGS, Deadlines(), lambda: "id", Room())


def group_in(state: GroupState) -> ClassicGroup:
    group = ClassicGroup("g", generation_id=3)
    if state is not GroupState.EMPTY:
        member = ClassicMember("m", "inst", "c", "/h", 60_000, 10_000, [("range", b"")])
        group.add(member, Completion(), "consumer")
    group.state = state
    return group


def refusal(
    group: ClassicGroup | None, generation: int, member_id: str = "", instance: str | None = None
) -> ErrorCode:
    """Return what a commit is refused with, NONE if it is not."""
    request = OffsetCommitRequest(
        group_id="g",
        generation_id_or_member_epoch=generation,
        member_id=member_id,
        group_instance_id=instance,
    )
    try:
        offsets.commit(turn_at(), group, CommitOffsets(request, knows_missing_groups=True))
    except KafkaError as error:
        return error.code
    return ErrorCode.NONE


@pytest.mark.parametrize(
    ("state", "generation", "member_id", "instance", "code"),
    [
        (None, -1, "", None, ErrorCode.NONE),
        (None, -1, "m", None, ErrorCode.NONE),
        (None, 0, "m", None, ErrorCode.GROUP_ID_NOT_FOUND),
        (GroupState.EMPTY, -1, "", None, ErrorCode.NONE),
        (GroupState.EMPTY, -1, "m", None, ErrorCode.NONE),
        (GroupState.EMPTY, 3, "m", None, ErrorCode.UNKNOWN_MEMBER_ID),
        (GroupState.STABLE, 3, "m", None, ErrorCode.NONE),
        (GroupState.STABLE, 3, "m", "inst", ErrorCode.NONE),
        (GroupState.STABLE, 3, "x", "inst", ErrorCode.FENCED_INSTANCE_ID),
        (GroupState.STABLE, 3, "m", "other", ErrorCode.UNKNOWN_MEMBER_ID),
        (GroupState.STABLE, 2, "m", None, ErrorCode.ILLEGAL_GENERATION),
        (GroupState.STABLE, -1, "m", None, ErrorCode.ILLEGAL_GENERATION),
        (GroupState.STABLE, 3, "x", None, ErrorCode.UNKNOWN_MEMBER_ID),
        (GroupState.STABLE, -1, "", None, ErrorCode.UNKNOWN_MEMBER_ID),
        (GroupState.STABLE, -1, "", "inst", ErrorCode.FENCED_INSTANCE_ID),
        (GroupState.PREPARING_REBALANCE, 3, "m", None, ErrorCode.NONE),
        (GroupState.PREPARING_REBALANCE, -1, "", None, ErrorCode.UNKNOWN_MEMBER_ID),
        (GroupState.COMPLETING_REBALANCE, 3, "m", None, ErrorCode.REBALANCE_IN_PROGRESS),
        (GroupState.COMPLETING_REBALANCE, 2, "m", None, ErrorCode.ILLEGAL_GENERATION),
    ],
)
def test_who_may_commit(
    state: GroupState | None, generation: int, member_id: str, instance: str | None, code: ErrorCode
) -> None:
    group = None if state is None else group_in(state)
    assert refusal(group, generation, member_id, instance) is code


RETENTION_MS = SETTINGS.offsets_retention_ms


@pytest.mark.parametrize(
    ("protocol_type", "state", "topics", "emptied_ms", "committed_ms", "expires"),
    [
        (None, GroupState.EMPTY, None, -1, 0, True),
        (None, GroupState.EMPTY, None, -1, 1, False),
        ("consumer", GroupState.EMPTY, frozenset(), 0, 5, True),
        ("consumer", GroupState.EMPTY, frozenset(), 1, 0, False),
        ("consumer", GroupState.EMPTY, frozenset(), -1, 0, True),
        ("connect", GroupState.EMPTY, None, 0, 5, True),
        ("consumer", GroupState.STABLE, frozenset(), 0, 0, True),
        ("consumer", GroupState.STABLE, frozenset(), 0, 1, False),
        ("consumer", GroupState.STABLE, frozenset({"t"}), 0, 0, False),
        ("consumer", GroupState.STABLE, None, 0, 0, False),
        ("consumer", GroupState.PREPARING_REBALANCE, frozenset(), 0, 0, False),
        ("connect", GroupState.STABLE, None, 0, 0, False),
    ],
)
def test_from_when_the_retention_counts(
    protocol_type: str | None,
    state: GroupState,
    topics: frozenset[str] | None,
    emptied_ms: int,
    committed_ms: int,
    expires: bool,
) -> None:
    group = ClassicGroup(
        "g", state, protocol_type=protocol_type, topics=topics, state_timestamp_ms=emptied_ms
    )
    store = OffsetStore()
    key = OffsetCommitKey(group="g", topic="t", partition=0)
    store.replay(OffsetRecord(key, OffsetCommitValue(offset=1, metadata="", commit_timestamp=committed_ms)))
    assert bool(list(offsets.expired(turn_at(RETENTION_MS), store, group))) is expires


def test_an_offset_that_a_transaction_may_still_change_does_not_expire() -> None:
    store = OffsetStore()
    key = OffsetCommitKey(group="g", topic="t", partition=0)
    value = OffsetCommitValue(offset=1, metadata="", commit_timestamp=0)
    store.replay(OffsetRecord(key, value))
    store.replay(OffsetRecord(key, value, producer_id=42))
    assert list(offsets.expired(turn_at(RETENTION_MS), store, ClassicGroup("g"))) == []


def test_a_retention_beyond_all_times_ends_at_the_last_one() -> None:
    turn = turn_at()
    topic = OffsetCommitRequestTopic(name="t", partitions=[OffsetCommitRequestPartition(partition_index=0)])
    request = OffsetCommitRequest(group_id="g", retention_time_ms=2**63 - 1, topics=[topic])
    offsets.commit(turn, None, CommitOffsets(request, knows_missing_groups=False))
    (record,) = turn.effects.records
    assert record.value.expire_timestamp == offsets.LATEST_EXPIRY_MS
    assert len(encode_record(record)) == 2
