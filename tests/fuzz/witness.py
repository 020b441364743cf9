"""Somebody else's connections, which must be served as if nothing happened, and a look at what the process costs."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.api_versions import ApiVersionsRequest
from ottla.protocol.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from ottla.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from ottla.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from ottla.records.builder import NewRecord, build_batch
from ottla.records.record import Record
from ottla.types import Uuid
from tests.fuzz.ledger import Ledger
from tests.fuzz.requests import TOPIC_CONFIGS, TOPICS
from tests.support.live_broker import LiveBroker
from tests.support.logs import whole_batches
from tests.support.raw_client import RawClient

WITNESS_TOPIC = "kept"
"""A name that no request is made with, so that nothing may happen to it."""

# An answer takes milliseconds; a bomb is judged before it, and costs seconds on a busy machine.
SERVED_LIMIT_S = 20.0
EVERY = 20
"""Connections between two looks."""

MEMORY_LIMIT_BYTES = 1 << 30
"""What a run may cost at its peak: a batch that unpacks to the limit of 128 MiB is there several times while it is
judged (unpacked, padded for the walk, packed anew), and the fuzzer's own corpus and ledger count too."""

_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(slots=True)
class Witness:
    """The client and what it knows."""

    broker: LiveBroker
    ledger: Ledger
    topic_id: Uuid
    next_offset: int
    baseline_bytes: int
    _client: RawClient
    _controller_client: RawClient
    _seen: int = 0

    @classmethod
    def arrive(cls, broker: LiveBroker, ledger: Ledger, next_offset: int = 0) -> Witness:
        """Connect, and create the topics where they are not there yet."""
        client = RawClient(broker.port, timeout_s=SERVED_LIMIT_S)
        create_topics(client, [*TOPICS, WITNESS_TOPIC])
        topic_id = ledger.topic_ids(broker)[WITNESS_TOPIC]
        controller_client = RawClient(broker.controller_port, timeout_s=SERVED_LIMIT_S)
        return cls(broker, ledger, topic_id, next_offset, _forget_peak(), client, controller_client)

    def leave(self) -> None:
        """Close the connections."""
        self._client.close()
        self._controller_client.close()

    def look(self, connections: int) -> str:
        """Every now and then produce, fetch and ask the controller; return what was wrong, if anything."""
        if connections < self._seen + EVERY:
            return ""
        self._seen = connections
        try:
            self._controller_client.ask(ApiKey.API_VERSIONS, 4, ApiVersionsRequest())
            missing = set(TOPICS) - self.ledger.topic_ids(self.broker).keys()
            if missing:
                create_topics(self._client, sorted(missing))
            self._produce(b"%d" % self.next_offset)
            fetched = self._fetch()
        except (OSError, AssertionError) as error:
            return f"another connection was not served: {error!r}"
        self.next_offset += 1
        if [record.value for record in fetched] != [b"%d" % (self.next_offset - 1)]:
            return f"another connection fetched {fetched} where {self.next_offset - 1} was produced"
        peak = _peak_bytes() - self.baseline_bytes
        return f"{peak} bytes of memory were used" if peak > MEMORY_LIMIT_BYTES else ""

    def _produce(self, value: bytes) -> None:
        records = bytes(build_batch([NewRecord(b"key", value)], now_ms=self.broker.call(self._now_ms)))
        request = ProduceRequest(
            acks=-1,
            timeout_ms=1000,
            topic_data=[
                TopicProduceData(
                    topic_id=self.topic_id, partition_data=[PartitionProduceData(index=0, records=records)]
                )
            ],
        )
        answer = self._client.ask(ApiKey.PRODUCE, 13, request)
        partition = answer.responses[0].partition_responses[0]
        assert (partition.error_code, partition.base_offset) == (0, self.next_offset), partition
        self.ledger.acknowledge(request, answer, {WITNESS_TOPIC: self.topic_id})

    def _fetch(self) -> list[Record]:
        wanted = FetchPartition(partition=0, fetch_offset=self.next_offset, partition_max_bytes=1000)
        request = FetchRequest(
            max_wait_ms=100,
            min_bytes=1,
            max_bytes=1000,
            topics=[FetchTopic(topic_id=self.topic_id, partitions=[wanted])],
        )
        answer = self._client.ask(ApiKey.FETCH, 17, request)
        partition = answer.responses[0].partitions[0]
        assert partition.error_code == 0, partition
        return whole_batches(bytes(partition.records or b""))

    def _now_ms(self) -> int:
        return self.broker.broker._clock.now_ms()


def create_topics(client: RawClient, names: list[str]) -> None:
    """Create topics as the fuzzer wants them; those that are there stay."""
    topics = [
        CreatableTopic(
            name=name,
            num_partitions=2,
            replication_factor=1,
            configs=[CreatableTopicConfig(name=k, value=v) for k, v in TOPIC_CONFIGS.get(name, {}).items()],
        )
        for name in names
    ]
    client.ask(ApiKey.CREATE_TOPICS, 7, CreateTopicsRequest(topics=topics, timeout_ms=30_000))


def _forget_peak() -> int:
    """Let the peak begin anew and return the memory in use; 0 where the system does not tell (not on Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _peak_bytes()


def _peak_bytes() -> int:
    try:
        found = _PEAK.search(Path("/proc/self/status").read_text(encoding="ascii", errors="replace"))
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0
