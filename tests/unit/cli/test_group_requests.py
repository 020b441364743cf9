from collections.abc import Callable

import pytest
from tests.support.live_broker import LiveBroker
from tests.unit.cli.scripted_cluster import ScriptedCluster

from ottla.cli.failures import ToolError
from ottla.cli.group_requests import (
    GROUP_TYPES,
    CommittedOffset,
    all_consumer_groups,
    commit_offsets,
    committed_offsets,
    delete_group,
    delete_offsets,
    describe_group,
    list_groups,
    parse_name,
)
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode
from ottla.protocol.messages.consumer_group_describe import ConsumerGroupDescribeResponse, DescribedGroup
from ottla.protocol.messages.find_coordinator import (
    Coordinator,
    FindCoordinatorRequest,
    FindCoordinatorResponse,
)
from ottla.types import TopicPartition

ONE = TopicPartition("one", 0)
THREE = TopicPartition("three", 2)


def test_names_are_read_in_any_case() -> None:
    assert parse_name("cLASSIC", GROUP_TYPES) == "Classic"
    assert parse_name("other", GROUP_TYPES) == "Unknown"


def test_offsets_are_committed_shown_and_deleted(cluster: Cluster) -> None:
    commit_offsets(cluster, "offsets", {ONE: 3, THREE: 0})
    assert committed_offsets(cluster, "offsets") == {ONE: CommittedOffset(3), THREE: CommittedOffset(0)}
    assert delete_offsets(cluster, "offsets", [THREE]) == {THREE: None}
    assert committed_offsets(cluster, "offsets") == {ONE: CommittedOffset(3)}


def test_a_partition_that_is_not_there_gets_no_offset(cluster: Cluster) -> None:
    with pytest.raises(ApiError) as caught:
        commit_offsets(cluster, "refused", {ONE: 1, TopicPartition("missing", 0): 1})
    assert caught.value.code is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert str(caught.value) == "Failed altering group offsets for the following partitions: [missing-0]"


def test_a_group_without_members_is_listed_and_described(cluster: Cluster) -> None:
    commit_offsets(cluster, "simple", {ONE: 1})
    (listed,) = [group for group in list_groups(cluster) if group.group_id == "simple"]
    assert (listed.type, listed.protocol, listed.state) == ("Classic", "", "Empty")
    assert "simple" in all_consumer_groups(cluster)
    assert "simple" not in {group.group_id for group in list_groups(cluster, states=["Stable"])}
    assert "simple" not in {group.group_id for group in list_groups(cluster, protocols=["connect"])}
    group = describe_group(cluster, "simple")
    assert (group.state, group.assignor, group.members, group.group_epoch) == ("Empty", "", (), None)
    assert (group.coordinator.node_id, group.coordinator.port) == (1, cluster.config.bootstrap_servers[0][1])


def test_a_group_with_members_is_described(cluster: Cluster, member: Callable[[str, str], None]) -> None:
    member("alone", "three")
    group = describe_group(cluster, "alone")
    assert (group.state, group.assignor) == ("Stable", "range")
    (only,) = group.members
    assert only.host == "/127.0.0.1"
    assert sorted(only.assignment) == [TopicPartition("three", number) for number in range(3)]
    failure = delete_group(cluster, "alone")
    assert isinstance(failure, ApiError)
    assert failure.code is ErrorCode.NON_EMPTY_GROUP


def test_an_assignment_that_is_none_is_told_as_java_tells_it(
    cluster: Cluster, live_broker: LiveBroker
) -> None:
    with live_broker.client() as client:
        client.join_alone("garbled")
        with pytest.raises(ToolError, match="Buffer underflow while parsing consumer protocol's assignment"):
            describe_group(cluster, "garbled")


def test_a_group_that_is_not_there_is_an_error(cluster: Cluster) -> None:
    with pytest.raises(ApiError) as caught:
        describe_group(cluster, "nobody")
    assert caught.value.java_text() == (
        "org.apache.kafka.common.errors.GroupIdNotFoundException: Group nobody not found."
    )
    failure = delete_group(cluster, "nobody")
    assert isinstance(failure, ApiError)
    assert failure.code is ErrorCode.GROUP_ID_NOT_FOUND
    with pytest.raises(ApiError):
        delete_offsets(cluster, "nobody", [ONE])


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (ErrorCode.GROUP_AUTHORIZATION_FAILED, ""),
        (
            ErrorCode.INVALID_GROUP_ID,
            (
                "`ConsumerGroupDescribe` request for group id g failed due to unexpected error INVALID_GROUP_ID. "
                "(org.apache.kafka.clients.admin.internals.DescribeConsumerGroupsHandler)\n"
            ),
        ),
    ],
)
def test_an_error_that_describing_a_group_does_not_expect_is_logged(
    code: ErrorCode, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(_: int, request: object) -> object:
        if isinstance(request, FindCoordinatorRequest):
            return FindCoordinatorResponse(coordinators=[Coordinator(key="g", node_id=1)])
        return ConsumerGroupDescribeResponse(groups=[DescribedGroup(group_id="g", error_code=code)])

    with ScriptedCluster(answer) as cluster, pytest.raises(ApiError) as caught:
        describe_group(cluster, "g")
    assert caught.value.code is code
    error_output = capsys.readouterr().err
    assert error_output.endswith(line)
    assert bool(error_output) is bool(line)


def test_a_group_is_deleted(cluster: Cluster) -> None:
    commit_offsets(cluster, "gone", {ONE: 1})
    assert delete_group(cluster, "gone") is None
    assert "gone" not in all_consumer_groups(cluster)


def test_a_cluster_that_does_not_answer_has_no_list(cluster: Cluster) -> None:
    from tests.support.client_cluster import cluster_of
    from tests.support.ports import free_port

    with (
        cluster_of(f"127.0.0.1:{free_port()}", default_api_timeout_ms=50) as nowhere,
        pytest.raises(ToolError) as caught,
    ):
        all_consumer_groups(nowhere)
    assert caught.value.message == (
        "java.util.concurrent.ExecutionException: org.apache.kafka.common.KafkaException: "
        "Failed to find brokers to send ListGroups"
    )
