"""The real Apache Kafka and this broker's handlers side by side, asked the same and compared answer by answer."""

import re
import time
from dataclasses import dataclass
from typing import Any

from ottla.completion import Completion
from ottla.errors import KafkaError
from ottla.handlers.error_responses import error_response
from ottla.handlers.outcome import Outcome
from ottla.handlers.registry import load_handler
from ottla.metadata.records import ConfigRecord, PartitionRecord, TopicRecord
from ottla.protocol.api import ApiKey, request_class, response_class
from ottla.protocol.messages import create_topics
from ottla.protocol.messages import fetch as f
from ottla.protocol.messages import list_offsets as lo
from ottla.protocol.messages import produce as p
from ottla.storage.files import FileRange
from ottla.types import Uuid
from ottla.wire.compiler import decode_message, encode, encoder
from tests.support.broker_process import RunningBroker
from tests.support.partitions import NODE_ID, DataDirectory
from tests.support.raw_client import RawClient

NOW_MS = time.time_ns() // 1_000_000


class ClosedConnection:
    """What a client sees that is answered by the end of the connection."""


class Silence:
    """No answer at all."""


@dataclass
class Pair:
    """The real broker and this one, with the same topics."""

    kafka: RunningBroker
    ottla: DataDirectory

    def create_topic(self, name: str, configs: dict[str, str] | None = None, partitions: int = 1) -> Uuid:
        """Create a topic on both under the id that the real one has drawn."""
        wanted = create_topics.CreatableTopic(
            name=name,
            num_partitions=partitions,
            replication_factor=1,
            configs=[
                create_topics.CreatableTopicConfig(name=key, value=value)
                for key, value in (configs or {}).items()
            ],
        )
        request = create_topics.CreateTopicsRequest(topics=[wanted], timeout_ms=30_000)
        with RawClient(self.kafka.port) as client:
            (created,) = client.ask(ApiKey.CREATE_TOPICS, 7, request).topics
        assert created.error_code == 0, created
        self.ottla.change(
            TopicRecord(name=name, topic_id=created.topic_id),
            *(
                ConfigRecord(resource_type=2, resource_name=name, name=key, value=value)
                for key, value in (configs or {}).items()
            ),
            *(
                PartitionRecord(
                    partition_id=index,
                    topic_id=created.topic_id,
                    replicas=[NODE_ID],
                    isr=[NODE_ID],
                    leader=NODE_ID,
                    leader_epoch=0,
                )
                for index in range(partitions)
            ),
        )
        topic_id: Uuid = created.topic_id
        self._wait_until_led(name, partitions)
        return topic_id

    def _wait_until_led(self, name: str, partitions: int) -> None:
        wishes = [lo.ListOffsetsPartition(partition_index=index, timestamp=-1) for index in range(partitions)]
        request = lo.ListOffsetsRequest(
            replica_id=-1, topics=[lo.ListOffsetsTopic(name=name, partitions=wishes)]
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with RawClient(self.kafka.port) as client:
                (topic,) = client.ask(ApiKey.LIST_OFFSETS, 9, request).topics
            if all(partition.error_code == 0 for partition in topic.partitions):
                return
        raise AssertionError(f"{name} has no leader")

    def ask_kafka(self, api_key: ApiKey, version: int, request: Any) -> Any:
        with RawClient(self.kafka.port, timeout_s=3) as client:
            try:
                return client.ask(api_key, version, request)
            except ConnectionError:
                return ClosedConnection
            except TimeoutError:
                return Silence

    def ask_ottla(self, api_key: ApiKey, version: int, request: Any) -> Any:
        decoded = decode_message(request_class(api_key), version, bytearray(encode(request, version)))
        try:
            response = load_handler(api_key)(decoded, self.ottla.context(version))
        except KafkaError as error:
            response = error_response(api_key, version, decoded, error.code, error.text)
        if isinstance(response, Completion):
            self.ottla.loop.advance(10)
            response = response.result()
        if response is Outcome.CLOSE_CONNECTION:
            return ClosedConnection
        pieces: list[Any] = [b""]
        encoder(response_class(api_key), version)(response, pieces)
        content = b"".join(piece.read() if isinstance(piece, FileRange) else piece for piece in pieces)
        return decode_message(response_class(api_key), version, content)

    def compare(self, api_key: ApiKey, version: int, request: Any) -> Any:
        """Ask both and return what both have said."""
        expected = normalised(self.ask_kafka(api_key, version, request))
        assert normalised(self.ask_ottla(api_key, version, request)) == expected
        return expected


def normalised(response: Any) -> Any:
    """Put what may differ into one form: the order of topics and partitions, and each broker's own time."""
    return response if isinstance(response, type) else _sorted(response)


def _sorted(response: Any) -> Any:
    for attribute in ("responses", "topics"):
        topics = getattr(response, attribute, None)
        if topics is not None:
            topics.sort(key=_topic_key)
            for topic in topics:
                partitions = (
                    topic.partition_responses if hasattr(topic, "partition_responses") else topic.partitions
                )
                partitions.sort(key=_index)
                for partition in partitions:
                    _strip(partition)
    return response


def _topic_key(topic: Any) -> tuple[str, bytes]:
    name = getattr(topic, "name", None) or getattr(topic, "topic", None) or ""
    return name, getattr(topic, "topic_id", b"")


def _index(partition: Any) -> int:
    for name in ("index", "partition_index", "partition"):
        if hasattr(partition, name):
            found: int = getattr(partition, name)
            return found
    raise AssertionError(partition)


def _strip(partition: Any) -> None:
    if isinstance(partition, p.PartitionProduceResponse):
        for error in partition.record_errors:
            error.batch_index_error_message = re.sub(
                r"within \[-?\d+, \d+\]", "within [A, B]", error.batch_index_error_message or ""
            )
        partition.log_append_time_ms = min(NOW_MS, partition.log_append_time_ms)
    if isinstance(partition, f.PartitionData) and partition.records is not None:
        partition.records = bytes(partition.records)
