"""What many partitions cost: making them, stopping, starting again with and without a clean stop, memory and rest.

Run `python -m tests.benchmarks.partitions` from the repository's root with `src` on the path; `--kafka` measures
Apache Kafka instead, `--topics` and `--partitions` say how many topics there are and how many partitions each has,
`--snapshots` has the metadata log put into a snapshot often, so that a start reads that instead of the whole log.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest
from ottla.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from ottla.protocol.messages.metadata import MetadataRequest, MetadataResponse
from ottla.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from ottla.records.builder import NewRecord, build_batch
from tests.benchmarks.processes import process_cpu_s, resident_mb
from tests.peers.kafka_broker import kafka_command
from tests.support.broker_process import BrokerSettings, ottla_command, ottla_environment
from tests.support.raw_client import RawClient

PARTITIONS_PER_REQUEST = 4_000
"""Kafka makes up to 10,000 records of metadata for one request."""

SNAPSHOT_PROPERTIES = {"metadata.log.max.record.bytes.between.snapshots": "524288"}
"""Half a MiB: what some thousand partitions take, so that the last one is in front of nearly all records."""

LOOK_S = 0.02
"""Between looks at what is still being made: a look takes the broker some time in which it makes nothing."""

WATCHED_S = 5.0
PATIENCE_S = 900.0


class Measured:
    """One broker process after another on one data directory."""

    def __init__(self, settings: BrokerSettings, *, is_kafka: bool) -> None:
        self.settings = settings
        self._is_kafka = is_kafka
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The broker that runs."""
        assert self._process is not None
        return self._process

    def start(self, partitions: int) -> None:
        """Start, and return when Metadata shows a leader for every partition."""
        command = (kafka_command if self._is_kafka else ottla_command)(self.settings)
        with (self.settings.work_dir / "output").open("ab") as output:
            self._process = subprocess.Popen(
                command, env=None if self._is_kafka else ottla_environment(), stdout=output, stderr=output
            )
        while True:
            try:
                with self.client() as client:
                    if led_partitions(client) >= partitions:
                        return
            except (ConnectionError, TimeoutError):
                assert self._process.poll() is None, "the broker has ended"
            time.sleep(0.01)

    def client(self) -> RawClient:
        """Return a patient client."""
        return RawClient(self.settings.port, timeout_s=PATIENCE_S)

    def stop(self) -> None:
        """Stop in order."""
        self.process.terminate()
        self.process.wait()

    def kill(self) -> None:
        """Stop as a crash does."""
        self.process.kill()
        self.process.wait()


def led_partitions(client: RawClient) -> int:
    """Return how many partitions have a leader."""
    answer: MetadataResponse = client.ask(ApiKey.METADATA, 12, MetadataRequest(topics=None))
    return sum(each.leader_id >= 0 for topic in answer.topics for each in topic.partitions)


def create_topics(client: RawClient, names: list[str], partitions: int) -> None:
    """Create the topics in as few requests as Kafka allows."""
    topics = [CreatableTopic(name=name, num_partitions=partitions, replication_factor=1) for name in names]
    at_once = max(1, PARTITIONS_PER_REQUEST // partitions)
    for start in range(0, len(topics), at_once):
        request = CreateTopicsRequest(
            topics=topics[start : start + at_once], timeout_ms=int(PATIENCE_S * 1000)
        )
        answer = client.ask(ApiKey.CREATE_TOPICS, 7, request)
        assert {topic.error_code for topic in answer.topics} == {0}, answer.topics[0]


def wait_until_served(client: RawClient, names: list[str], partitions: int) -> None:
    """Return when every partition tells its end."""
    for name in names:
        wanted = [ListOffsetsPartition(partition_index=number, timestamp=-1) for number in range(partitions)]
        request = ListOffsetsRequest(replica_id=-1, topics=[ListOffsetsTopic(name=name, partitions=wanted)])
        while True:
            answer: ListOffsetsResponse = client.ask(ApiKey.LIST_OFFSETS, 6, request)
            if not any(each.error_code for topic in answer.topics for each in topic.partitions):
                break
            time.sleep(LOOK_S)  # both brokers answer the creation of many partitions before they lead them


def produce(client: RawClient, names: list[str], partitions: int) -> None:
    """Append one record to every partition."""
    batch = build_batch([NewRecord(key=None, value=b"x" * 100)], now_ms=time.time_ns() // 1_000_000)
    places = [(name, index) for name in names for index in range(partitions)]
    for start in range(0, len(places), 1000):
        data = [
            TopicProduceData(name=name, partition_data=[PartitionProduceData(index=index, records=batch)])
            for name, index in places[start : start + 1000]
        ]
        answer: ProduceResponse = client.ask(
            ApiKey.PRODUCE, 9, ProduceRequest(acks=1, timeout_ms=60_000, topic_data=data)
        )
        codes = {each.error_code for topic in answer.responses for each in topic.partition_responses}
        assert codes == {0}, codes


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Print how long something took."""
    begun = time.monotonic()
    yield
    print(f"  {name}: {time.monotonic() - begun:.2f} s", flush=True)


def report_rest(pid: int) -> None:
    """Print memory, and the share of a core that a broker takes which nobody asks for anything."""
    time.sleep(1)
    used, begun = process_cpu_s(pid), time.monotonic()
    time.sleep(WATCHED_S)
    share = (process_cpu_s(pid) - used) / (time.monotonic() - begun)
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    print(f"  at rest: {resident_mb(pid):.0f} MB, {share:.2%} of a core, {files} descriptors", flush=True)


def measure(broker: Measured, topics: int, partitions: int) -> None:
    """Measure one shape and print it."""
    count = topics * partitions
    names = [f"topic-{number:05}" for number in range(topics)]
    with timed("start, empty"):
        broker.start(0)
    with broker.client() as client:
        with timed("creation, all served"):
            create_topics(client, names, partitions)
            wait_until_served(client, names, partitions)
        report_rest(broker.process.pid)
    for name, end in (("clean stop", broker.stop), ("kill", broker.kill)):
        with timed(f"{name}, empty partitions"):
            end()
        with timed("start after it"):
            broker.start(count)
    report_rest(broker.process.pid)
    with broker.client() as client, timed("one record to each"):
        produce(client, names, partitions)
    for name, end in (("kill", broker.kill), ("clean stop", broker.stop)):
        with timed(f"{name}, a record in each partition"):
            end()
        with timed("start after it"):
            broker.start(count)
    with timed("clean stop, nothing appended"):
        broker.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kafka", action="store_true")
    parser.add_argument("--topics", type=int, default=2000)
    parser.add_argument("--partitions", type=int, default=1)
    parser.add_argument("--snapshots", action="store_true")
    options = parser.parse_args()
    kind = "Kafka" if options.kafka else "Ottla"
    print(f"{kind}, {options.topics} topics with {options.partitions} partitions each")
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        properties = SNAPSHOT_PROPERTIES if options.snapshots else {}
        broker = Measured(BrokerSettings(work / "data", work, properties=properties), is_kafka=options.kafka)
        try:
            measure(broker, options.topics, options.partitions)
        finally:
            broker.kill()


if __name__ == "__main__":
    main()
