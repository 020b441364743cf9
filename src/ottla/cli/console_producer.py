"""kafka-console-producer: every line of standard input becomes a record.

What could not be delivered is logged and the rest goes on, as with Kafka's tool: the exit code is 0 unless the command
line, a line of input or, with --sync, a delivery was wrong.
"""

from __future__ import annotations

import io
import os
import re
import select
import sys
from collections.abc import Sequence

from ottla.cli.failures import ToolError
from ottla.cli.jopt import INTEGER, LONG, OPTIONAL, REQUIRED, Opt, OptionError, Parsed, key_values
from ottla.cli.line_reader import LineFormat, LineRecord, LineSplitter, records_of
from ottla.cli.tool_clients import (
    POLL_SLICE_S,
    StopSignals,
    failure_trace,
    log_error,
    open_cluster,
    parse_or_show_usage,
    producer_settings,
    properties_of_file,
)
from ottla.client.failures import ApiError
from ottla.client.producer import Producer, RecordMetadata
from ottla.client.producer_settings import PRODUCER_ROWS

PURPOSE = "This tool helps to read data from standard input and publish it to Kafka."
CLIENT_ID = "console-producer"
PROMPT = ">"

_LINE_READER = "org.apache.kafka.tools.LineMessageReader"
_ERROR_LOG = "org.apache.kafka.clients.producer.internals.ErrorLoggingCallback"
_EXECUTION_EXCEPTION = "java.util.concurrent.ExecutionException"
_READ_BYTES = 1 << 20
"""As much as is taken from standard input at once: some thousand lines, and little beside buffer.memory."""

_HOST_AND_PORT = re.compile(r".*?\[?([0-9a-zA-Z\-%._:]*)\]?:([0-9]+)")

ROWS = (
    Opt("topic", "REQUIRED: The topic to write to.", REQUIRED, "topic"),
    Opt(
        "bootstrap-server",
        "REQUIRED: The brokers to connect to, as HOST1:PORT1,HOST2:PORT2.",
        REQUIRED,
        "server to connect to",
        synonyms=("broker-list",),
    ),
    Opt("sync", "Wait for the answer to each record before the next is sent."),
    Opt(
        "compression-codec",
        "The codec: 'none', 'gzip', 'snappy', 'lz4' or 'zstd'; gzip where none is named.",
        OPTIONAL,
        "compression-codec",
    ),
    Opt("batch-size", "Size of a batch in bytes (batch.size).", REQUIRED, "size", INTEGER, 16 * 1024),
    Opt("message-send-max-retries", "How often to try again (retries).", REQUIRED, kind=INTEGER, default=3),
    Opt(
        "retry-backoff-ms",
        "How long to wait before that (retry.backoff.ms).",
        REQUIRED,
        kind=LONG,
        default=100,
    ),
    Opt("timeout", "How long a record waits for others (linger.ms).", REQUIRED, "timeout_ms", LONG, 1000),
    Opt(
        "request-required-acks",
        "The acknowledgements to wait for (acks).",
        REQUIRED,
        "request required acks",
        default="-1",
    ),
    Opt(
        "request-timeout-ms",
        "How long to wait for an answer (request.timeout.ms).",
        REQUIRED,
        "request timeout ms",
        INTEGER,
        1500,
    ),
    Opt(
        "metadata-expiry-ms",
        "After how long to ask for metadata anew (metadata.max.age.ms).",
        REQUIRED,
        "metadata expiration interval",
        LONG,
        5 * 60 * 1000,
    ),
    Opt(
        "max-block-ms",
        "How long to wait for metadata and for room (max.block.ms).",
        REQUIRED,
        "max block on send",
        LONG,
        60 * 1000,
    ),
    Opt(
        "max-memory-bytes",
        "Memory for records that wait (buffer.memory).",
        REQUIRED,
        "total memory in bytes",
        LONG,
        32 * 1024 * 1024,
    ),
    Opt(
        "max-partition-memory-bytes",
        "Size of a batch in bytes (batch.size); goes before --batch-size.",
        REQUIRED,
        "memory in bytes per partition",
        INTEGER,
        16 * 1024,
    ),
    Opt("line-reader", "The class that reads lines.", REQUIRED, "reader_class", default=_LINE_READER),
    Opt(
        "socket-buffer-size",
        "Buffer of the socket (send.buffer.bytes).",
        REQUIRED,
        "size",
        INTEGER,
        1024 * 100,
    ),
    Opt(
        "property",
        "A property of the line reader, as key=value: parse.key=false, parse.headers=false, ignore.error=false,"
        " key.separator=\\t, headers.delimiter=\\t, headers.separator=, headers.key.separator=: null.marker=",
        REQUIRED,
        "prop",
        synonyms=("reader-property",),
    ),
    Opt(
        "reader-config",
        "A file with properties of the line reader; --property goes before it.",
        REQUIRED,
        "config file",
    ),
    Opt(
        "producer-property",
        "A setting of the producer, as key=value.",
        REQUIRED,
        "producer_prop",
        synonyms=("command-property",),
    ),
    Opt(
        "producer.config",
        "A file with settings of the producer; --producer-property goes before it.",
        REQUIRED,
        "config file",
        synonyms=("command-config",),
    ),
)

