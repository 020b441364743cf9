"""kafka-producer-perf-test: sends records as fast as it is told to, and measures how long the answers take.

What is measured is what happened: a latency runs from the call that takes a record to the one that hears its answer.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ottla.cli.arguments import (
    Argument,
    ArgumentsError,
    ParsedCommand,
    parse_program,
    program_error,
)
from ottla.cli.commands import run_program
from ottla.cli.failures import illegal_argument
from ottla.cli.java_numbers import SplittableRandom
from ottla.cli.metrics_report import Metric, metrics_table
from ottla.cli.producer_statistics import ProducerStatistics, now_ms
from ottla.cli.throttling import Throttle
from ottla.cli.tool_clients import open_cluster, producer_settings, properties_of_file
from ottla.client.failures import ApiError
from ottla.client.producer import Producer, RecordMetadata
from ottla.client.producer_settings import PRODUCER_ROWS
from ottla.types import random_uuid, uuid_to_text

PROGRAM = "producer-performance"
DESCRIPTION = (
    "This tool is used to verify the producer performance. To enable transactions, you can specify a transaction id or "
    "set a transaction duration using --transaction-duration-ms. There are three ways to specify the transaction id: "
    "set transaction.id=<id> via --producer-props, set transaction.id=<id> in the config file via --producer.config, "
    "or use --transaction-id <id>."
)
CLIENT_ID = "perf-producer-client"

_LETTERS = bytes(ord("A") + byte % 26 for byte in range(256))
_SEED = 0
_LINE_FEED_SHOWN = "\\n"
_TRANSACTION_PREFIX = "performance-producer-"

DEFAULT_REPORT_INTERVAL_MS = 5_000

OPTIONS = (
    Argument(
        ("--bootstrap-server",),
        "The brokers to connect to; this goes before bootstrap.servers among the settings.",
        shown="BOOTSTRAP-SERVER",
        is_later=True,
    ),
    Argument(
        ("--record-size",),
        "Size of a record in bytes.",
        required=True,
        group="payload",
        is_integer=True,
        shown="RECORD-SIZE",
    ),
    Argument(
        ("--payload-file",),
        "A file of UTF-8 whose parts are sent, chosen by chance.",
        required=True,
        group="payload",
        shown="PAYLOAD-FILE",
    ),
    Argument(
        ("--payload-monotonic",),
        "Send the numbers of the records.",
        takes_value=False,
        required=True,
        group="payload",
    ),
    Argument(("--topic",), "The topic to write to.", required=True),
    Argument(
        ("--num-records",),
        "How many records to send.",
        required=True,
        number_class="Long",
        shown="NUM-RECORDS",
    ),
    Argument(
        ("--payload-delimiter",),
        "The regular expression between the parts of the file; a line's end by default.",
        shown="PAYLOAD-DELIMITER",
    ),
    Argument(
        ("--throughput",),
        "How many records a second, about; -1 for no limit.",
        required=True,
        number_class="Double",
    ),
    Argument(
        ("--producer-props",),
        "Settings of the producer; they go before those of --producer.config.",
        takes_many=True,
        shown="PROP-NAME=PROP-VALUE",
        synonyms=("--command-property",),
    ),
    Argument(
        ("--producer.config",),
        "A file with settings of the producer.",
        shown="CONFIG-FILE",
        synonyms=("--command-config",),
    ),
    Argument(("--print-metrics",), "Print metrics at the end.", takes_value=False),
    Argument(("--transactional-id",), "The transactional id; refused here as yet.", shown="TRANSACTIONAL-ID"),
    Argument(
        ("--transaction-duration-ms",),
        "How long a transaction lasts; refused here as yet.",
        number_class="Long",
        shown="TRANSACTION-DURATION",
    ),
    Argument(
        ("--warmup-records",),
        "How many records to leave out of the figures of the steady state, a line of its own at the end.",
        number_class="Long",
        shown="WARMUP-RECORDS",
        is_later=True,
    ),
    Argument(
        ("--reporting-interval",),
        "How often to print figures meanwhile, in ms; 5000 by default.",
        number_class="Long",
        shown="INTERVAL-MS",
        is_later=True,
    ),
)


@dataclass(frozen=True, slots=True)
class PerfRun:
    """What is to be sent, and how."""

    topic: str
    record_count: int
    payload: Callable[[int], bytes]
    """The value of each record, by its number."""
    throughput: float
    properties: dict[str, str]
    prints_metrics: bool
    warmup_count: int = 0
    """How many records the steady state comes after; 0 for no figures of one."""
    report_interval_ms: int = DEFAULT_REPORT_INTERVAL_MS


def main(arguments: Sequence[str]) -> int:
    """Send and measure; return the exit code."""
    return run_program(PROGRAM, DESCRIPTION, OPTIONS, arguments, read_command_line, _run)


def _run(run: PerfRun) -> int:
    settings = producer_settings(run.properties)
    client_id = run.properties["client.id"]
    with open_cluster(run.properties, kind="Producer", client_id=client_id, rows=PRODUCER_ROWS) as cluster:
        _measure(run, Producer(cluster, settings))
    return 0


def read_command_line(arguments: Sequence[str]) -> PerfRun:
    """Return what the arguments ask for. Raises ArgumentsError, HelpRequestedError and ToolError."""
    given = parse_program(PROGRAM, DESCRIPTION, OPTIONS, arguments)
    _require_positive(given, "num_records", "--num-records")
    record_count = int(given.value("num_records") or 0)
    warmup_count = max(int(given.value("warmup_records") or 0), 0)
    if warmup_count >= record_count:
        raise _error(
            "The value for --warmup-records must be strictly fewer than the number of records in the test, "
            "--num-records."
        )
    _require_positive(given, "record_size", "--record-size")
    if not any(given.is_set(name) for name in ("producer_props", "producer.config", "bootstrap_server")):
        raise _error("Either --producer-props or --producer.config must be specified.")
    _require_positive(given, "transaction_duration_ms", "--transaction-duration-ms")
    _require_positive(given, "reporting_interval", "--reporting-interval")
    return PerfRun(
        topic=given.value("topic") or "",
        record_count=record_count,
        payload=_payload(given),
        throughput=float((given.value("throughput") or "").rstrip("dDfF")),
        properties=_properties(given),
        prints_metrics=given.is_set("print_metrics"),
        warmup_count=warmup_count,
        report_interval_ms=int(given.value("reporting_interval") or DEFAULT_REPORT_INTERVAL_MS),
    )


def _require_positive(given: ParsedCommand, name: str, flag: str) -> None:
    text = given.value(name)
    if text is not None and int(text) <= 0:
        raise _error(f"{flag} should be greater than zero")


def _error(reason: str) -> ArgumentsError:
    return program_error(PROGRAM, DESCRIPTION, OPTIONS, reason)


def _payload(given: ParsedCommand) -> Callable[[int], bytes]:
    path = given.value("payload_file")
    if path is not None:
        delimiter = given.value("payload_delimiter") or _LINE_FEED_SHOWN
        parts = read_payloads(Path(path), "\n" if delimiter == _LINE_FEED_SHOWN else delimiter)
        if not parts:
            raise illegal_argument("no payload File Path or record Size or payload-monotonic option provided")
        chance = SplittableRandom(_SEED)
        return lambda _number: parts[chance.next_below(len(parts))]
    size = given.value("record_size")
    if size is None:
        return lambda number: b"%d" % number
    # Letters as in Kafka's tool, from a generator that makes all of a record in one go.
    random_bytes, size_bytes = random.Random(_SEED).randbytes, int(size)  # noqa: S311 - no secret
    return lambda _number: random_bytes(size_bytes).translate(_LETTERS)


def read_payloads(path: Path, delimiter: str) -> list[bytes]:
    """Return the parts of a file, told apart as Java's `Scanner` does. Raises ToolError for a file without content."""
    print(f"Reading payloads from: {path.absolute()}")
    if not path.exists() or path.stat().st_size == 0:
        raise illegal_argument("File does not exist or empty file provided.")
    parts = re.split(delimiter, path.read_bytes().decode("utf-8", "replace"))
    # A delimiter at the very beginning or end has nothing before or behind it.
    parts = parts[1:] if not parts[0] else parts
    parts = parts[:-1] if parts and not parts[-1] else parts
    print(f"Number of messages read: {len(parts)}")
    return [part.encode() for part in parts]


