"""Produce (0), v3-13: append one batch to each partition, and answer when all are committed.

Partitions are independent: one may be refused while the others are written. From v13 on topics go by id. With
acks=0 no response is sent, and an error closes the connection (facts 1.2, 3.2, 7.8). acks=1 and acks=-1 are the
same on a single replica. Transactions are refused, since there is no coordinator that could end them.
"""

from __future__ import annotations

import logging

from ottla.completion import Completion, gather
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.context import RequestContext
from ottla.handlers.outcome import Outcome
from ottla.handlers.transactions_refused import refuse_transaction
from ottla.partitions.partition import Partition
from ottla.protocol.messages.produce import (
    BatchIndexAndErrorMessage,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
    TopicProduceResponse,
)
from ottla.records.batch import (
    CODEC_MASK,
    HEADER_SIZE_BYTES,
    MAGIC,
    TRANSACTIONAL_BIT,
    read_size_prefix,
)
from ottla.records.compression import Codec
from ottla.storage.append_check import AppendOrigin, NotOneBatchError, size_of_batch
from ottla.storage.appending import AppendResult
from ottla.storage.record_errors import RecordsRefusedError
from ottla.types import INTERNAL_TOPICS, ZERO_UUID, Uuid

logger = logging.getLogger("ottla.handlers.produce")

ADMIN_CLIENT_ID = "__admin_client"
"""Kafka's own tools may write to internal topics under this client id."""

VALID_ACKS = frozenset({-1, 0, 1})
FIRST_VERSION_WITH_ZSTD = 7
FIRST_VERSION_WITH_LEADERS = 10
FIRST_VERSION_WITH_TOPIC_IDS = 13

_MAGIC_AT = 16
_CODEC_AT = 22
"""The low byte of the attributes: codec, timestamp type, transactional and control bit."""

_NO_OFFSET = -1

_ERRORS_WITHOUT_LOG_START = frozenset(
    {
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ErrorCode.MESSAGE_TOO_LARGE,
        ErrorCode.RECORD_LIST_TOO_LARGE,
        ErrorCode.CORRUPT_MESSAGE,
        ErrorCode.KAFKA_STORAGE_ERROR,
    }
)
"""Refusals that Kafka answers without looking at the log (ReplicaManager.appendToLocalLog)."""

_Pending = tuple[PartitionProduceResponse, Partition, Completion[AppendResult]]


def handle(
    request: ProduceRequest, context: RequestContext
) -> ProduceResponse | Outcome | Completion[ProduceResponse | Outcome]:
    """Append what is to be appended.

    Raises KafkaError, which answers the whole request: TRANSACTIONAL_ID_AUTHORIZATION_FAILED when any batch belongs to
    a transaction, and CORRUPT_MESSAGE when something cannot be a batch at all.
    """
    if _has_transactional_batch(request):
        # Without the words: Kafka, too, has none for this answer.
        raise KafkaError(refuse_transaction(context, request.transactional_id).code)
    response = ProduceResponse()
    pending: list[_Pending] = []
    for topic in _distinct(request.topic_data):
        answers: list[PartitionProduceResponse] = []
        response.responses.append(
            TopicProduceResponse(name=topic.name, topic_id=topic.topic_id, partition_responses=answers)
        )
        name = _topic_name(topic, context)
        for partition_data in topic.partition_data:
            answer = PartitionProduceResponse(index=partition_data.index)
            answers.append(answer)
            partition = _find_partition(name, partition_data, answer, request.acks, context)
            if partition is None:
                continue
            appended = partition.append(
                partition_data.records or b"", origin=AppendOrigin.CLIENT, now_ms=context.now_ms
            )
            if appended.done:
                _fill(answer, partition, appended)
            else:
                pending.append((answer, partition, appended))
    if not pending:
        return _finish(request, response, context)
    return _answer_later(request, response, context, pending)


def _answer_later(
    request: ProduceRequest, response: ProduceResponse, context: RequestContext, pending: list[_Pending]
) -> Completion[ProduceResponse | Outcome]:
    def finish(_: object) -> ProduceResponse | Outcome:
        for answer, partition, appended in pending:
            _fill(answer, partition, appended)
        return _finish(request, response, context)

    return gather([appended for _, _, appended in pending]).map(finish)


def _has_transactional_batch(request: ProduceRequest) -> bool:
    """Tell whether the first batch of any partition is transactional. Raises KafkaError CORRUPT_MESSAGE."""
    for topic in request.topic_data:
        for partition in topic.partition_data:
            records = partition.records
            if records is None:
                continue
            size = len(records)
            is_whole = size >= HEADER_SIZE_BYTES and read_size_prefix(records)[1] == size
            if not (is_whole and records[_MAGIC_AT] == MAGIC) and size_of_batch(records, 0) is None:
                continue
            if records[_CODEC_AT] & TRANSACTIONAL_BIT and records[_MAGIC_AT] == MAGIC:
                return True
    return False


def _distinct(topics: list[TopicProduceData]) -> list[TopicProduceData]:
    """Return every partition once, as it was named last, and no topic without any: Kafka keeps them in a map."""
    if len(topics) == 1 and len(topics[0].partition_data) == 1:
        return topics
    merged: dict[tuple[str, Uuid], dict[int, PartitionProduceData]] = {}
    for topic in topics:
        if topic.partition_data:
            partitions = merged.setdefault((topic.name, topic.topic_id), {})
            partitions.update({partition.index: partition for partition in topic.partition_data})
    return [
        TopicProduceData(name=name, topic_id=topic_id, partition_data=list(partitions.values()))
        for (name, topic_id), partitions in merged.items()
    ]


