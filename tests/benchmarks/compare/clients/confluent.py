"""confluent-kafka against a broker: `python -m tests.benchmarks.compare.clients.confluent LOAD …`.

Every record that is sent has to be acknowledged, and every one that is there has to be read; else the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from tests.benchmarks.figures import percentile

POLL_S = 1.0
PATIENCE_S = 60.0
CONSUMED_AT_ONCE = 10_000
WARMING_RECORDS = 20
"""A client's first records wait for metadata and connections, which is not what a steady latency is about."""

CLOCK_BYTES = 8
"""What a record that is timed begins with: when it was sent, in nanoseconds."""

NEVER_BATCHED = {"linger.ms": 0}

HARDLY_RESTS = {"fetch.queue.backoff.ms": 1}
"""A consumer with 100,000 records in its queue rests, by default for a second, in which it has nothing to do once they
are read. So the faster a broker fills the queue, the slower the client is: with the default it reads the same 170,000
records a second from any broker that is fast enough, and up to 1.9 times as many from a slower one."""


class Delivery:
    """Counts acknowledgements, and keeps the first error."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.error: KafkaError | None = None

    def __call__(self, error: KafkaError | None, _message: Message) -> None:
        if error is None:
            self.acknowledged += 1
        elif self.error is None:
            self.error = error

    def check(self, records: int) -> None:
        """Exit with the first error, or when fewer than `records` were acknowledged."""
        if self.error is not None or self.acknowledged != records:
            sys.exit(f"{self.acknowledged} of {records} records were acknowledged: {self.error}")


def one_in_flight(options: argparse.Namespace) -> dict[str, float]:
    """Send each record when the one before is acknowledged."""
    producer = Producer({"bootstrap.servers": options.bootstrap, "acks": "all", **NEVER_BATCHED})
    value = os.urandom(options.bytes)
    delivery = Delivery()
    took_us = []
    for number in range(options.records + WARMING_RECORDS):
        begun = time.perf_counter_ns()
        producer.produce(options.topic, value, on_delivery=delivery)
        deadline = time.monotonic() + PATIENCE_S
        while delivery.acknowledged <= number and delivery.error is None and time.monotonic() < deadline:
            producer.poll(POLL_S)
        delivery.check(number + 1)
        took_us.append((time.perf_counter_ns() - begun) / 1000)
    return _percentiles(took_us[WARMING_RECORDS:])


def end_to_end(options: argparse.Namespace) -> dict[str, float]:
    """Send records at a steady pace, and take the time from each one's sending to its arrival at a consumer."""
    consumer = _assigned(options, {})
    producer = Producer({"bootstrap.servers": options.bootstrap, "acks": "all", **NEVER_BATCHED})
    delivery = Delivery()
    padding = bytes(max(0, options.bytes - CLOCK_BYTES))

    def send() -> None:
        value = time.perf_counter_ns().to_bytes(CLOCK_BYTES, "big") + padding
        producer.produce(options.topic, value, on_delivery=delivery)
        producer.poll(0)

    def send_at_pace() -> None:
        begun = time.perf_counter()
        for number in range(options.records):
            time.sleep(max(0.0, begun + number / options.per_second - time.perf_counter()))
            send()
        producer.flush(PATIENCE_S)

    for _ in range(WARMING_RECORDS):  # one by one: the consumer reads along when the pace begins
        send()
        producer.flush(PATIENCE_S)
        _arrivals(consumer, 1, PATIENCE_S)
    sender = threading.Thread(target=send_at_pace)
    sender.start()
    took_us = _arrivals(consumer, options.records, PATIENCE_S + options.records / options.per_second)
    sender.join()
    delivery.check(options.records + WARMING_RECORDS)
    consumer.close()
    return _percentiles(took_us)


def _arrivals(consumer: Consumer, count: int, patience_s: float) -> list[float]:
    """Return how many microseconds each of so many records has taken; exits when one does not come."""
    took_us: list[float] = []
    deadline = time.monotonic() + patience_s
    while len(took_us) < count:
        message = _checked(consumer.poll(POLL_S))
        if message is not None:
            sent_ns = int.from_bytes((message.value() or b"")[:CLOCK_BYTES], "big")
            took_us.append((time.perf_counter_ns() - sent_ns) / 1000)
        elif time.monotonic() > deadline:
            sys.exit(f"{len(took_us)} of {count} records came")
    return took_us


def produce(options: argparse.Namespace) -> dict[str, float]:
    """Send records as fast as the broker takes them."""
    producer = Producer({"bootstrap.servers": options.bootstrap, "acks": "all"})
    value = os.urandom(options.bytes)
    delivery = Delivery()
    begun = time.perf_counter()
    for _ in range(options.records):
        while True:
            try:
                producer.produce(options.topic, value, on_delivery=delivery)
                break
            except BufferError:  # the queue is full: acknowledgements make room
                producer.poll(POLL_S)
    producer.flush(PATIENCE_S)
    taken_s = time.perf_counter() - begun
    delivery.check(options.records)
    return {"seconds": taken_s}


def consume(options: argparse.Namespace) -> dict[str, float]:
    """Read a topic from its beginning to its end."""
    consumer = _assigned(options, HARDLY_RESTS)
    deadline = time.monotonic() + PATIENCE_S
    count = 0
    begun = time.perf_counter()
    while count < options.records and time.monotonic() < deadline:
        for message in consumer.consume(min(CONSUMED_AT_ONCE, options.records - count), POLL_S):
            _checked(message)
            count += 1
    taken_s = time.perf_counter() - begun
    consumer.close()
    if count != options.records:
        sys.exit(f"{count} of {options.records} records came")
    return {"seconds": taken_s}


LOADS: Mapping[str, Callable[[argparse.Namespace], dict[str, float]]] = {
    "one-in-flight": one_in_flight,
    "end-to-end": end_to_end,
    "produce": produce,
    "consume": consume,
}


def _assigned(options: argparse.Namespace, settings: Mapping[str, int]) -> Consumer:
    consumer = Consumer(
        {
            "bootstrap.servers": options.bootstrap,
            "group.id": options.topic,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            **settings,
        }
    )
    consumer.assign([TopicPartition(options.topic, 0, 0)])
    return consumer


def _checked(message: Message | None) -> Message | None:
    if message is not None and message.error() is not None:
        raise KafkaException(message.error())
    return message


def _percentiles(took_us: list[float]) -> dict[str, float]:
    return {
        "p50": percentile(took_us, 50),
        "p99": percentile(took_us, 99),
        "p99.9": percentile(took_us, 99.9),
    }


def main() -> None:
    """Run one load and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("load", choices=LOADS)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--records", type=int, required=True)
    parser.add_argument("--bytes", type=int, required=True)
    parser.add_argument("--per-second", type=float, default=1_000.0)
    options = parser.parse_args()
    print(json.dumps(LOADS[options.load](options)))


if __name__ == "__main__":
    main()
