"""kafka-consumer-perf-test: reads a topic as fast as it can, and measures how much that was.

The figures are what was read and how long that took by the clock; times of a group's rebalance are counted apart.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ottla.cli.failures import ToolError, illegal_argument
from ottla.cli.java_dates import DEFAULT_PATTERN, date_formatter
from ottla.cli.java_numbers import decimal_text, divide
from ottla.cli.jopt import INTEGER, LONG, OPTIONAL, REQUIRED, Opt, Parsed, key_values
from ottla.cli.metrics_report import Metric, metrics_table
from ottla.cli.producer_statistics import MEGABYTE, now_ms
from ottla.cli.tool_clients import (
    PATTERN_ERROR,
    failure_trace,
    open_cluster,
    parse_or_show_usage,
    properties_of_file,
)
from ottla.client.consumer import Consumer, ConsumerRecord
from ottla.client.consumer_settings import CONSUMER_ROWS, ConsumerSettings
from ottla.client.failures import ApiError
from ottla.types import TopicPartition

PURPOSE = "This tool is used to verify the consumer performance."
CLIENT_ID = "perf-consumer-client"

_GROUP_NUMBERS = 100_000
_POLL_S = 0.1
_REBALANCE_COLUMNS = ", rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec"

ROWS = (
    Opt(
        "bootstrap-server",
        "REQUIRED: The brokers to connect to.",
        REQUIRED,
        "server to connect to",
        synonyms=("broker-list",),
    ),
    Opt("topic", "REQUIRED: The topic to read.", REQUIRED, "topic"),
    Opt("include", "Read all topics whose names match instead of one.", REQUIRED, "Java regex (String)"),
    Opt("group", "The consumer group to be a member of; one of its own by default.", REQUIRED, "gid"),
    Opt(
        "fetch-size",
        "How much to ask of a partition at once, in bytes.",
        REQUIRED,
        "size",
        INTEGER,
        1024 * 1024,
    ),
    Opt("from-latest", "Without a committed offset, begin with the latest record instead of the earliest."),
    Opt("socket-buffer-size", "Buffer of the socket, in bytes.", REQUIRED, "size", INTEGER, 2 * 1024 * 1024),
    Opt(
        "consumer.config",
        "A file with settings of the consumer.",
        REQUIRED,
        "config file",
        synonyms=("command-config",),
    ),
    Opt(
        "command-property",
        "A setting of the consumer; it goes before those of --consumer.config.",
        REQUIRED,
        "prop1=val1",
    ),
    Opt("print-metrics", "Print metrics at the end."),
    Opt("show-detailed-stats", "Print a line for each interval of --reporting-interval."),
    Opt("timeout", "End when no record came for so many ms.", OPTIONAL, "milliseconds", LONG, 10_000),
    Opt(
        "messages", "REQUIRED: How many records to read.", REQUIRED, "count", LONG, synonyms=("num-records",)
    ),
    Opt("reporting-interval", "How often to print, in ms.", REQUIRED, "interval_ms", LONG, 5_000),
    Opt(
        "date-format",
        "How to print times, as Java's SimpleDateFormat has it.",
        REQUIRED,
        "date format",
        default=DEFAULT_PATTERN,
    ),
    Opt("hide-header", "Print no header."),
)


@dataclass(slots=True)
class Progress:
    """What was read so far, and how long the group took."""

    record_count: int = 0
    size_bytes: int = 0
    join_ms: int = 0
    """How long rebalances took."""
    rebalance_count: int = 0
    join_start_ms: int = field(default_factory=now_ms)

    def on_revoked(self, _partitions: list[TopicPartition]) -> None:
        """Begin to count a rebalance."""
        self.join_start_ms = now_ms()

    def on_assigned(self, _partitions: list[TopicPartition]) -> None:
        """Count a rebalance that is over."""
        self.join_ms += now_ms() - self.join_start_ms
        self.rebalance_count += 1

    def add(self, records: Sequence[ConsumerRecord]) -> None:
        """Count records."""
        self.record_count += len(records)
        self.size_bytes += sum([len(record.key) for record in records if record.key is not None])
        self.size_bytes += sum([len(record.value) for record in records if record.value is not None])


@dataclass(slots=True)
class Interval:
    """What had been read when the last line was printed."""

    start_ms: int
    record_count: int = 0
    size_bytes: int = 0
    join_ms: int | None = None
    """0 once a line was printed: Kafka's tool counts rebalances in lines before the first end only."""


def main(arguments: Sequence[str]) -> int:
    """Read and measure; return the exit code."""
    try:
        options = parse_or_show_usage(ROWS, arguments)
        options.check_help_and_version(PURPOSE)
        check_options(options)
        _measure(options)
    except (ToolError, ApiError) as failure:
        message = failure.message if isinstance(failure, ToolError) else str(failure)
        sys.stdout.flush()
        print("null" if message is None else message, file=sys.stderr)
        print(failure_trace(failure), file=sys.stderr)
        return 1
    return 0


def check_options(options: Parsed) -> None:
    """Raise UsageError for options that are missing, or do not go together."""
    if not options.has("include"):
        options.check_required("topic", "messages")
        return
    if options.has("topic"):
        raise options.usage_error("Exactly one of the following arguments is required: [topic], [include]")
    options.check_required("messages")


