"""Brokers that were killed with much to recover: helper processes do it, and their end loses nothing."""

from __future__ import annotations

import logging
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.broker_process import (
    READY_WORDS,
    START_TIMEOUT_S,
    STOP_TIMEOUT_S,
    BrokerSettings,
    RunningBroker,
    ottla_command,
    ottla_environment,
    start_ottla,
)
from tests.support.live_broker import LiveBroker
from tests.support.logs import write_batches
from tests.support.plain_client import PlainClient
from tests.support.processes import FollowedProcess

from ottla.errors import ErrorCode
from ottla.partitions.log_recovery import JOB_FROM_BYTES, RECOVER_BESIDE_FROM_BYTES

TOPICS = ("orders", "payments", "audit")
VALUE = b"x" * 3000
BATCHES = 60
SEGMENTS = 6
BATCHES_PER_SEGMENT = 10_000
"""Of one record each, with which a recovery is busy for a tenth of a second or more per segment."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    """Give a broker that serves, with topics; it is the test's to kill."""
    settings = BrokerSettings(
        tmp_path / "data", tmp_path, properties={"ottla.log.level": "INFO,ottla.processes=DEBUG"}
    )
    running = start_ottla(settings)
    with PlainClient(running.port) as client:
        for topic in TOPICS:
            assert client.create_topic(topic) == ErrorCode.NONE
    yield running
    if running.running:
        running.kill()


def produce(client: PlainClient, topic: str, first: int, last: int) -> list[int]:
    """Send numbered batches as one idempotent producer; return the offsets that were acknowledged."""
    numbers = {"producer_id": 7, "producer_epoch": 0}
    return [
        client.produce(topic, b"%d:" % number + VALUE, **numbers, base_sequence=number).base_offset
        for number in range(first, last)
    ]


def grow(broker: RunningBroker) -> dict[str, int]:
    """Let the logs of a broker that was killed be larger than they are; return where they end now."""
    assert not broker.running
    return {
        topic: write_batches(broker.data_dir / f"{topic}-0", BATCHES_PER_SEGMENT, segments=SEGMENTS)
        for topic in TOPICS
    }


def assert_all_there(port: int, ends: dict[str, int]) -> None:
    with PlainClient(port) as client:
        for topic, end in ends.items():
            assert client.end_offset(topic).offset == end
            assert client.produce(topic, b"goes on").base_offset == end


def test_what_a_killed_broker_had_acknowledged_is_there(
    broker: RunningBroker, caplog: pytest.LogCaptureFixture
) -> None:
    with PlainClient(broker.port) as client:
        for topic in TOPICS:
            assert produce(client, topic, 0, BATCHES) == list(range(BATCHES))
    broker.kill()
    assert BATCHES * len(VALUE) > JOB_FROM_BYTES
    with (
        caplog.at_level(logging.INFO),
        LiveBroker(broker.data_dir, properties={"node.id": "1"}, recover_beside_from_bytes=1) as live,
        live.client() as client,
    ):
        lines = [record.getMessage() for record in caplog.records]
        assert sorted(line.split()[3] for line in lines if "Completed recovery of" in line) == [
            "audit-0",
            "orders-0",
            "payments-0",
        ]
        for topic in TOPICS:
            assert client.read_all(topic) == [b"%d:" % number + VALUE for number in range(BATCHES)]
            # All that a producer may not have heard of is recognised, and what follows is taken.
            assert produce(client, topic, BATCHES - 5, BATCHES + 1) == list(range(BATCHES - 5, BATCHES + 1))
            assert client.end_offset(topic).offset == BATCHES + 1
        live.stop()
        assert not live.bugs.lines


def test_a_broker_with_much_to_recover_starts_helpers_by_itself(broker: RunningBroker) -> None:
    broker.kill()
    ends = grow(broker)
    sizes = sum(path.stat().st_size for path in broker.data_dir.glob("*-0/*.log"))
    assert sizes > RECOVER_BESIDE_FROM_BYTES
    with (broker.data_dir / "orders-0" / f"{ends['orders'] - BATCHES_PER_SEGMENT:020d}.log").open(
        "ab"
    ) as file:
        file.write(b"torn off")
    broker.start()
    lines = "\n".join(broker.log_lines())
    helpers = {int(found) for found in re.findall(r"Started the helper process (\d+)", lines)}
    assert helpers
    assert not [each for each in helpers if is_running(each)], "a broker that serves has no second process"
    assert re.search(r"WARN Truncated .*orders-0.*\(ottla\.storage\.log_loader\)", lines)
    assert len(re.findall("Completed recovery of", lines)) == len(TOPICS)
    assert_all_there(broker.port, ends)
    assert broker.stop() == 128 + signal.SIGTERM
    broker.start()
    assert "Completed recovery of" not in "\n".join(broker.log_lines())


class KillInTheMiddle(logging.Handler):
    """Kills the helpers as soon as one of them has told that it is in the middle of a log."""

    def __init__(self, live: LiveBroker) -> None:
        super().__init__()
        self._live = live
        self.killed: list[int] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not self.killed and f". 2/{SEGMENTS} recovered for" in record.getMessage():
            recovery = self._live.broker._recovery
            assert recovery is not None
            self.killed += recovery.process_ids
            for process_id in self.killed:
                os.kill(process_id, signal.SIGKILL)


def test_helpers_that_are_killed_in_the_middle_lose_nothing(
    broker: RunningBroker, caplog: pytest.LogCaptureFixture
) -> None:
    broker.kill()
    ends = grow(broker)
    live = LiveBroker(broker.data_dir, properties={"node.id": "1"}, recover_beside_from_bytes=1)
    handler = KillInTheMiddle(live)
    logging.getLogger("ottla.storage").addHandler(handler)
    try:
        with caplog.at_level(logging.INFO), live:
            assert handler.killed
            assert "in the broker itself" in caplog.text
            assert "signal SIGKILL" in caplog.text
            assert_all_there(live.port, ends)
    finally:
        logging.getLogger("ottla.storage").removeHandler(handler)


def begin_recovery(broker: RunningBroker) -> tuple[FollowedProcess, set[int]]:
    """Start the broker and return once it is in the middle of its recovery, with the processes of its helpers."""
    child = FollowedProcess(
        ottla_command(broker.settings), broker.settings.work_dir / "again.log", ottla_environment()
    )
    child.start()
    child.wait_for_line(f". 1/{SEGMENTS} recovered for", START_TIMEOUT_S)
    found = (re.search(r"Started the helper process (\d+)", line) for line in child.lines)
    return child, {int(each[1]) for each in found if each}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_broker_that_recovers(broker: RunningBroker, number: signal.Signals) -> None:
    broker.kill()
    ends = grow(broker)
    child, helpers = begin_recovery(broker)
    child.signal(number)
    assert child.end(STOP_TIMEOUT_S) == 128 + number
    assert not any(READY_WORDS in line for line in child.lines)
    assert not any("ERROR" in line or "Traceback" in line for line in child.lines), child.tail()
    assert helpers
    assert not [each for each in helpers if is_running(each)]
    assert not (broker.data_dir / ".kafka_cleanshutdown").exists()
    broker.start()
    assert_all_there(broker.port, ends)


def is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_broker_that_is_killed_while_it_recovers_has_not_lost_anything(broker: RunningBroker) -> None:
    broker.kill()
    ends = grow(broker)
    child, _ = begin_recovery(broker)
    child.signal(signal.SIGKILL)
    child.end(STOP_TIMEOUT_S)
    broker.start()
    assert_all_there(broker.port, ends)
