from __future__ import annotations

from collections.abc import Iterable

import pytest
from tests.unit.handlers.support import CLUSTER_ID, NODE_ID, ORDERS_ID, cluster_records, context_of, image_of

from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.authorized_operations import NOT_ASKED, TOPIC_OPERATIONS
from ottla.handlers.metadata import handle
from ottla.metadata.records import PartitionChangeRecord
from ottla.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from ottla.types import Uuid

OTHER_ID = Uuid(b"\x09" * 16)


class Creations:
    """Notes which topics are to be created."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def create_topics_automatically(self, names: Iterable[str]) -> None:
        self.names += names


@pytest.fixture
def creations() -> Creations:
    return Creations()


def ask(
    creations: Creations,
    *names: str | None,
    version: int = 13,
    topic_ids: tuple[Uuid, ...] = (),
    listener_name: str = "PLAINTEXT",
    overrides: dict[str, str] | None = None,
    **fields: bool,
) -> MetadataResponse:
    topics = [MetadataRequestTopic(name=name) for name in names]
    topics += [MetadataRequestTopic(name=None, topic_id=topic_id) for topic_id in topic_ids]
    request = MetadataRequest(topics=topics, **fields)
    context = context_of(
        image_of(cluster_records()),
        version,
        listener_name=listener_name,
        overrides=overrides,
        controller=creations,
    )
    return handle(request, context)


def test_brokers_are_shown_with_the_address_of_the_listener_that_was_asked(creations: Creations) -> None:
    answer = ask(creations, listener_name="INSIDE")
    assert [(each.node_id, each.host, each.port, each.rack) for each in answer.brokers] == [
        (NODE_ID, "inside.example", 19092, "r1")
    ]
    assert answer.cluster_id == CLUSTER_ID
    assert answer.controller_id == NODE_ID


def test_a_topic_is_described_with_its_partitions(creations: Creations) -> None:
    (topic,) = ask(creations, "orders").topics
    assert topic.error_code == ErrorCode.NONE
    assert topic.topic_id == ORDERS_ID
    assert [each.partition_index for each in topic.partitions] == [0, 1, 2]
    partition = topic.partitions[0]
    assert (partition.leader_id, partition.leader_epoch) == (NODE_ID, 4)
    assert (partition.replica_nodes, partition.isr_nodes, partition.offline_replicas) == (
        [NODE_ID],
        [NODE_ID],
        [],
    )


def test_null_asks_for_all_topics_and_so_does_an_empty_list_in_version_0(creations: Creations) -> None:
    context = context_of(image_of(cluster_records()), 1, controller=creations)
    assert [topic.name for topic in handle(MetadataRequest(topics=None), context).topics] == ["orders"]
    assert ask(creations, version=1).topics == []
    assert [topic.name for topic in ask(creations, version=0).topics] == ["orders"]


def test_a_missing_topic_is_created_while_the_answer_does_not_know_it_yet(creations: Creations) -> None:
    (topic,) = ask(creations, "new").topics
    assert (topic.name, topic.error_code) == ("new", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    assert creations.names == ["new"]


def test_a_topic_is_created_only_if_client_and_broker_allow_it(creations: Creations) -> None:
    ask(creations, "new", allow_auto_topic_creation=False)
    ask(creations, "new", overrides={"auto.create.topics.enable": "false"})
    assert creations.names == []


def test_an_impossible_name_is_refused_and_not_created(creations: Creations) -> None:
    answer = ask(creations, "new", "no/slash", "orders")
    assert [(topic.name, topic.error_code) for topic in answer.topics] == [
        ("orders", ErrorCode.NONE),
        ("no/slash", ErrorCode.INVALID_TOPIC_EXCEPTION),
        ("new", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    ]
    assert creations.names == ["new"]


def test_lookups_by_id_never_create_and_name_what_is_unknown_by_its_id(creations: Creations) -> None:
    answer = ask(creations, topic_ids=(ORDERS_ID, OTHER_ID))
    assert [(topic.name, topic.topic_id, topic.error_code) for topic in answer.topics] == [
        (None, OTHER_ID, ErrorCode.UNKNOWN_TOPIC_ID),
        ("orders", ORDERS_ID, ErrorCode.NONE),
    ]


def test_versions_without_lookup_by_id_refuse_the_whole_request(creations: Creations) -> None:
    with pytest.raises(KafkaError, match="Topic name can not be null for version 10"):
        ask(creations, None, version=10)
    with pytest.raises(KafkaError) as refusal:
        ask(creations, topic_ids=(ORDERS_ID,), version=11)
    assert refusal.value.code is ErrorCode.INVALID_REQUEST


def test_authorized_operations_are_told_to_those_who_ask(creations: Creations) -> None:
    assert ask(creations, "orders").topics[0].topic_authorized_operations == NOT_ASKED
    answer = ask(creations, "orders", "new", include_topic_authorized_operations=True)
    assert [topic.topic_authorized_operations for topic in answer.topics] == [TOPIC_OPERATIONS] * 2
    answer = ask(creations, topic_ids=(OTHER_ID,), include_topic_authorized_operations=True)
    assert answer.topics[0].topic_authorized_operations == NOT_ASKED


def test_a_partition_without_a_leader_and_a_listener_that_the_leader_lacks(creations: Creations) -> None:
    no_leader = PartitionChangeRecord(topic_id=ORDERS_ID, partition_id=1, leader=-1)
    image = image_of([no_leader], image_of(cluster_records()))
    request = MetadataRequest(topics=[MetadataRequestTopic(name="orders")])
    (topic,) = handle(request, context_of(image, 12)).topics
    assert [each.error_code for each in topic.partitions] == [0, ErrorCode.LEADER_NOT_AVAILABLE, 0]
    for version, code in ((5, ErrorCode.LEADER_NOT_AVAILABLE), (6, ErrorCode.LISTENER_NOT_FOUND)):
        (topic,) = handle(request, context_of(image, version, listener_name="OTHER")).topics
        assert topic.partitions[0].error_code == code
        assert topic.partitions[0].leader_id == -1
