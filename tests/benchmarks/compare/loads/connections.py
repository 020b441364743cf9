"""Many connections: producers and consumers that are all busy, and clients that only are there."""

from __future__ import annotations

import math
import resource
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from ottla.records.batch import HEADER_SIZE_BYTES, read_header
from ottla.types import Uuid
from tests.benchmarks.compare.conversations import Conversation, converse
from tests.benchmarks.compare.loads.java import GB
from tests.benchmarks.compare.loads.names import (
    CONSUMED_MB_PER_S,
    CONSUMED_SLOWEST_TENTH,
    CPU_PER_GB,
    CPU_PER_MILLION,
    IDLE_CPU_SHARE,
    KB_PER_CONNECTION,
    OPENED_PER_S,
    PRODUCED_PER_S,
    PRODUCED_SLOWEST_TENTH,
)
from tests.benchmarks.compare.loads.raw import (
    BATCH_BYTES,
    FETCH_VERSION,
    RECORD_OVERHEAD_BYTES,
    check_produced,
    decoded,
    produce_frames,
)
from tests.benchmarks.compare.pipelining import connect
from tests.benchmarks.compare.run import Run, RunFailedError
from tests.benchmarks.compare.topics import make_topics, random_batch, topic_id
from tests.support.raw_client import RawClient
from tests.support.raw_wire import API_VERSIONS, read_frame, request

MB = 1 << 20
FETCHED_BYTES = 1 << 16
SETTLING_S = 1.0
"""What a broker still does for connections that have just come is no part of having them."""

SPARE_DESCRIPTORS = 200

GREETING = request(API_VERSIONS, 0, flexible=False)


@dataclass(slots=True)
class Reader:
    """Reads one partition from its beginning on; knows how far it is."""

    client: RawClient
    topic: Uuid
    partition: int
    offset: int = 0
    read_bytes: int = 0

    def request(self) -> bytes:
        """Return the request for what comes next."""
        partition = FetchPartition(
            partition=self.partition, fetch_offset=self.offset, partition_max_bytes=FETCHED_BYTES
        )
        topics = [FetchTopic(topic_id=self.topic, partitions=[partition])]
        request = FetchRequest(max_wait_ms=500, min_bytes=1, max_bytes=FETCHED_BYTES, topics=topics)
        return self.client.frame(ApiKey.FETCH, FETCH_VERSION, request)

    def follow(self, answer: memoryview) -> bytes:
        """Take an answer and return the next request. Raises RunFailedError when the answer is an error."""
        found = decoded(ApiKey.FETCH, FETCH_VERSION, answer).responses
        if found:
            (partition,) = found[0].partitions
            if partition.error_code:
                raise RunFailedError(f"Fetch was refused with error {partition.error_code}")
            self.offset, size = past_whole_batches(partition.records or b"", self.offset)
            self.read_bytes += size
        return self.request()


def busy(run: Run, *, pairs: int, duration_s: float) -> dict[str, float]:
    """Have as many connections produce, and as many read, each pair a partition of its own."""
    make_topics(run.port, [run.name], pairs)
    per_batch = BATCH_BYTES // (100 + RECORD_OVERHEAD_BYTES)
    batch = random_batch(per_batch, 100)
    with RawClient(run.port) as client, opened(run.port, 2 * pairs) as connections:
        topic = topic_id(client, run.name)
        frames = produce_frames(client, topic, list(range(pairs)), batch)
        producers = [
            Conversation(connection, frame, _producing(frame))
            for connection, frame in zip(connections[:pairs], frames, strict=True)
        ]
        readers = [Reader(client, topic, index) for index in range(pairs)]
        consumers = [
            Conversation(connection, reader.request(), reader.follow)
            for connection, reader in zip(connections[pairs:], readers, strict=True)
        ]
        with run.measured() as cost:
            taken_s = converse([*producers, *consumers], run.scaled(duration_s * 1000) / 1000)
    produced = [each.answers * per_batch / taken_s for each in producers]
    consumed = [reader.read_bytes / MB / taken_s for reader in readers]
    if sum(produced) == 0 or sum(consumed) == 0:
        raise RunFailedError("nothing was produced, or nothing was read")
    return {
        PRODUCED_PER_S: sum(produced),
        PRODUCED_SLOWEST_TENTH: slowest_tenth(produced),
        CONSUMED_MB_PER_S: sum(consumed),
        CONSUMED_SLOWEST_TENTH: slowest_tenth(consumed),
        CPU_PER_MILLION: cost.broker_cpu_s / (sum(produced) * taken_s) * 1e6,
        CPU_PER_GB: cost.broker_cpu_s / (sum(consumed) * taken_s * MB) * GB,
    }


def idle(run: Run, *, connections: int, duration_s: float) -> dict[str, float]:
    """Open connections that have asked once, and watch what the broker spends on them while they are silent."""
    before_mb = run.resident_mb()
    begun = time.monotonic()
    with opened(run.port, connections):
        taken_s = time.monotonic() - begun
        time.sleep(SETTLING_S)
        held_mb = run.resident_mb() - before_mb
        with run.measured() as cost:
            time.sleep(run.scaled(duration_s * 1000) / 1000)
        return {
            OPENED_PER_S: connections / taken_s,
            KB_PER_CONNECTION: held_mb * 1024 / connections,
            IDLE_CPU_SHARE: cost.broker_cpu_s / cost.wall_s * 100,
        }


@contextmanager
def opened(port: int, count: int) -> Iterator[list[socket.socket]]:
    """Give connections, each of which has had an answer from the broker, and reset them at the end of the block."""
    allow_descriptors(count)
    connections: list[socket.socket] = []
    try:
        for _ in range(count):
            connections.append(connect(port))
            connections[-1].sendall(GREETING)
            if not read_frame(connections[-1]):
                raise RunFailedError("the broker has not answered ApiVersions")
        yield connections
    finally:
        for connection in connections:
            # A reset leaves no port behind that waits a minute: there are fewer ports than all runs have connections.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()


def allow_descriptors(count: int) -> None:
    """Let this process have so many connections. Raises RunFailedError where the system forbids it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + SPARE_DESCRIPTORS
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise RunFailedError(f"{count} connections need a limit of {wanted} open files; it is {hard}")
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def past_whole_batches(records: bytes | memoryview, offset: int) -> tuple[int, int]:
    """Return the offset behind the last whole batch, `offset` without one, and the bytes of all whole ones.

    What a limit has cut comes once more with the next Fetch.
    """
    position = 0
    while position + HEADER_SIZE_BYTES <= len(records):
        header = read_header(records, position)
        if position + header.size_bytes > len(records):
            break
        position += header.size_bytes
        offset = header.next_offset
    return offset, position


def slowest_tenth(rates: Sequence[float]) -> float:
    """Return the mean of the lowest tenth of all rates, at least of one."""
    lowest = sorted(rates)[: max(1, math.ceil(len(rates) / 10))]
    return sum(lowest) / len(lowest)


def _producing(frame: bytes) -> Callable[[memoryview], bytes]:
    def follow(answer: memoryview) -> bytes:
        check_produced(answer)
        return frame

    return follow
