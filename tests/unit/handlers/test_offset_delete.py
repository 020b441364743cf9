"""OffsetDelete: what does not exist is refused one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.groups import GroupBroker, result_of
from tests.support.partitions import error_of

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.handlers.offset_delete import handle
from ottla.protocol.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)


@pytest.fixture
def broker(tmp_path: Path) -> GroupBroker:
    return GroupBroker(tmp_path / "data")


def request(group_id: str, topics: dict[str, list[int]]) -> OffsetDeleteRequest:
    return OffsetDeleteRequest(
        group_id=group_id,
        topics=[
            OffsetDeleteRequestTopic(
                name=name,
                partitions=[OffsetDeleteRequestPartition(partition_index=index) for index in indexes],
            )
            for name, indexes in topics.items()
        ],
    )


def test_offsets_go_and_what_does_not_exist_is_refused_first(broker: GroupBroker) -> None:
    broker.commit("g", orders=5)
    response = result_of(handle(request("g", {"orders": [0, 9], "missing": [0]}), broker.context(0)))
    answers = [(t.name, [(p.partition_index, p.error_code) for p in t.partitions]) for t in response.topics]
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert answers == [("orders", [(9, unknown), (0, 0)]), ("missing", [(0, unknown)])]
    assert broker.offsets("g") == {}


def test_what_is_named_twice_is_answered_twice(broker: GroupBroker) -> None:
    broker.commit("g", orders=5)
    wanted = request("g", {"orders": [0, 9], "missing": [0]})
    wanted.topics += request("g", {"orders": [8], "missing": [1]}).topics
    answers = [
        (t.name, [(p.partition_index, p.error_code) for p in t.partitions])
        for t in result_of(handle(wanted, broker.context(0))).topics
    ]
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert answers == [
        ("orders", [(9, unknown), (8, unknown), (0, 0)]),
        ("missing", [(0, unknown), (1, unknown)]),
    ]


def test_topics_in_use_are_refused(broker: GroupBroker) -> None:
    broker.form_group("g")
    response = result_of(handle(request("g", {"orders": [0]}), broker.context(0)))
    assert response.topics[0].partitions[0].error_code == ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC


@pytest.mark.parametrize("topics", [{"orders": [0]}, {}])
def test_a_missing_group_fails_as_a_whole(broker: GroupBroker, topics: dict[str, list[int]]) -> None:
    outcome = handle(request("missing", topics), broker.context(0))
    assert isinstance(outcome, Completion)
    assert error_of(outcome).code is ErrorCode.GROUP_ID_NOT_FOUND


def test_an_empty_group_id_is_refused(broker: GroupBroker) -> None:
    assert result_of(handle(request("", {}), broker.context(0))).error_code == ErrorCode.INVALID_GROUP_ID
