"""What looking costs: requests of a broker with and without metrics, and a scrape of many partitions beside clients.

Run `python -m tests.benchmarks.observability` from the repository's root with `src` on the path; `--partitions` says
how many there are for the scrape, `--rounds` how often the two brokers take turns. The time of a request is what the
broker's loop computes for it (Linux), which other processes on the machine disturb least.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest
from ottla.protocol.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from ottla.protocol.messages.find_coordinator import FindCoordinatorRequest
from ottla.protocol.messages.heartbeat import HeartbeatRequest
from tests.benchmarks.footprint import produce_request
from tests.benchmarks.partitions import create_topics
from tests.benchmarks.processes import resident_mb
from tests.support.broker_process import BrokerSettings, RunningBroker, start_ottla
from tests.support.raw_client import RawClient
from tests.support.waiting import eventually

PIPELINED = 50
"""Requests that go out together."""

REQUESTS = 5_000
"""Requests in one measurement."""

SCRAPES = 5
ASK_EVERY_S = 0.002


def loop_s(broker: RunningBroker) -> float:
    """Return for how long the broker's main thread has computed."""
    assert broker.child is not None
    pid = broker.child.process.pid
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9


def prepared(broker: RunningBroker) -> dict[str, bytes]:
    """Make a topic and a coordinator; return the frames that are measured, by their names."""
    with RawClient(broker.port) as client:
        topic = CreatableTopic(name="one", num_partitions=1, replication_factor=1)
        client.ask(ApiKey.CREATE_TOPICS, 7, CreateTopicsRequest(topics=[topic]))
        heartbeat = HeartbeatRequest(group_id="g", generation_id=1, member_id="m")
        client.ask(ApiKey.FIND_COORDINATOR, 3, FindCoordinatorRequest(key="g"))
        eventually(
            lambda: client.ask(ApiKey.HEARTBEAT, 4, heartbeat).error_code == ErrorCode.UNKNOWN_MEMBER_ID
        )
        client.ask(ApiKey.PRODUCE, 9, produce_request("one"))
        wanted = FetchTopic(topic="one", partitions=[FetchPartition(partition=0, partition_max_bytes=1)])
        fetch = FetchRequest(max_wait_ms=0, max_bytes=1, topics=[wanted])
        return {
            "heartbeat": client.frame(ApiKey.HEARTBEAT, 4, heartbeat),
            "produce": client.frame(ApiKey.PRODUCE, 9, produce_request("one")),
            "fetch": client.frame(ApiKey.FETCH, 11, fetch),
        }


def request_us(broker: RunningBroker, frame: bytes) -> float:
    """Return what the loop computes for one request."""
    with RawClient(broker.port) as client:
        used_s = loop_s(broker)
        for _ in range(REQUESTS // PIPELINED):
            client.socket.sendall(frame * PIPELINED)
            for _ in range(PIPELINED):
                client.receive_frame()
        return (loop_s(broker) - used_s) / REQUESTS * 1e6


def compare(brokers: dict[str, RunningBroker], rounds: int) -> None:
    """Print the median cost of each request on each broker; they take turns."""
    frames = {kind: prepared(broker) for kind, broker in brokers.items()}
    for name in next(iter(frames.values())):
        costs: dict[str, list[float]] = {kind: [] for kind in brokers}
        for _ in range(rounds):
            for kind, broker in brokers.items():
                costs[kind].append(request_us(broker, frames[kind][name]))
        shown = ", ".join(f"{kind} {statistics.median(each):.1f} us" for kind, each in costs.items())
        print(f"{name}: {shown} (medians of {rounds})", flush=True)


def longest_wait_ms(port: int, during: Callable[[], None]) -> tuple[float, float]:
    """Ask for heartbeats while something happens; return the median and the longest wait for an answer."""
    waits = []
    ended = threading.Event()

    def run() -> None:
        during()
        ended.set()

    other = threading.Thread(target=run)
    with RawClient(port) as client:
        other.start()
        while not ended.wait(ASK_EVERY_S):
            begun = time.monotonic()
            client.ask(ApiKey.HEARTBEAT, 4, HeartbeatRequest(group_id="g", member_id="m"))
            waits.append((time.monotonic() - begun) * 1000)
    other.join()
    return statistics.median(waits), max(waits)


def measure_scrape(broker: RunningBroker, port: int, partitions: int) -> None:
    """Print how long a scrape of many partitions takes, and how long others wait meanwhile."""
    with RawClient(broker.port, timeout_s=600) as client:
        create_topics(client, [f"topic-{number:05}" for number in range(partitions // 10)], 10)
    used_s, begun = loop_s(broker), time.monotonic()
    sizes = [len(scrape_text(port)) for _ in range(SCRAPES)]
    taken_ms = (time.monotonic() - begun) / SCRAPES * 1000
    computed_ms = (loop_s(broker) - used_s) / SCRAPES * 1000
    print(
        f"scrape of {partitions} partitions: {taken_ms:.0f} ms, {computed_ms:.0f} ms of it computing, "
        f"{sizes[-1] / 1e6:.1f} MB"
    )

    def scrapes() -> None:
        for _ in range(SCRAPES):
            scrape_text(port)

    for name, during in (("at rest", lambda: time.sleep(2)), ("during scrapes", scrapes)):
        median_ms, longest_ms = longest_wait_ms(broker.port, during)
        print(f"a heartbeat {name}: median {median_ms:.2f} ms, longest {longest_ms:.1f} ms", flush=True)


def scrape_text(port: int) -> bytes:
    """Return the text of a scrape, which is not parsed here: that would take longer than to make it."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        text: bytes = answer.read()
        return text


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partitions", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        brokers = {
            kind: start_ottla(BrokerSettings(work / kind, work / f"{kind}-log", properties=properties))
            for kind, properties in (("without", {}), ("with", {"ottla.metrics.port": "0"}))
        }
        try:
            for kind, broker in brokers.items():
                assert broker.child is not None
                print(f"{kind} metrics, at rest: {resident_mb(broker.child.process.pid):.1f} MB")
            compare(brokers, options.rounds)
            found = re.search(r"//localhost:(\d+)/metrics", "\n".join(brokers["with"].log_lines()))
            assert found is not None
            measure_scrape(brokers["with"], int(found[1]), options.partitions)
        finally:
            for broker in brokers.values():
                broker.kill()


if __name__ == "__main__":
    main()
