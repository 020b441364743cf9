"""What many topics in one request cost: the time until the answer, and until every partition serves.

Run `python -m tests.benchmarks.creation` from the repository's root with `src` on the path; `--kafka` measures Apache
Kafka instead, `--topics` says how many there are, each with one partition, `--rounds` how often they are created and
deleted again, so that the JVM gets warm. Apache Kafka answers before the partitions are there, Ottla does so for many.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from ottla.protocol.api import ApiKey
from ottla.protocol.headers import decode_response_header
from ottla.protocol.messages.create_topics import (
    CreatableTopic,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from ottla.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from ottla.wire.compiler import decode_message
from tests.benchmarks.partitions import LOOK_S, PATIENCE_S, Measured, wait_until_served
from tests.support.broker_process import BrokerSettings
from tests.support.raw_client import RawClient

TIMEOUT_MS = int(PATIENCE_S * 1000)


def create(client: RawClient, names: list[str]) -> float:
    """Create the topics in one request; return after how many seconds the answer was there, before it is decoded."""
    topics = [CreatableTopic(name=name, num_partitions=1, replication_factor=1) for name in names]
    frame = client.frame(ApiKey.CREATE_TOPICS, 7, CreateTopicsRequest(topics=topics, timeout_ms=TIMEOUT_MS))
    begun = time.monotonic()
    client.socket.sendall(frame)
    content = client.receive_frame()
    took_s = time.monotonic() - begun
    _, position = decode_response_header(ApiKey.CREATE_TOPICS, 7, content)
    answer = decode_message(CreateTopicsResponse, 7, content[position:])
    assert {topic.error_code for topic in answer.topics} == {0}, answer.topics[0]
    return took_s


def delete(client: RawClient, names: list[str], data_dir: Path) -> None:
    """Delete the topics in one request; return when their directories have other names."""
    states = [DeleteTopicState(name=name) for name in names]
    answer = client.ask(ApiKey.DELETE_TOPICS, 6, DeleteTopicsRequest(topics=states, timeout_ms=TIMEOUT_MS))
    assert {topic.error_code for topic in answer.responses} == {0}, answer.responses[0]
    while any((data_dir / f"{name}-0").exists() for name in names):
        time.sleep(LOOK_S)  # both brokers do this after the answer


def measure(broker: Measured, topics: int, rounds: int) -> None:
    """Measure and print each round."""
    broker.start(0)
    with broker.client() as client:
        for number in range(rounds):
            names = [f"topic-{number}-{each:05}" for each in range(topics)]
            begun = time.monotonic()
            answered_s = create(client, names)
            wait_until_served(client, names, 1)
            served = time.monotonic()
            print(
                f"  round {number}: answered after {answered_s:.3f} s, served after {served - begun:.3f} s",
                flush=True,
            )
            delete(client, names, broker.settings.data_dir)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kafka", action="store_true")
    parser.add_argument("--topics", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{'Kafka' if options.kafka else 'Ottla'}, {options.topics} topics with one partition each")
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        broker = Measured(BrokerSettings(work / "data", work), is_kafka=options.kafka)
        try:
            measure(broker, options.topics, options.rounds)
        finally:
            broker.kill()


if __name__ == "__main__":
    main()
