"""A scripted node that a producer can produce to: it keeps the batches, and refuses those that a test wants refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.init_producer_id import InitProducerIdResponse
from ottla.protocol.messages.produce import (
    PartitionProduceResponse,
    ProduceResponse,
    TopicProduceResponse,
)
from ottla.records.batch import BatchHeader, read_header
from ottla.records.record import Record, iterate_records
from ottla.types import TopicPartition
from tests.support.client_cluster import metadata_response
from tests.support.scripted_node import CLOSE, ScriptedNode

PRODUCER_ID = 4242


class Offered(NamedTuple):
    """A batch that came, with what was answered to it."""

    partition: TopicPartition
    header: BatchHeader
    records: list[Record]
    answer: int


class ProducingNode(ScriptedNode):
    """Leads every partition of `topics`, and judges sequence numbers as a broker does.

    `outcomes` are the codes of the next batches that are in sequence, None closes the connection; then all is well.
    """

    def __init__(
        self, topics: dict[str, int], outcomes: Iterable[int | None] = (), *, log_append_time_ms: int = -1
    ) -> None:
        super().__init__(self._react)
        self.topics = topics
        self.offered: list[Offered] = []
        self.producer_ids: list[int] = []
        self.on_metadata: Callable[[], None] = lambda: None
        self._outcomes = iter(outcomes)
        self._log_append_time_ms = log_append_time_ms
        self._next_offset: dict[TopicPartition, int] = {}
        self._expected: dict[TopicPartition, tuple[int, int]] = {}

    def kept(self) -> list[Record]:
        """Return the records that were acknowledged, in order."""
        return [record for offered in self.offered if offered.answer == 0 for record in offered.records]

    def values(self) -> list[bytes | None]:
        """Return the values that were acknowledged, in order."""
        return [record.value for record in self.kept()]

    def _react(self, key: ApiKey, version: int, request: Any) -> Any:
        if key is ApiKey.METADATA:
            self.on_metadata()
            wanted = [topic.name for topic in request.topics]
            known = {name: [1] * self.topics.get(name, 0) for name in wanted}
            response = metadata_response({1: self.port}, known)
            for topic in response.topics:
                if not topic.partitions:
                    topic.error_code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            return response
        if key is ApiKey.INIT_PRODUCER_ID:
            self.producer_ids.append(PRODUCER_ID + len(self.producer_ids))
            return InitProducerIdResponse(producer_id=self.producer_ids[-1], producer_epoch=0)
        assert key is ApiKey.PRODUCE
        topics = []
        for topic in request.topic_data:
            name = topic.name or next(iter(self.topics))
            rows = []
            for row in topic.partition_data:
                answer = self._take(TopicPartition(name, row.index), bytes(row.records))
                if answer is None:
                    return CLOSE
                rows.append(answer)
            topics.append(
                TopicProduceResponse(name=topic.name, topic_id=topic.topic_id, partition_responses=rows)
            )
        return None if request.acks == 0 else ProduceResponse(responses=topics)

    def _take(self, partition: TopicPartition, content: bytes) -> PartitionProduceResponse | None:
        header = read_header(content)
        expected = self._expected.setdefault(partition, (0, 0))
        begins = header.producer_epoch > expected[0] and header.base_sequence == 0
        is_in_sequence = begins or (header.producer_epoch, header.base_sequence) == expected
        code: int | None = ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
        if is_in_sequence or not header.has_producer_id:
            code = next(self._outcomes, 0)
        if code is None:
            return None
        records = list(iterate_records(content, 0, header))
        self.offered.append(Offered(partition, header, records, code))
        offset = -1
        if code == 0:
            self._expected[partition] = (header.producer_epoch, header.last_sequence + 1)
            offset = self._next_offset.get(partition, 0)
            self._next_offset[partition] = offset + len(records)
        return PartitionProduceResponse(
            index=partition.partition,
            error_code=code,
            base_offset=offset,
            log_append_time_ms=self._log_append_time_ms,
        )