def _properties(given: ParsedCommand) -> dict[str, str]:
    path = given.value("producer.config")
    properties = properties_of_file(path) if path is not None else {}
    for text in given.all_values("producer_props"):
        pieces = text.rstrip("=").split("=")
        if len(pieces) != 2:
            raise illegal_argument(f"Invalid property: {text}")
        properties[pieces[0]] = pieces[1]
    servers = given.value("bootstrap_server")
    if servers is not None:
        properties["bootstrap.servers"] = servers
    properties.setdefault("client.id", CLIENT_ID)
    transactional_id = given.value("transactional_id")
    if given.is_set("transaction_duration_ms") and transactional_id is None:
        transactional_id = properties.get(
            "transactional.id", _TRANSACTION_PREFIX + uuid_to_text(random_uuid())
        )
    if transactional_id is not None:
        properties["transactional.id"] = transactional_id  # which the producer refuses with clear words
    return properties


def _measure(run: PerfRun, producer: Producer) -> None:
    start_ms = now_ms()
    total = ProducerStatistics(run.record_count, start_ms, sys.stdout, run.report_interval_ms)
    sending = Sending(run, producer, Throttle(run.throughput, start_ms, producer.poll))
    every = [total]
    if run.warmup_count:
        print(
            f"Warmup first {run.warmup_count} records. Steady state results will print after the complete test summary."
        )
        sending.send(range(run.warmup_count), every)
        total.stop_printing_windows()
        every = [total, _steady_state(run)]
    sending.send(range(run.warmup_count, run.record_count), every)
    if run.prints_metrics:
        producer.flush()
    else:
        producer.close()
    for statistics in every:
        statistics.print_total(now_ms())
    if run.prints_metrics:
        print(metrics_table(_metrics(run, total, sending.failures)), end="")
        producer.close()


