"""How much a broker costs that does little: its start, its memory, and a thousand fetches that wait.

Run `python -m tests.benchmarks.footprint` from the repository's root with `src` on the path.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest
from ottla.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from ottla.protocol.messages.metadata import MetadataRequest
from ottla.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from ottla.records.builder import NewRecord, build_batch
from tests.benchmarks.processes import process_cpu_s, resident_mb
from tests.support.broker_process import BrokerSettings, ottla_command, ottla_environment, start_ottla
from tests.support.raw_client import RawClient

PARKED_FETCHES = 1_000
WATCHED_S = 10.0
WAKE_ROUNDS = 50
START_ROUNDS = 5


def measure_start(work: Path) -> tuple[float, float]:
    """Return the ms, and the ms of processor time, from starting the process to its first answer to Metadata."""
    settings = BrokerSettings(work / "data", work)
    begun = time.monotonic()
    process = subprocess.Popen(
        ottla_command(settings), env=ottla_environment(), stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    try:
        while True:
            try:
                client = RawClient(settings.port)
                break
            except ConnectionRefusedError:
                time.sleep(0.002)
        client.ask(ApiKey.METADATA, 12, MetadataRequest(topics=None))
        taken_ms = (time.monotonic() - begun) * 1000
        used_ms = process_cpu_s(process.pid) * 1000
        client.close()
    finally:
        process.terminate()
        process.wait()
    return taken_ms, used_ms


def fetch_request(topic: str, offset: int) -> FetchRequest:
    """Return a fetch that waits half a minute for one byte."""
    partition = FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=1 << 20)
    return FetchRequest(
        max_wait_ms=30_000, min_bytes=1, topics=[FetchTopic(topic=topic, partitions=[partition])]
    )


def produce_request(topic: str) -> ProduceRequest:
    """Return a request that appends one small record."""
    batch = build_batch([NewRecord(key=None, value=b"x" * 100)], now_ms=time.time_ns() // 1_000_000)
    data = [TopicProduceData(name=topic, partition_data=[PartitionProduceData(index=0, records=batch)])]
    return ProduceRequest(acks=1, timeout_ms=5_000, topic_data=data)


def measure_parked_fetches(work: Path) -> None:
    """Print the processor time of a thousand waiting fetches and how soon an append wakes one and all."""
    broker = start_ottla(BrokerSettings(work / "data", work))
    assert broker.child is not None
    pid = broker.child.process.pid
    print(f"idle memory: {resident_mb(pid):.1f} MB")
    with RawClient(broker.port) as client:
        topics = [
            CreatableTopic(name=name, num_partitions=1, replication_factor=1) for name in ("one", "all")
        ]
        client.ask(ApiKey.CREATE_TOPICS, 7, CreateTopicsRequest(topics=topics))
        parked = [RawClient(broker.port) for _ in range(PARKED_FETCHES)]
        for waiting in parked[1:]:
            waiting.send(ApiKey.FETCH, 11, fetch_request("all", 0))
        begun, used = time.monotonic(), process_cpu_s(pid)
        time.sleep(WATCHED_S)
        share = (process_cpu_s(pid) - used) / (time.monotonic() - begun)
        print(f"{PARKED_FETCHES - 1} parked fetches: {share:.2%} of a core, {resident_mb(pid):.1f} MB")
        delays = []
        for offset in range(WAKE_ROUNDS):
            parked[0].send(ApiKey.FETCH, 11, fetch_request("one", offset))
            time.sleep(0.01)
            client.ask(ApiKey.PRODUCE, 9, produce_request("one"))
            acknowledged = time.monotonic()
            parked[0].receive()
            delays.append((time.monotonic() - acknowledged) * 1000)
        print(f"one woken fetch: median {statistics.median(delays):.2f} ms after the acknowledgement")
        begun = time.monotonic()
        client.send(ApiKey.PRODUCE, 9, produce_request("all"))
        for waiting in parked[1:]:
            waiting.receive()
        print(f"all woken by one append: {(time.monotonic() - begun) * 1000:.1f} ms")
        for waiting in parked:
            waiting.close()
    broker.stop()


def main() -> None:
    """Measure and print."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        starts = [measure_start(work / str(number)) for number in range(START_ROUNDS)]
        taken, used = (statistics.median(figures) for figures in zip(*starts, strict=True))
        print(
            f"start to first Metadata: {taken:.0f} ms, {used:.0f} ms of it computing (median of {START_ROUNDS})"
        )
        if len(sys.argv) < 2:
            measure_parked_fetches(work / "parked")


if __name__ == "__main__":
    sys.exit(main())
