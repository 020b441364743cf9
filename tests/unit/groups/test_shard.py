"""The machine's contract: what survives, when it wants to be woken, and what belongs to others."""

from __future__ import annotations

import logging

import pytest
from tests.unit.groups.support import SETTINGS, START_MS, DirectShard, commit, join

from ottla.errors import ErrorCode
from ottla.groups.commands import (
    DeleteGroups,
    DescribeGroups,
    FetchOffsets,
    ListGroups,
    RemoveTopics,
)
from ottla.groups.log_records import ForeignRecord, OffsetRecord, TransactionMarker
from ottla.groups.records import OffsetCommitKey, OffsetCommitValue
from ottla.groups.shard import MAX_REMOVALS_PER_STEP
from ottla.protocol.messages.offset_fetch import OffsetFetchRequestGroup, OffsetFetchRequestTopics

CHECK_MS = SETTINGS.offsets_retention_check_interval_ms


def test_an_empty_shard_never_wants_to_be_woken() -> None:
    shard = DirectShard()
    shard.load()
    assert shard.machine.next_wakeup_ms() is None


def test_a_group_wants_the_cleanup_and_its_deadlines() -> None:
    shard = DirectShard()
    shard.load()
    shard.send(commit())
    assert shard.machine.next_wakeup_ms() == START_MS + CHECK_MS
    shard.send(join())
    assert shard.machine.next_wakeup_ms() == START_MS + SETTINGS.group_initial_rebalance_delay_ms


def test_a_shard_that_became_empty_rests_again() -> None:
    shard = DirectShard()
    shard.load()
    shard.send(commit())
    shard.send(DeleteGroups(["g"]))
    shard.advance(CHECK_MS)
    assert shard.machine.next_wakeup_ms() is None


def test_a_group_that_is_made_long_after_the_start_is_not_cleaned_up_at_once() -> None:
    shard = DirectShard()
    shard.load()
    shard.advance(10 * CHECK_MS)
    command = join()
    command.needs_member_id = True
    member_id = shard.send(command).member_id
    shard.advance(5_000)
    assert shard.send(join(member_id=member_id)) is None, "parked, not UNKNOWN_MEMBER_ID"


def test_expired_offsets_go_in_steps_of_bounded_size() -> None:
    shard = DirectShard()
    shard.load()
    count = 2 * MAX_REMOVALS_PER_STEP + 1
    shard.send(commit(partitions=count))
    shard.appended.clear()
    shard.advance(2 * CHECK_MS)
    sizes = [len(records) for records in shard.appended]
    assert max(sizes) <= MAX_REMOVALS_PER_STEP + 1
    assert sum(sizes) == count + 1, "every offset, and the group"
    assert shard.send(ListGroups([], [])) == []


def test_parked_requests_are_given_up_together() -> None:
    shard = DirectShard()
    shard.load()
    command = join()
    shard.send(command)
    assert shard.machine.abandon() == [command.reply_to]


def test_groups_of_other_types_are_skipped_and_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    shard = DirectShard()
    key = OffsetCommitKey(group="new", topic="t", partition=0)
    with caplog.at_level(logging.WARNING):
        shard.load(
            ForeignRecord(3, "new", is_removal=False),
            ForeignRecord(5, "new", is_removal=False),
            ForeignRecord(3, "gone", is_removal=False),
            ForeignRecord(3, "gone", is_removal=True),
            OffsetRecord(key, OffsetCommitValue(offset=5, metadata="", commit_timestamp=START_MS)),
        )
    assert [record.getMessage() for record in caplog.records] == [
        "shard: skipped 4 records of consumer, share or streams groups, which are not served; groups: new"
    ]
    assert shard.send(join("new")).error_code == ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert shard.send(DeleteGroups(["new"]))[0].error_code == ErrorCode.GROUP_ID_NOT_FOUND
    described = shard.send(DescribeGroups(["new"]))[0]
    assert described.error_message == "Group new is not a classic group."
    assert shard.send(ListGroups([], [])) == []
    asked = OffsetFetchRequestGroup(group_id="new", topics=None)
    fetched = shard.send(FetchOffsets(asked, require_stable=True))
    assert fetched.topics[0].partitions[0].committed_offset == 5
    assert shard.send(join("gone")) is None, "parked like any first join"


def test_an_undecided_transaction_makes_an_offset_unstable_for_those_who_care() -> None:
    shard = DirectShard()
    key = OffsetCommitKey(group="g", topic="t", partition=0)
    shard.load(OffsetRecord(key, OffsetCommitValue(offset=5, metadata="", commit_timestamp=START_MS), 42))

    def fetch(*, require_stable: bool) -> tuple[int, int]:
        topics = [OffsetFetchRequestTopics(name="t", partition_indexes=[0])]
        asked = OffsetFetchRequestGroup(group_id="g", topics=topics)
        answer = shard.send(FetchOffsets(asked, require_stable=require_stable)).topics[0].partitions[0]
        return answer.committed_offset, answer.error_code

    assert fetch(require_stable=True) == (-1, ErrorCode.UNSTABLE_OFFSET_COMMIT)
    assert fetch(require_stable=False) == (-1, ErrorCode.NONE)
    shard.machine.replay(TransactionMarker(42, committed=True))
    assert fetch(require_stable=True) == (5, ErrorCode.NONE)


def test_removed_topics_take_their_offsets_from_every_group() -> None:
    shard = DirectShard()
    shard.load()
    shard.send(commit("a", partitions=2))
    shard.send(commit("b"))
    shard.send(commit("b", topic="kept"))
    shard.appended.clear()
    shard.send(RemoveTopics(["t", "unknown"]))
    removed = [record for records in shard.appended for record in records]
    expected = [("a", 0), ("a", 1), ("b", 0)]
    assert removed == [
        OffsetRecord(OffsetCommitKey(group=group, topic="t", partition=index), None)
        for group, index in expected
    ]