def _topic_name(topic: TopicProduceData, context: RequestContext) -> str | None:
    """Return the topic's name, None for an id that nobody has."""
    if context.api_version < FIRST_VERSION_WITH_TOPIC_IDS:
        return topic.name
    if topic.topic_id == ZERO_UUID:
        return None
    return context.services.partitions.topic_name(topic.topic_id)


def _find_partition(
    name: str | None,
    partition_data: PartitionProduceData,
    answer: PartitionProduceResponse,
    acks: int,
    context: RequestContext,
) -> Partition | None:
    """Return the partition to append to; None when something speaks against it, which is in the answer then."""
    if name is None:
        _refuse(answer, ErrorCode.UNKNOWN_TOPIC_ID)
        return None
    partitions = context.services.partitions
    partition = partitions.get(name, partition_data.index)
    error = ErrorCode.NONE if partition is not None else partitions.missing_error(name, partition_data.index)
    if error is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
        _refuse(answer, error)
        return None
    if acks not in VALID_ACKS:
        error = ErrorCode.INVALID_REQUIRED_ACKS
    elif name in INTERNAL_TOPICS and context.client_id != ADMIN_CLIENT_ID:
        error = ErrorCode.INVALID_TOPIC_EXCEPTION
    if error is not ErrorCode.NONE or context.api_version < FIRST_VERSION_WITH_ZSTD:
        # Whether there is one batch, in a form that the version may use, is judged first; else the append judges it.
        error = _error_of_records(partition_data, context.api_version) or error
    if error is not ErrorCode.NONE:
        _refuse(answer, error)
        return None
    return partition


def _error_of_records(partition_data: PartitionProduceData, version: int) -> ErrorCode | None:
    """Return what Kafka's `ProduceRequest.validateRecords` says of the records; None is nothing.

    Raises KafkaError UNKNOWN_SERVER_ERROR, as Kafka does, for a codec that nobody knows in a version before zstd.
    """
    records = partition_data.records
    size = None if records is None else size_of_batch(records, 0)
    if records is None or size is None or records[_MAGIC_AT] != MAGIC:
        return ErrorCode.INVALID_RECORD
    if version < FIRST_VERSION_WITH_ZSTD:
        codec = records[_CODEC_AT] & CODEC_MASK
        if codec > Codec.ZSTD:
            raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
        if codec == Codec.ZSTD:
            return ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
    try:
        return None if size_of_batch(records, size) is None else ErrorCode.INVALID_RECORD
    except KafkaError as error:
        return error.code  # what follows cannot be a batch: that is this partition's affair


def _refuse(answer: PartitionProduceResponse, code: ErrorCode) -> None:
    answer.error_code = code
    answer.base_offset = _NO_OFFSET


def _fill(answer: PartitionProduceResponse, partition: Partition, appended: Completion[AppendResult]) -> None:
    """Put what became of an append into its answer; a bug is raised on."""
    error = appended.error
    if error is None:
        result = appended.result()
        answer.base_offset = result.base_offset
        answer.log_append_time_ms = result.log_append_time_ms
        answer.log_start_offset = result.log_start_offset
        return
    if not isinstance(error, KafkaError):
        raise error
    logger.info("Refused a batch for %s: %s", partition.topic_partition, error)
    _refuse(answer, error.code)
    if error.code not in _ERRORS_WITHOUT_LOG_START and not isinstance(error, NotOneBatchError):
        answer.log_start_offset = partition.log_start_offset
    if isinstance(error, RecordsRefusedError):
        answer.error_message = error.message
        answer.record_errors = [
            BatchIndexAndErrorMessage(batch_index=index, batch_index_error_message=message)
            for index, message in error.record_errors
        ]


def _finish(
    request: ProduceRequest, response: ProduceResponse, context: RequestContext
) -> ProduceResponse | Outcome:
    """Turn the answers of all partitions into the answer of the request."""
    if request.acks == 0:
        return _outcome_without_response(response, context)
    if context.api_version >= FIRST_VERSION_WITH_LEADERS:
        for topic in response.responses:
            for answer in topic.partition_responses:
                if answer.error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER:
                    _add_current_leader(response, topic, answer, context)
    return response


def _outcome_without_response(response: ProduceResponse, context: RequestContext) -> Outcome:
    errors = {
        ErrorCode(answer.error_code).name
        for topic in response.responses
        for answer in topic.partition_responses
        if answer.error_code
    }
    if not errors:
        return Outcome.NO_RESPONSE
    logger.info(
        "Closing connection due to error during produce request with correlation id %d from client id %s "
        "with ack=0: %s",
        context.correlation_id,
        context.client_id,
        ", ".join(sorted(errors)),
    )
    return Outcome.CLOSE_CONNECTION


def _add_current_leader(
    response: ProduceResponse,
    topic: TopicProduceResponse,
    answer: PartitionProduceResponse,
    context: RequestContext,
) -> None:
    """Tell the client where to go, so that it need not ask for metadata first (KIP-951)."""
    services = context.services
    name = topic.name or services.partitions.topic_name(topic.topic_id) or ""
    leader_id, leader_epoch = services.partitions.leader_of(name, answer.index)
    answer.current_leader = LeaderIdAndEpoch(leader_id=leader_id, leader_epoch=leader_epoch)
    broker = services.image().brokers.by_id.get(leader_id)
    if broker is None or broker.fenced or context.listener_name not in broker.endpoints:
        return
    if all(endpoint.node_id != leader_id for endpoint in response.node_endpoints):
        endpoint = broker.endpoints[context.listener_name]
        response.node_endpoints.append(
            NodeEndpoint(node_id=leader_id, host=endpoint.host, port=endpoint.port, rack=broker.rack)
        )
