"""OffsetFetch's forms: one group up to v7, many from v8."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.groups import GroupBroker, result_of

from ottla.errors import ErrorCode
from ottla.handlers.offset_fetch import handle
from ottla.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
)


@pytest.fixture
def broker(tmp_path: Path) -> GroupBroker:
    broker = GroupBroker(tmp_path / "data")
    broker.commit("g", orders=5, metadata="note")
    return broker


def fetch_one(broker: GroupBroker, version: int, topics: dict[str, list[int]] | None) -> OffsetFetchResponse:
    asked = None
    if topics is not None:
        asked = [
            OffsetFetchRequestTopic(name=name, partition_indexes=found) for name, found in topics.items()
        ]
    response: OffsetFetchResponse = result_of(
        handle(OffsetFetchRequest(group_id="g", topics=asked), broker.context(version))
    )
    return response


def found(index: int, offset: int, metadata: str = "", code: int = 0) -> OffsetFetchResponsePartition:
    return OffsetFetchResponsePartition(
        partition_index=index, committed_offset=offset, metadata=metadata, error_code=code
    )


@pytest.mark.parametrize("version", [1, 2, 7])
def test_one_group(broker: GroupBroker, version: int) -> None:
    response = fetch_one(broker, version, {"orders": [0, 1], "missing": [3]})
    assert response == OffsetFetchResponse(
        topics=[
            OffsetFetchResponseTopic(name="orders", partitions=[found(0, 5, "note"), found(1, -1)]),
            OffsetFetchResponseTopic(name="missing", partitions=[found(3, -1)]),
        ]
    )


def test_all_offsets_of_one_group(broker: GroupBroker) -> None:
    topic = OffsetFetchResponseTopic(name="orders", partitions=[found(0, 5, "note")])
    assert fetch_one(broker, 7, None) == OffsetFetchResponse(topics=[topic])


def test_an_error_of_one_group_is_at_the_top_or_in_v1_at_each_partition(broker: GroupBroker) -> None:
    broker.groups.stop()
    code = ErrorCode.NOT_COORDINATOR
    assert fetch_one(broker, 2, {"orders": [0]}) == OffsetFetchResponse(error_code=code)
    topic = OffsetFetchResponseTopic(name="orders", partitions=[found(0, -1, "", code)])
    assert fetch_one(broker, 1, {"orders": [0]}).topics == [topic]


def test_many_groups(broker: GroupBroker) -> None:
    groups = [
        OffsetFetchRequestGroup(group_id="g", topics=None),
        OffsetFetchRequestGroup(
            group_id="unknown", topics=[OffsetFetchRequestTopics(name="orders", partition_indexes=[2])]
        ),
        OffsetFetchRequestGroup(group_id="", topics=None),
    ]
    response = result_of(handle(OffsetFetchRequest(groups=groups, require_stable=True), broker.context(9)))
    note = OffsetFetchResponsePartitions(partition_index=0, committed_offset=5, metadata="note")
    none = OffsetFetchResponsePartitions(partition_index=2, committed_offset=-1, metadata="")
    assert response == OffsetFetchResponse(
        groups=[
            OffsetFetchResponseGroup(
                group_id="g", topics=[OffsetFetchResponseTopics(name="orders", partitions=[note])]
            ),
            OffsetFetchResponseGroup(
                group_id="unknown", topics=[OffsetFetchResponseTopics(name="orders", partitions=[none])]
            ),
            OffsetFetchResponseGroup(group_id=""),
        ]
    )


def test_an_error_of_one_of_many_groups_is_its_own(broker: GroupBroker) -> None:
    groups = [OffsetFetchRequestGroup(group_id=name, topics=None) for name in ("g", "h")]
    assert broker.groups.partition_for("g") != broker.groups.partition_for("h")
    broker.set_leader("__consumer_offsets", broker.groups.partition_for("h"), 9)
    response = result_of(handle(OffsetFetchRequest(groups=groups), broker.context(8)))
    assert [group.error_code for group in response.groups] == [0, ErrorCode.NOT_COORDINATOR]
