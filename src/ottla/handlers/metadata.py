"""Metadata (3), v0-13: the brokers, and topics with their partitions; asking for a topic may create it.

The brokers are shown with the endpoints of the listener that was asked. A topic that is missing is created when both
the client and `auto.create.topics.enable` allow it; this answer still says UNKNOWN_TOPIC_OR_PARTITION, and clients ask
again (facts 7.6, Kafka's KafkaApis.handleTopicMetadataRequest).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.authorized_operations import CLUSTER_OPERATIONS, NOT_ASKED, TOPIC_OPERATIONS
from ottla.handlers.context import RequestContext
from ottla.metadata.aspects.brokers import BrokersImage
from ottla.metadata.aspects.topics import NO_LEADER, PartitionImage, TopicImage
from ottla.metadata.image import ClusterImage
from ottla.metadata.topic_names import is_topic_name
from ottla.protocol.messages.metadata import (
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from ottla.types import INTERNAL_TOPICS, ZERO_UUID

ENCODED_FROM_TOPICS = 16
"""Answers with so many topics use what `topic_answers` has kept; most clients ask for fewer, and seldom again."""

_FIRST_WITH_NULL_FOR_ALL = 1
_FIRST_WITH_LISTENER_ERROR = 6
_FIRST_WITH_LOOKUP_BY_ID = 12


def handle(request: MetadataRequest, context: RequestContext) -> MetadataResponse:
    """Describe the brokers and the topics asked for."""
    services = context.services
    image = services.image()
    asked = request.topics
    asks_for_all = asked is None or (not asked and context.api_version < _FIRST_WITH_NULL_FOR_ALL)
    if asks_for_all:
        topics = _described(image.topics.by_name.values(), request, image, context)
    else:
        topics = _asked_topics(asked or [], request, image, context)
    asks_for_cluster_operations = request.include_cluster_authorized_operations
    return MetadataResponse(
        brokers=_brokers(image, context.listener_name),
        cluster_id=services.cluster_id,
        controller_id=services.node_id,
        topics=topics,
        cluster_authorized_operations=CLUSTER_OPERATIONS if asks_for_cluster_operations else NOT_ASKED,
    )


def live_nodes(brokers: BrokersImage, listener_name: str) -> frozenset[int]:
    """Return the node ids of the brokers that serve clients of this listener."""
    return frozenset(
        node_id
        for node_id, broker in brokers.by_id.items()
        if not broker.fenced and listener_name in broker.endpoints
    )


def _brokers(image: ClusterImage, listener_name: str) -> list[MetadataResponseBroker]:
    live = live_nodes(image.brokers, listener_name)
    return [
        MetadataResponseBroker(
            node_id=node_id,
            host=broker.endpoints[listener_name].host,
            port=broker.endpoints[listener_name].port,
            rack=broker.rack,
        )
        for node_id, broker in image.brokers.by_id.items()
        if node_id in live
    ]


def _asked_topics(
    asked: list[MetadataRequestTopic], request: MetadataRequest, image: ClusterImage, context: RequestContext
) -> list[MetadataResponseTopic | bytes]:
    _refuse_what_the_version_lacks(asked, context.api_version)
    ids = dict.fromkeys(topic.topic_id for topic in asked if topic.topic_id != ZERO_UUID)
    if ids:
        unknown: list[MetadataResponseTopic | bytes] = [
            MetadataResponseTopic(error_code=ErrorCode.UNKNOWN_TOPIC_ID, name=None, topic_id=topic_id)
            for topic_id in ids
            if topic_id not in image.topics.by_id
        ]
        known = [image.topics.by_id[topic_id] for topic_id in ids if topic_id in image.topics.by_id]
        return unknown + _described(known, request, image, context)
    names = dict.fromkeys(topic.name for topic in asked if topic.name is not None)
    if any(topic.name is None for topic in asked):
        # As Kafka, which stumbles over the missing name; no client asks so.
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, "A topic has neither a name nor an id")
    by_name = image.topics.by_name
    existing = _described([by_name[name] for name in names if name in by_name], request, image, context)
    missing = [name for name in names if name not in by_name]
    may_create = request.allow_auto_topic_creation and context.services.config.auto_create_topics_enable
    operations = _operations(request)
    return existing + _missing_topics(missing, context, operations, may_create=may_create)


def _refuse_what_the_version_lacks(asked: Iterable[MetadataRequestTopic], version: int) -> None:
    if version >= _FIRST_WITH_LOOKUP_BY_ID:
        return
    for topic in asked:
        if topic.name is None:
            raise KafkaError(ErrorCode.INVALID_REQUEST, f"Topic name can not be null for version {version}")
        if topic.topic_id != ZERO_UUID:
            raise KafkaError(
                ErrorCode.INVALID_REQUEST, f"Topic IDs are not supported in requests for version {version}"
            )


def _missing_topics(
    names: list[str], context: RequestContext, operations: int, *, may_create: bool
) -> list[MetadataResponseTopic | bytes]:
    """Answer for topics that are not there, and have them created; impossible names come first then."""
    if names and may_create:
        names = sorted(names, key=is_topic_name)
        context.services.controller.create_topics_automatically(filter(is_topic_name, names))
    answers: list[MetadataResponseTopic | bytes] = []
    for name in names:
        is_possible = is_topic_name(name)
        code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION if is_possible else ErrorCode.INVALID_TOPIC_EXCEPTION
        answers.append(
            MetadataResponseTopic(
                error_code=code,
                name=name,
                is_internal=name in INTERNAL_TOPICS,
                topic_authorized_operations=operations,
            )
        )
    return answers


def _operations(request: MetadataRequest) -> int:
    return TOPIC_OPERATIONS if request.include_topic_authorized_operations else NOT_ASKED


def _described(
    topics: Collection[TopicImage], request: MetadataRequest, image: ClusterImage, context: RequestContext
) -> list[MetadataResponseTopic | bytes]:
    brokers, version, listener_name = image.brokers, context.api_version, context.listener_name
    live = live_nodes(brokers, listener_name)
    operations = _operations(request)

    def describe(topic: TopicImage) -> MetadataResponseTopic:
        return _topic(topic, brokers, live, version, operations)

    if len(topics) < ENCODED_FROM_TOPICS:
        return [describe(topic) for topic in topics]
    find = context.services.topic_answers.find
    return [find(topic, live, version, listener_name, operations, describe) for topic in topics]


def _topic(
    topic: TopicImage, brokers: BrokersImage, live: frozenset[int], version: int, operations: int
) -> MetadataResponseTopic:
    return MetadataResponseTopic(
        error_code=ErrorCode.NONE,
        name=topic.name,
        topic_id=topic.topic_id,
        is_internal=topic.name in INTERNAL_TOPICS,
        partitions=[
            _partition(number, partition, brokers, live, version)
            for number, partition in topic.partitions.items()
        ],
        topic_authorized_operations=operations,
    )


def _partition(
    number: int, partition: PartitionImage, brokers: BrokersImage, live: frozenset[int], version: int
) -> MetadataResponsePartition:
    code = ErrorCode.NONE
    if partition.leader not in live:
        code = ErrorCode.LEADER_NOT_AVAILABLE
        broker = brokers.by_id.get(partition.leader)
        if broker is not None and not broker.fenced and version >= _FIRST_WITH_LISTENER_ERROR:
            code = ErrorCode.LISTENER_NOT_FOUND
    return MetadataResponsePartition(
        error_code=code,
        partition_index=number,
        leader_id=partition.leader if code == ErrorCode.NONE else NO_LEADER,
        leader_epoch=partition.leader_epoch,
        replica_nodes=list(partition.replicas),
        isr_nodes=list(partition.isr),
        offline_replicas=[replica for replica in partition.replicas if replica not in live],
    )