def _steady_state(run: PerfRun) -> ProducerStatistics:
    remaining = run.record_count - run.warmup_count
    return ProducerStatistics(remaining, now_ms(), sys.stdout, run.report_interval_ms, is_steady_state=True)


@dataclass(slots=True)
class Sending:
    """A run's records on their way."""

    run: PerfRun
    producer: Producer
    throttle: Throttle
    failures: int = 0
    """How many records the broker refused, or did not answer."""

    def send(self, numbers: range, every: Sequence[ProducerStatistics]) -> None:
        """Send the records of these numbers, to be counted in every one of some statistics."""
        send, payload, topic = self.producer.send, self.run.payload, self.run.topic
        for number in numbers:
            sent_ms = now_ms()
            send(topic, None, payload(number), callback=partial(self._delivered, every, sent_ms))
            self.throttle.after(number, sent_ms)

    def _delivered(
        self,
        every: Sequence[ProducerStatistics],
        sent_ms: int,
        metadata: RecordMetadata,
        failure: ApiError | None,
    ) -> None:
        if failure is None:
            now = now_ms()
            for statistics in every:
                statistics.add(now - sent_ms, metadata.value_size, now)
        else:
            self.failures += 1
            print(failure.java_text(), file=sys.stderr)


def _metrics(run: PerfRun, statistics: ProducerStatistics, failures: int) -> dict[Metric, float]:
    client_id = run.properties["client.id"]
    counted = {
        "record-send-total": statistics.count,
        "record-error-total": failures,
    }
    return {Metric("producer-metrics", name, client_id): value for name, value in counted.items()}
