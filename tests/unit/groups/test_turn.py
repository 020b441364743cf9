"""What a step may append: one batch, whose size is first judged by a bound that costs little."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.groups.support import SETTINGS, START_MS, Room

from ottla.errors import ErrorCode, KafkaError
from ottla.groups.deadlines import Deadlines
from ottla.groups.log_records import (
    ClassicGroupRecord,
    OffsetRecord,
    encode_record,
    size_bound_bytes,
)
from ottla.groups.records import (
    GroupMetadataKey,
    GroupMetadataValue,
    MemberMetadata,
    OffsetCommitKey,
    OffsetCommitValue,
)
from ottla.groups.turn import Turn
from ottla.records.builder import NewRecord, build_batch
from ottla.types import ZERO_UUID

TEXTS = st.text(max_size=40)
OFFSETS = st.builds(
    OffsetRecord,
    st.builds(OffsetCommitKey, group=TEXTS, topic=TEXTS, partition=st.integers(0, 2**31 - 1)),
    st.none()
    | st.builds(
        OffsetCommitValue,
        offset=st.integers(-(2**63), 2**63 - 1),
        metadata=TEXTS,
        commit_timestamp=st.integers(0, 2**63 - 1),
        expire_timestamp=st.sampled_from([-1, 2**63 - 1]),
        topic_id=st.sampled_from([ZERO_UUID, bytes(range(16))]),
    ),
)
MEMBERS = st.builds(
    MemberMetadata,
    member_id=TEXTS,
    group_instance_id=st.none() | TEXTS,
    client_id=TEXTS,
    client_host=TEXTS,
    rebalance_timeout=st.just(1),
    session_timeout=st.just(1),
    subscription=st.binary(max_size=300),
    assignment=st.binary(max_size=300),
)
GROUPS = st.builds(
    ClassicGroupRecord,
    st.builds(GroupMetadataKey, group=TEXTS),
    st.none()
    | st.builds(
        GroupMetadataValue,
        protocol_type=TEXTS,
        generation=st.integers(0, 2**31 - 1),
        protocol=st.none() | TEXTS,
        leader=st.none() | TEXTS,
        current_state_timestamp=st.integers(-1, 2**63 - 1),
        members=st.lists(MEMBERS, max_size=4),
    ),
)


def turn(max_batch_bytes: int) -> Turn:
    return Turn(START_MS, SETTINGS, Deadlines(), lambda: "id", Room(max_batch_bytes))


def removal(partition: int) -> OffsetRecord:
    return OffsetRecord(OffsetCommitKey(group="g", topic="t", partition=partition), None)


@given(record=OFFSETS | GROUPS)
def test_no_batch_is_larger_than_the_bound_of_its_records(record: OffsetRecord | ClassicGroupRecord) -> None:
    batch = build_batch([NewRecord(*encode_record(record))], now_ms=2**62)
    assert len(batch) <= size_bound_bytes(record)


def test_records_are_refused_only_when_their_batch_is_too_large() -> None:
    batch = build_batch([NewRecord(*encode_record(removal(i))) for i in range(10)], now_ms=START_MS)
    for room, refused in ((len(batch), False), (len(batch) - 1, True)):
        step = turn(room)
        for i in range(10):
            step.append(removal(i))
        assert step.bound_bytes > room
        if refused:
            with pytest.raises(KafkaError) as refusal:
                step.require_room()
            assert refusal.value.code is ErrorCode.UNKNOWN_SERVER_ERROR
        else:
            step.require_room()


def test_a_record_that_fits_by_its_bound_alone_is_not_encoded() -> None:
    step = turn(10_000)
    step.room.fits = None  # type: ignore[assignment, method-assign]
    assert step.has_room_for(ClassicGroupRecord(GroupMetadataKey(group="g"), None))


def test_a_step_that_can_go_on_later_stops_at_half_a_batch() -> None:
    step = turn(2 * size_bound_bytes(removal(0)))
    assert not step.is_half_full
    step.append(removal(0))
    assert not step.is_half_full
    step.append(removal(1))
    assert step.is_half_full
