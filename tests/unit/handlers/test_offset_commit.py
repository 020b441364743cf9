"""OffsetCommit: what does not exist is refused one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.groups import GroupBroker, result_of

from ottla.errors import ErrorCode
from ottla.handlers.offset_commit import handle
from ottla.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)

UNKNOWN = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


@pytest.fixture
def broker(tmp_path: Path) -> GroupBroker:
    return GroupBroker(tmp_path / "data")


def commit(
    broker: GroupBroker,
    topics: dict[str, list[int]] | list[tuple[str, list[int]]],
    version: int = 9,
    **fields: object,
) -> list[tuple[str, list[tuple[int, int]]]]:
    asked = [
        OffsetCommitRequestTopic(
            name=name,
            partitions=[
                OffsetCommitRequestPartition(
                    partition_index=index, committed_offset=5, committed_metadata=None
                )
                for index in indexes
            ],
        )
        for name, indexes in (topics.items() if isinstance(topics, dict) else topics)
    ]
    request = OffsetCommitRequest(**{"group_id": "g", "topics": asked, **fields})
    response = result_of(handle(request, broker.context(version)))
    return [(t.name, [(p.partition_index, p.error_code) for p in t.partitions]) for t in response.topics]


def test_what_exists_is_stored_and_what_does_not_is_refused_first(broker: GroupBroker) -> None:
    answer = commit(broker, {"orders": [0, 7, 1], "missing": [0]})
    assert answer == [("orders", [(7, UNKNOWN), (0, 0), (1, 0)]), ("missing", [(0, UNKNOWN)])]
    assert broker.offsets("g") == {("orders", 0): 5, ("orders", 1): 5}


def test_what_is_named_twice_is_answered_twice(broker: GroupBroker) -> None:
    answer = commit(broker, [("orders", [7, 0]), ("missing", [0]), ("orders", [8]), ("missing", [0, 1])])
    assert answer == [
        ("orders", [(7, UNKNOWN), (8, UNKNOWN), (0, 0)]),
        ("missing", [(0, UNKNOWN), (0, UNKNOWN), (1, UNKNOWN)]),
    ]
    assert commit(broker, [("missing", [0]), ("missing", [1])]) == [("missing", [(0, UNKNOWN), (1, UNKNOWN)])]


def test_nothing_that_exists_needs_no_group(broker: GroupBroker) -> None:
    assert commit(broker, {"missing": [0, 1]}) == [("missing", [(0, UNKNOWN), (1, UNKNOWN)])]
    assert commit(broker, {}) == []
    assert broker.groups.list_groups([], []).result() == []


def test_a_refusal_of_the_group_is_at_each_partition(broker: GroupBroker) -> None:
    fields = {"generation_id_or_member_epoch": 3, "member_id": "m"}
    missing = ErrorCode.GROUP_ID_NOT_FOUND
    answer = commit(broker, {"orders": [0, 9], "missing": [0]}, **fields)
    assert answer == [("orders", [(9, UNKNOWN), (0, missing)]), ("missing", [(0, UNKNOWN)])]
    assert commit(broker, {"orders": [0]}, 8, **fields) == [("orders", [(0, ErrorCode.ILLEGAL_GENERATION)])]


def test_the_empty_group_id_may_have_offsets(broker: GroupBroker) -> None:
    assert commit(broker, {"orders": [0]}, group_id="") == [("orders", [(0, 0)])]


def test_while_there_is_no_coordinator_every_partition_says_so(broker: GroupBroker) -> None:
    broker.groups.stop()
    assert commit(broker, {"orders": [0]}) == [("orders", [(0, ErrorCode.COORDINATOR_NOT_AVAILABLE)])]
