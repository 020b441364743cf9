"""A member joins, beats, and goes on after whatever its coordinator says."""

import time
from typing import Any, Self

import pytest
from tests.support.client_cluster import cluster_of
from tests.support.consuming_node import ConsumingNode, consumer_settings, read_values
from tests.support.scripted_node import CLOSE

from ottla.client.consumer import Consumer, OffsetAndMetadata
from ottla.client.failures import ApiError
from ottla.client.membership import MemberState
from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.consumer_protocol import ConsumerProtocolSubscription
from ottla.types import TopicPartition
from ottla.wire.compiler import decode

PARTITION = TopicPartition("t", 0)
COOPERATIVE = "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"
STICKY = "org.apache.kafka.clients.consumer.StickyAssignor"


class _Reader:
    """A consumer in a group, with what its listeners heard."""

    def __init__(self, node: ConsumingNode, **changed: Any) -> None:
        self.heard: list[tuple[str, list[int]]] = []
        self.cluster = cluster_of(node.address)
        settings = consumer_settings(group_id="group", heartbeat_interval_ms=1, **changed)
        self.consumer = Consumer(self.cluster, settings)
        self.consumer.subscribe(
            ["t"], **{f"on_{kind}": self._note(kind) for kind in ("assigned", "revoked", "lost")}
        )

    def _note(self, kind: str) -> Any:
        return lambda partitions: self.heard.append((kind, [number for _, number in partitions]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.consumer.close()
        self.cluster.close()

    def poll_until(self, count: int) -> None:
        """Poll until the listeners have heard so often."""
        while len(self.heard) < count:
            self.consumer.poll(0.01)


def _subscription(request: Any) -> ConsumerProtocolSubscription:
    metadata = request.protocols[0].metadata
    assert metadata[:2] == b"\0\3"
    return decode(ConsumerProtocolSubscription, 3, metadata, 2)[0]


def test_a_member_gets_what_its_leader_shares_out() -> None:
    with ConsumingNode(partitions=3) as node, _Reader(node) as reader:
        node.fill(1, 10)
        assert read_values(reader.consumer, 10) == list(range(10))
        assert reader.heard == [("assigned", [0, 1, 2])]
        (join,) = node.requests(ApiKey.JOIN_GROUP)
        assert [row.name for row in join.protocols] == ["range", "cooperative-sticky"]
        assert (join.session_timeout_ms, join.rebalance_timeout_ms) == (45_000, 300_000)
        assert _subscription(join).topics == ["t"]


def test_a_new_member_comes_again_with_its_id() -> None:
    with ConsumingNode() as node:
        node.errors[ApiKey.JOIN_GROUP] = [ErrorCode.MEMBER_ID_REQUIRED]
        with _Reader(node) as reader:
            reader.poll_until(1)
        assert [join.member_id for join in node.requests(ApiKey.JOIN_GROUP)] == ["", "member-1"]


def test_an_eager_member_lets_go_before_it_joins_again() -> None:
    with ConsumingNode() as node, _Reader(node) as reader:
        reader.poll_until(1)
        node.errors[ApiKey.HEARTBEAT] = [ErrorCode.REBALANCE_IN_PROGRESS]
        reader.poll_until(3)
        assert reader.heard == [("assigned", [0]), ("revoked", [0]), ("assigned", [0])]
        assert node.requests(ApiKey.JOIN_GROUP)[-1].member_id == "member-1"


def test_a_cooperative_member_keeps_what_it_has() -> None:
    with ConsumingNode() as node, _Reader(node, partition_assignment_strategy=COOPERATIVE) as reader:
        reader.poll_until(1)
        node.errors[ApiKey.HEARTBEAT] = [ErrorCode.REBALANCE_IN_PROGRESS]
        reader.poll_until(2)
        assert reader.heard == [("assigned", [0]), ("assigned", [])]
        told = _subscription(node.requests(ApiKey.JOIN_GROUP)[-1])
        assert [(each.topic, each.partitions) for each in told.owned_partitions] == [("t", [0])]
        assert told.generation_id == 1


def test_a_sticky_member_tells_what_it_had() -> None:
    with ConsumingNode() as node, _Reader(node, partition_assignment_strategy=STICKY) as reader:
        reader.poll_until(1)
        node.errors[ApiKey.HEARTBEAT] = [ErrorCode.REBALANCE_IN_PROGRESS]
        reader.poll_until(3)
        told = _subscription(node.requests(ApiKey.JOIN_GROUP)[-1])
        assert told.user_data == b"\0\0\0\1\0\1t\0\0\0\1\0\0\0\0" + b"\0\0\0\1"
        assert told.owned_partitions == []


@pytest.mark.parametrize(
    ("code", "member_id"), [(ErrorCode.UNKNOWN_MEMBER_ID, ""), (ErrorCode.ILLEGAL_GENERATION, "member-1")]
)
def test_a_member_that_the_group_gave_up_has_lost_its_partitions(code: ErrorCode, member_id: str) -> None:
    with ConsumingNode() as node, _Reader(node) as reader:
        reader.poll_until(1)
        node.errors[ApiKey.HEARTBEAT] = [code]
        reader.poll_until(3)
        assert reader.heard == [("assigned", [0]), ("lost", [0]), ("assigned", [0])]
        assert node.requests(ApiKey.JOIN_GROUP)[-1].member_id == member_id


@pytest.mark.parametrize("api", [ApiKey.JOIN_GROUP, ApiKey.SYNC_GROUP, ApiKey.FIND_COORDINATOR])
@pytest.mark.parametrize(
    "reaction", [ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, CLOSE]
)
def test_whatever_passes_ends_in_an_assignment(api: ApiKey, reaction: Any) -> None:
    with ConsumingNode() as node:
        node.errors[api] = [reaction, reaction]
        with _Reader(node) as reader:
            reader.poll_until(1)
            assert reader.heard == [("assigned", [0])]


@pytest.mark.parametrize("reaction", [ErrorCode.NOT_COORDINATOR, CLOSE])
def test_a_coordinator_that_is_lost_between_heartbeats_is_found_again(reaction: Any) -> None:
    with ConsumingNode() as node, _Reader(node) as reader:
        reader.poll_until(1)
        before = len(node.requests(ApiKey.FIND_COORDINATOR))
        node.errors[ApiKey.HEARTBEAT] = [reaction]
        while node.errors[ApiKey.HEARTBEAT] or len(node.requests(ApiKey.FIND_COORDINATOR)) == before:
            reader.consumer.poll(0.01)
        beats = len(node.requests(ApiKey.HEARTBEAT))
        while len(node.requests(ApiKey.HEARTBEAT)) == beats:
            reader.consumer.poll(0.01)
        assert reader.heard == [("assigned", [0])]


@pytest.mark.parametrize(
    ("api", "code"),
    [
        (ApiKey.JOIN_GROUP, ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
        (ApiKey.JOIN_GROUP, ErrorCode.GROUP_MAX_SIZE_REACHED),
        (ApiKey.SYNC_GROUP, ErrorCode.FENCED_INSTANCE_ID),
        (ApiKey.HEARTBEAT, ErrorCode.FENCED_INSTANCE_ID),
    ],
)
def test_what_does_not_pass_is_raised(api: ApiKey, code: ErrorCode) -> None:
    with ConsumingNode() as node, _Reader(node) as reader:
        node.errors[api] = [code]
        with pytest.raises(ApiError) as caught:
            reader.poll_until(2)
        assert caught.value.code is code


def test_a_static_member_does_not_leave() -> None:
    with ConsumingNode() as node:
        with _Reader(node, group_instance_id="me") as reader:
            reader.poll_until(1)
        assert not node.requests(ApiKey.LEAVE_GROUP)
        assert node.requests(ApiKey.JOIN_GROUP)[0].group_instance_id == "me"


def test_a_dynamic_member_leaves_at_the_end() -> None:
    with ConsumingNode() as node:
        with _Reader(node) as reader:
            reader.poll_until(1)
        (leave,) = node.requests(ApiKey.LEAVE_GROUP)
        assert [row.member_id for row in leave.members] == ["member-1"]
        assert reader.heard[-1] == ("revoked", [0])


def test_more_partitions_begin_a_new_generation() -> None:
    with ConsumingNode() as node, _Reader(node) as reader:
        reader.poll_until(1)
        node.logs.append(b"")
        node.leaders.append(1)
        reader.consumer._metadata.distrust()
        reader.poll_until(3)
        assert reader.heard[-1] == ("assigned", [0, 1])


def test_a_pattern_joins_for_what_it_matches() -> None:
    with ConsumingNode("orders-1") as node, cluster_of(node.address) as cluster:
        node.fill(0, 3)
        with Consumer(cluster, consumer_settings(group_id="group")) as consumer:
            consumer.subscribe(pattern="orders-.*")
            assert read_values(consumer, 3) == [0, 1, 2]
            assert consumer.subscription() == ["orders-1"]


def test_a_commit_of_somebody_who_is_no_member_any_more_fails() -> None:
    with ConsumingNode() as node, _Reader(node) as reader:
        reader.poll_until(1)
        node.errors[ApiKey.OFFSET_COMMIT] = [ErrorCode.UNKNOWN_MEMBER_ID]
        with pytest.raises(ApiError) as caught:
            reader.consumer.commit({PARTITION: OffsetAndMetadata(1)})
        assert caught.value.java_class == "org.apache.kafka.clients.consumer.CommitFailedException"
        (commit,) = node.requests(ApiKey.OFFSET_COMMIT)
        assert (commit.member_id, commit.generation_id_or_member_epoch) == ("member-1", 1)


def test_nothing_is_due_before_the_next_heartbeat() -> None:
    with ConsumingNode() as node, _Reader(node) as reader:
        reader.poll_until(1)
        member = reader.consumer._member
        assert member is not None
        assert member.state is MemberState.STABLE
        now_s = time.monotonic()
        assert member.next_due_s(now_s) <= now_s + 0.003