_MERGED = (
    ("linger.ms", "timeout"),
    ("acks", "request-required-acks"),
    ("request.timeout.ms", "request-timeout-ms"),
    ("retries", "message-send-max-retries"),
    ("retry.backoff.ms", "retry-backoff-ms"),
    ("send.buffer.bytes", "socket-buffer-size"),
    ("buffer.memory", "max-memory-bytes"),
    ("batch.size", "batch-size"),
    ("batch.size", "max-partition-memory-bytes"),
    ("metadata.max.age.ms", "metadata-expiry-ms"),
    ("max.block.ms", "max-block-ms"),
)
"""The options that stand for settings of the producer."""


def main(arguments: Sequence[str]) -> int:
    """Send lines until the input ends; return the exit code."""
    options = parse_or_show_usage(ROWS, arguments)
    options.check_help_and_version(PURPOSE)
    options.check_required("topic")
    check_bootstrap_server(options)
    try:
        layout = _line_format(options)
        properties = _producer_properties(options)
        settings = producer_settings(properties)
        with (
            open_cluster(properties, kind="Producer", client_id=CLIENT_ID, rows=PRODUCER_ROWS) as cluster,
            StopSignals() as stop,
        ):
            producer = Producer(cluster, settings)
            try:
                Sending(producer, layout, is_synchronous=options.has("sync")).send_all(stop)
            finally:
                producer.close()
    except OptionError:
        raise
    except (ToolError, ApiError) as failure:
        sys.stderr.write(failure_trace(failure))
        return 1
    return stop.exit_code


def check_bootstrap_server(options: Parsed) -> None:
    """Raise UsageError unless every address is a host and a port (`ToolsUtils.validateBootstrapServer`)."""
    addresses = options.text("bootstrap-server")
    if addresses is None or not addresses.strip():
        raise options.usage_error("Error while validating the bootstrap address\n")
    parts = addresses.split(",")
    while parts and not parts[-1]:
        parts.pop()
    if not parts or not all(map(_HOST_AND_PORT.fullmatch, parts)):
        raise options.usage_error("Please provide valid host:port like host1:9091,host2:9092\n")


def _line_format(options: Parsed) -> LineFormat:
    class_name = options.text("line-reader") or ""
    if class_name != _LINE_READER:
        # Readers of a user's own are Java and cannot be loaded here.
        raise ToolError("java.lang.ClassNotFoundException", class_name)
    path = options.text("reader-config")
    properties = properties_of_file(path) if path is not None else {}
    properties["topic"] = options.text("topic") or ""
    return LineFormat.from_properties(properties | key_values(options.texts("property")))