def _measure(options: Parsed) -> None:
    is_detailed = options.has("show-detailed-stats")
    if not options.has("hide-header"):
        times = "time, threadId" if is_detailed else "start.time, end.time"
        print(f"{times}, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec{_REBALANCE_COLUMNS}")
    properties = consumer_properties(options)
    settings = ConsumerSettings.from_properties(properties)
    client_id = properties["client.id"]
    with open_cluster(properties, kind="Consumer", client_id=client_id, rows=CONSUMER_ROWS) as cluster:
        consumer = Consumer(cluster, settings)
        progress = Progress()
        start_ms = progress.join_start_ms
        _consume(consumer, options, progress)
        end_ms = now_ms()
        consumer.close()
    if not is_detailed:
        show = date_formatter(options.text("date-format") or "")
        print(total_line(progress, start_ms, end_ms, show))
    if options.has("print-metrics"):
        print(metrics_table(_metrics(progress, client_id)), end="")


def consumer_properties(options: Parsed) -> dict[str, str]:
    """Return the settings of the consumer. Raises ToolError."""
    path = options.text("consumer.config")
    properties = properties_of_file(path) if path is not None else {}
    properties |= key_values(options.texts("command-property"))
    servers = options.text("bootstrap-server")
    if servers is None:
        raise ToolError("java.lang.NullPointerException", None)
    properties |= {
        "bootstrap.servers": servers,
        # No secret: it only keeps consumers apart that nobody named.
        "group.id": options.text("group") or f"perf-consumer-{random.randrange(_GROUP_NUMBERS)}",  # noqa: S311
        "receive.buffer.bytes": str(options.number("socket-buffer-size")),
        "max.partition.fetch.bytes": str(options.number("fetch-size")),
        "auto.offset.reset": "latest" if options.has("from-latest") else "earliest",
        "check.crcs": "false",
    }
    properties.setdefault("client.id", CLIENT_ID)
    return properties


def _consume(consumer: Consumer, options: Parsed, progress: Progress) -> None:
    wanted = options.number("messages") or 0
    timeout_ms = options.number("timeout") or 0
    interval_ms = options.number("reporting-interval") or 0
    if interval_ms <= 0:
        raise illegal_argument("Reporting interval must be greater than 0.")
    show = date_formatter(options.text("date-format") or "") if options.has("show-detailed-stats") else None
    _subscribe(consumer, options, progress)
    current_ms = last_consumed_ms = now_ms()
    interval = Interval(current_ms)
    while progress.record_count < wanted and current_ms - last_consumed_ms <= timeout_ms:
        records = consumer.poll(_POLL_S)
        current_ms = now_ms()
        if not records:
            continue
        last_consumed_ms = current_ms
        if current_ms - interval.start_ms < interval_ms:
            progress.add(records)
            continue
        # A line is printed once the first record of a poll was counted.
        progress.add(records[:1])
        if show is not None:
            print(progress_line(progress, interval, current_ms, show), flush=True)
        interval = Interval(current_ms, progress.record_count, progress.size_bytes, 0)
        progress.add(records[1:])
    if progress.record_count < wanted:
        print(
            "WARNING: Exiting before consuming the expected number of messages: timeout "
            f"({timeout_ms} ms) exceeded. You can use the --timeout option to increase the timeout."
        )


def _subscribe(consumer: Consumer, options: Parsed, progress: Progress) -> None:
    topic = options.text("topic")
    try:
        consumer.subscribe(
            () if topic is None else [topic],
            pattern=options.text("include"),
            on_assigned=progress.on_assigned,
            on_revoked=progress.on_revoked,
        )
    except re.error as error:
        raise ToolError(PATTERN_ERROR, f"{error.msg} near index {error.pos}") from error


def total_line(progress: Progress, start_ms: int, end_ms: int, show: Callable[[int], str]) -> str:
    """Return the line of the whole run."""
    elapsed_s = (end_ms - start_ms) / 1000
    fetch_ms = end_ms - start_ms - progress.join_ms
    megabytes = progress.size_bytes / MEGABYTE
    return ", ".join(
        (
            show(start_ms),
            show(end_ms),
            decimal_text(megabytes, 4),
            decimal_text(divide(megabytes, elapsed_s), 4),
            str(progress.record_count),
            decimal_text(divide(progress.record_count, elapsed_s), 4),
            str(progress.join_ms),
            str(fetch_ms),
            decimal_text(divide(megabytes, fetch_ms / 1000), 4),
            decimal_text(divide(progress.record_count, fetch_ms / 1000), 4),
        )
    )


def progress_line(progress: Progress, interval: Interval, end_ms: int, show: Callable[[int], str]) -> str:
    """Return the line of an interval."""
    elapsed_ms = end_ms - interval.start_ms
    join_ms = progress.join_ms if interval.join_ms is None else interval.join_ms
    fetch_ms = elapsed_ms - join_ms
    megabytes = (progress.size_bytes - interval.size_bytes) / MEGABYTE
    records = progress.record_count - interval.record_count
    return ", ".join(
        (
            show(end_ms),
            "0",
            decimal_text(progress.size_bytes / MEGABYTE, 4),
            decimal_text(divide(1000.0 * megabytes, elapsed_ms), 4),
            str(progress.record_count),
            decimal_text(divide(records, elapsed_ms) * 1000.0, 4),
            str(join_ms),
            str(fetch_ms),
            decimal_text(1000.0 * megabytes / fetch_ms if fetch_ms > 0 else 0.0, 4),
            decimal_text(1000.0 * records / fetch_ms if fetch_ms > 0 else 0.0, 4),
        )
    )


def _metrics(progress: Progress, client_id: str) -> dict[Metric, float]:
    return {
        Metric("consumer-fetch-manager-metrics", "records-consumed-total", client_id): progress.record_count,
        Metric("consumer-coordinator-metrics", "rebalance-total", client_id): progress.rebalance_count,
    }
