"""Two brokers at once, new and with the same properties: Apache Kafka, and beside it Ottla or another Apache Kafka."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.kafka_broker import QUICK_PROPERTIES, start_kafka
from tests.support.broker_process import BrokerSettings, RunningBroker, start_ottla

PROPERTIES = {
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # What the real broker is given anyway, so that it starts quickly; but a busy machine must not have it fenced.
    **QUICK_PROPERTIES,
    "broker.session.timeout.ms": "30000",
}
STARTERS = {"kafka": start_kafka, "ottla": start_ottla}


@dataclass(frozen=True, slots=True)
class Pair:
    """Both brokers."""

    kafka: RunningBroker
    other: RunningBroker


@contextmanager
def running_pair(folder: Path, other: str = "ottla") -> Iterator[Pair]:
    """Start both brokers at the same time in folders of `folder`; they are killed in the end."""

    def start(kind: str, place: str) -> RunningBroker:
        work_dir = folder / place
        return STARTERS[kind](BrokerSettings(work_dir / "data", work_dir, properties=PROPERTIES))

    with ThreadPoolExecutor(2) as pool:
        starts = [pool.submit(start, kind, place) for kind, place in (("kafka", "kafka"), (other, "other"))]
    started = [each.result() for each in starts if each.exception() is None]
    try:
        yield Pair(*(each.result() for each in starts))
    finally:
        for broker in started:
            broker.kill()