def _producer_properties(options: Parsed) -> dict[str, str]:
    path = options.text("producer.config")
    properties = properties_of_file(path) if path is not None else {}
    properties |= key_values(options.texts("producer-property"))
    properties["bootstrap.servers"] = options.text("bootstrap-server") or ""
    codec = (options.text("compression-codec") or "gzip") if options.has("compression-codec") else "none"
    properties["compression.type"] = codec
    properties.setdefault("client.id", CLIENT_ID)
    for key, name in _MERGED:
        options.merge_into(properties, key, name)
    return properties


class StandardInput:
    """Standard input in large pieces; a stream without a descriptor never keeps anybody waiting."""

    def __init__(self) -> None:
        try:
            self.descriptor: int | None = sys.stdin.fileno()
        except io.UnsupportedOperation:
            self.descriptor = None

    @property
    def is_there(self) -> bool:
        """Whether reading does not wait: a file's end counts, and files never wait."""
        return self.descriptor is None or bool(select.select([self.descriptor], [], [], 0)[0])

    def read(self) -> bytes:
        """Return what is there, at most a piece; nothing at the end."""
        if self.descriptor is None:
            return sys.stdin.buffer.read(_READ_BYTES)
        return os.read(self.descriptor, _READ_BYTES)


class Sending:
    """Lines on their way from standard input to a producer."""

    def __init__(self, producer: Producer, layout: LineFormat, *, is_synchronous: bool) -> None:
        self._producer = producer
        self._layout = layout
        self._is_synchronous = is_synchronous
        self._has_console = sys.stdin.isatty() and sys.stdout.isatty()
        self._line_count = 0

    def send_all(self, stop: StopSignals) -> None:
        """Send what comes until the input ends or a signal comes. Raises ToolError and ApiError."""
        splitter = LineSplitter()
        standard_input = StandardInput()
        self._prompt(1)
        while not stop.received:
            if not standard_input.is_there:
                self._producer.poll(POLL_SLICE_S, until_readable=standard_input.descriptor)
                continue
            piece = standard_input.read()
            if not piece:
                self._send(splitter.last_line())
                return
            self._send(splitter.lines_of(piece))
            self._producer.poll()

    def _prompt(self, times: int) -> None:
        if self._has_console:
            print(PROMPT * times, end="", flush=True)

    def _send(self, lines: list[bytes]) -> None:
        if self._is_synchronous:
            for record in records_of(lines, self._layout, self._line_count + 1):
                self._send_and_wait(record)
        elif self._layout.is_plain and self._layout.null_marker is None:
            self._send_plain(lines)
        else:
            for record in records_of(lines, self._layout, self._line_count + 1):
                self._send_one(record)
        self._line_count += len(lines)
        self._prompt(len(lines))

    def _send_plain(self, lines: list[bytes]) -> None:
        """Send lines as they are, the common case, with nothing beside the sending."""
        send, topic = self._producer.send, self._layout.topic
        for line in lines:
            send(topic, None, line, callback=_log_failure)

    def _send_one(self, record: LineRecord) -> None:
        topic = self._layout.topic
        self._producer.send(topic, record.key, record.value, record.headers, callback=_log_failure)

    def _send_and_wait(self, record: LineRecord) -> None:
        failures: list[ApiError] = []

        def remember(_metadata: RecordMetadata, failure: ApiError | None) -> None:
            if failure is not None:
                failures.append(failure)

        self._producer.send(self._layout.topic, record.key, record.value, record.headers, callback=remember)
        self._producer.flush()
        if failures:
            raise ToolError(_EXECUTION_EXCEPTION, failures[0].java_text()) from failures[0]


def _log_failure(metadata: RecordMetadata, failure: ApiError | None) -> None:
    if failure is None:
        return
    log_error(
        _ERROR_LOG,
        f"Error when sending message to topic {metadata.topic} with key: {_size_text(metadata.key_size)},"
        f" value: {_size_text(metadata.value_size)} with error:",
        failure,
    )


def _size_text(size: int) -> str:
    return "null" if size < 0 else f"{size} bytes"
