"""Fetch (1), v4-18: records from many partitions, at once or when enough of them are there.

From v13 on topics go by id. A session (KIP-227) remembers what the client wants and leaves out of its answers what
has not changed. The answer holds ranges of log files, which the connection sends or lets go. Rules: facts 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers import fetch_metadata
from ottla.handlers.context import RequestContext
from ottla.partitions.fetch_sessions import INVALID_SESSION_ID, FetchedPartition, FetchPlan, PartitionKey
from ottla.partitions.partition import ANY_LEADER_EPOCH, Partition
from ottla.partitions.partition_set import PartitionSet
from ottla.partitions.reader import (
    NO_LAST_FETCHED_EPOCH,
    FetchLimits,
    PartitionRead,
    PartitionReadResult,
)
from ottla.protocol.messages.fetch import (
    AbortedTransaction,
    EpochEndOffset,
    FetchableTopicResponse,
    FetchRequest,
    FetchResponse,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionData,
)
from ottla.types import ZERO_UUID

FIRST_VERSION_WITH_SESSIONS = 7
FIRST_VERSION_WITH_STORAGE_ERROR = 6
FIRST_VERSION_WITH_TOPIC_IDS = 13
FIRST_VERSION_WITH_REPLICA_STATE = 15
FIRST_VERSION_WITH_LEADERS = 16

READ_UNCOMMITTED = 0
READ_COMMITTED = 1


_ERRORS_WITH_LEADER = frozenset({ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.FENCED_LEADER_EPOCH})


def handle(request: FetchRequest, context: RequestContext) -> FetchResponse | Completion[FetchResponse]:
    """Read what the client wants. An unknown session or a wrong session epoch answers the whole request.

    Raises KafkaError UNKNOWN_SERVER_ERROR for an isolation level that there is not, as Kafka does: once the session is
    known, and only where something is to be read.
    """
    if context.listener_is_controller:
        return fetch_metadata.handle(request, context)
    services = context.services
    uses_topic_ids = context.api_version >= FIRST_VERSION_WITH_TOPIC_IDS
    follower_id = _follower_id(request, context)
    try:
        plan = services.fetch_sessions.plan(
            request.session_id,
            request.session_epoch,
            _wanted(request),
            _forgotten(request, uses_topic_ids=uses_topic_ids),
            uses_topic_ids=uses_topic_ids,
            is_privileged=follower_id >= 0,
            now_ms=context.now_ms,
        )
    except KafkaError as error:
        return FetchResponse(error_code=error.code, session_id=INVALID_SESSION_ID)
    max_bytes = min(request.max_bytes, services.config.fetch_max_bytes)
    limits = FetchLimits(
        max_bytes=max_bytes,
        min_bytes=min(request.min_bytes, max_bytes),
        max_wait_ms=request.max_wait_ms,
        is_read_committed=request.isolation_level == READ_COMMITTED,
    )
    is_follower = follower_id >= 0
    has_known_isolation = request.isolation_level in (READ_UNCOMMITTED, READ_COMMITTED)
    responder = _Responder(plan, context, is_follower=is_follower)
    if plan.is_incremental and has_known_isolation and not is_follower:
        awake = [wish for wish in plan.partitions if not _rests(wish, services.partitions, uses_topic_ids)]
        if len(awake) < len(plan.partitions):
            reads = _plan_reads(awake, context, uses_topic_ids=uses_topic_ids, is_follower=False)
            results = services.reader.fetch_now(reads.reads, limits)
            if results is not None:
                return responder.respond(reads, results)
    reads = _plan_reads(plan.partitions, context, uses_topic_ids=uses_topic_ids, is_follower=is_follower)
    if reads.reads and not has_known_isolation:
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
    fetched = services.reader.fetch(reads.reads, limits)
    respond = partial(responder.respond, reads)
    return respond(fetched.result()) if fetched.done else fetched.map(respond)


@dataclass(slots=True)
class _Reads:
    """What of a plan is to be read, and what nobody knows."""

    readable: list[FetchedPartition]
    reads: list[PartitionRead]
    """One for each of `readable`."""
    unknown: list[tuple[FetchedPartition, ErrorCode]]


def _plan_reads(
    wishes: list[FetchedPartition], context: RequestContext, *, uses_topic_ids: bool, is_follower: bool
) -> _Reads:
    reads = _Reads([], [], [])
    for wish in wishes:
        read = _plan_read(wish, context, uses_topic_ids=uses_topic_ids, is_follower=is_follower)
        if isinstance(read, PartitionRead):
            reads.readable.append(wish)
            reads.reads.append(read)
        else:
            reads.unknown.append((wish, read))
    return reads


def _rests(wish: FetchedPartition, partitions: PartitionSet, uses_topic_ids: bool) -> bool:
    """Tell whether a partition of a session has been read to its end, which the client knows, and serves as before.

    It has nothing to say then, and most partitions of a consumer rest. Measured with 100 of them: to read each and
    find it out took three times as long.
    """
    # As `_partition_of`, without a call for each partition that rests.
    partition = (
        partitions.by_topic_id(wish.topic_id, wish.partition)
        if uses_topic_ids
        else partitions.get(wish.topic, wish.partition)
    )
    return (
        partition is not None
        and wish.fetch_offset == partition.high_watermark == wish.told_high_watermark
        and wish.told_log_start_offset == partition.log.log_start_offset
        and wish.current_leader_epoch in (ANY_LEADER_EPOCH, partition.leader_epoch)
        and wish.last_fetched_epoch == NO_LAST_FETCHED_EPOCH
        and partition.is_leader
        and not partition.is_offline
    )


def _wanted(request: FetchRequest) -> list[FetchedPartition]:
    return [
        FetchedPartition(
            topic.topic,
            topic.topic_id,
            partition.partition,
            partition.fetch_offset,
            partition.partition_max_bytes,
            partition.current_leader_epoch if partition.current_leader_epoch >= 0 else ANY_LEADER_EPOCH,
            partition.last_fetched_epoch if partition.last_fetched_epoch >= 0 else NO_LAST_FETCHED_EPOCH,
        )
        for topic in request.topics
        for partition in topic.partitions
    ]


def _forgotten(request: FetchRequest, *, uses_topic_ids: bool) -> list[PartitionKey]:
    return [
        (topic.topic_id if uses_topic_ids else topic.topic, partition)
        for topic in request.forgotten_topics_data
        for partition in topic.partitions
    ]


def _follower_id(request: FetchRequest, context: RequestContext) -> int:
    """Return the node that fetches as a follower, or a negative number for a consumer."""
    if context.api_version >= FIRST_VERSION_WITH_REPLICA_STATE:
        return request.replica_state.replica_id
    return request.replica_id


def _plan_read(
    wish: FetchedPartition, context: RequestContext, *, uses_topic_ids: bool, is_follower: bool
) -> PartitionRead | ErrorCode:
    """Return what is to be read, or why the cluster does not know the partition."""
    partitions = context.services.partitions
    partition = _partition_of(wish, partitions, uses_topic_ids)
    error = ErrorCode.NONE
    if partition is not None:
        wish.topic = partition.topic_partition.topic  # a session remembers what its topics were called
        if is_follower:
            error = _error_of_follower(wish, partition)
    else:
        if uses_topic_ids and (name := partitions.topic_name(wish.topic_id)) is not None:
            wish.topic = name
        elif uses_topic_ids and not wish.topic:
            return ErrorCode.UNKNOWN_TOPIC_ID
        if partitions.get(wish.topic, wish.partition) is not None:
            error = ErrorCode.INCONSISTENT_TOPIC_ID  # a newer topic of the same name
        else:
            error = partitions.missing_error(wish.topic, wish.partition)
        if error is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
            return error
    return PartitionRead(
        partition if error is ErrorCode.NONE else None,
        wish.fetch_offset,
        wish.partition_max_bytes,
        wish.current_leader_epoch,
        wish.last_fetched_epoch,
        error,
    )


def _partition_of(wish: FetchedPartition, partitions: PartitionSet, uses_topic_ids: bool) -> Partition | None:
    if uses_topic_ids:
        return partitions.by_topic_id(wish.topic_id, wish.partition)
    return partitions.get(wish.topic, wish.partition)


def _error_of_follower(wish: FetchedPartition, partition: Partition) -> ErrorCode:
    """Return the error for a node that wants to follow: no other node is among the replicas."""
    try:
        partition.check_leader(wish.current_leader_epoch)
    except KafkaError as error:
        return error.code
    if wish.current_leader_epoch == ANY_LEADER_EPOCH:
        return ErrorCode.NOT_LEADER_OR_FOLLOWER
    return ErrorCode.UNKNOWN_LEADER_EPOCH


def _aborted_transactions(result: PartitionReadResult) -> list[AbortedTransaction] | None:
    if result.aborted_transactions is None:
        return None
    return [
        AbortedTransaction(producer_id=each.producer_id, first_offset=each.first_offset)
        for each in result.aborted_transactions
    ]


class _Responder:
    """Makes one response out of what was read."""

    def __init__(self, plan: FetchPlan, context: RequestContext, *, is_follower: bool) -> None:
        self._plan = plan
        self._context = context
        self._is_follower = is_follower
        self._response = FetchResponse(session_id=plan.session_id)
        self._topics: dict[object, FetchableTopicResponse] = {}

    def respond(self, reads: _Reads, results: list[PartitionReadResult]) -> FetchResponse:
        """Return the response, with the partitions in the order of the fetch and the unknown ones last."""
        for wish, result in zip(reads.readable, results, strict=True):
            included = self._plan.includes(
                wish,
                has_records=result.records is not None,
                error_code=result.error,
                high_watermark=result.high_watermark,
                log_start_offset=result.log_start_offset,
                has_diverging_epoch=result.diverging_epoch is not None,
            )
            if included:
                self._topic(wish).partitions.append(self._partition_data(wish, result))
        for wish, error in reads.unknown:
            included = self._plan.includes(
                wish, has_records=False, error_code=error, high_watermark=-1, log_start_offset=-1
            )
            if included:
                answer = PartitionData(
                    partition_index=wish.partition, error_code=error, high_watermark=-1, records=b""
                )
                self._topic(wish).partitions.append(answer)
        return self._response

    def _topic(self, wish: FetchedPartition) -> FetchableTopicResponse:
        key = wish.topic_id if wish.topic_id != ZERO_UUID else wish.topic
        topic = self._topics.get(key)
        if topic is None:
            topic = self._topics[key] = FetchableTopicResponse(topic=wish.topic, topic_id=wish.topic_id)
            self._response.responses.append(topic)
        return topic

    def _partition_data(self, wish: FetchedPartition, result: PartitionReadResult) -> PartitionData:
        version = self._context.api_version
        error = result.error
        if error is ErrorCode.KAFKA_STORAGE_ERROR and version < FIRST_VERSION_WITH_STORAGE_ERROR:
            error = ErrorCode.NOT_LEADER_OR_FOLLOWER  # older clients look for a new leader only then
        answer = PartitionData(
            partition_index=wish.partition,
            error_code=error,
            high_watermark=result.high_watermark,
            last_stable_offset=result.last_stable_offset,
            log_start_offset=result.log_start_offset,
            aborted_transactions=_aborted_transactions(result),
            records=b"" if result.records is None else result.records,
        )
        if result.diverging_epoch is not None:
            epoch, end_offset = result.diverging_epoch
            answer.diverging_epoch = EpochEndOffset(epoch=epoch, end_offset=end_offset)
        if version >= FIRST_VERSION_WITH_LEADERS and result.error in _ERRORS_WITH_LEADER:
            self._add_current_leader(wish, answer)
        return answer

    def _add_current_leader(self, wish: FetchedPartition, answer: PartitionData) -> None:
        """Tell the client where to go, so that it need not ask for metadata first (KIP-951)."""
        services = self._context.services
        name = services.partitions.topic_name(wish.topic_id) or wish.topic
        leader_id, leader_epoch = services.partitions.leader_of(name, wish.partition)
        answer.current_leader = LeaderIdAndEpoch(leader_id=leader_id, leader_epoch=leader_epoch)
        broker = services.image().brokers.by_id.get(leader_id)
        listener_name = self._context.listener_name
        if (
            self._is_follower  # followers find their leader otherwise
            or broker is None
            or broker.fenced
            or listener_name not in broker.endpoints
        ):
            return
        known = self._response.node_endpoints
        if all(endpoint.node_id != leader_id for endpoint in known):
            endpoint = broker.endpoints[listener_name]
            known.append(
                NodeEndpoint(node_id=leader_id, host=endpoint.host, port=endpoint.port, rack=broker.rack)
            )
