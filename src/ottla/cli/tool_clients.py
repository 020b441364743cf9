"""What tools with a producer or consumer share: opening it, log lines with a failure, and the signals that end a tool.

A client that cannot be constructed fails as Kafka's does: a setting's own failure as it is, one of its addresses inside
of another failure that names the client.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from types import FrameType
from typing import Any, Self

from ottla.cli.failures import ToolError, UsageError
from ottla.cli.jopt import HELP, VERSION, Opt, OptionError, Parsed, parse, usage_table
from ottla.client import log_lines
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, ConfigurationError
from ottla.client.producer_settings import ProducerSettings
from ottla.client.properties import ClientConfig, Row, read_client_properties

POLL_SLICE_S = 0.25
"""The longest that a client waits at once, so that a signal is acted upon soon."""

KAFKA_EXCEPTION = "org.apache.kafka.common.KafkaException"
TIMEOUT_EXCEPTION = "org.apache.kafka.common.errors.TimeoutException"
PATTERN_ERROR = "java.util.regex.PatternSyntaxException"
_NO_FILE = "java.nio.file.NoSuchFileException"

_DELIVERY_TIMEOUT_ERROR = "delivery.timeout.ms should be"
_ADDRESS_ERRORS = (
    "Invalid url in bootstrap.servers",
    "Invalid port in bootstrap.servers",
    "No resolvable bootstrap urls",
)
_EXIT_CODE_OF_SIGNALS = 128


def open_cluster(properties: Mapping[str, str], *, kind: str, client_id: str, rows: Iterable[Row]) -> Cluster:
    """Return the cluster of a client of a `kind`, Producer or Consumer. Raises ConfigurationError and ToolError."""
    try:
        return Cluster(
            ClientConfig.from_properties(properties, client_id=client_id, kind=kind, more_rows=rows)
        )
    except ConfigurationError as error:
        if str(error).startswith(_ADDRESS_ERRORS):
            raise ToolError(KAFKA_EXCEPTION, f"Failed to construct kafka {kind.lower()}") from error
        raise


def producer_settings(properties: Mapping[str, str]) -> ProducerSettings:
    """Return the settings of a producer. Raises ConfigurationError, and ToolError for what its constructor refuses."""
    try:
        return ProducerSettings.from_properties(properties)
    except ConfigurationError as error:
        if str(error).startswith(_DELIVERY_TIMEOUT_ERROR):
            raise ToolError(KAFKA_EXCEPTION, "Failed to construct kafka producer") from error
        raise


def properties_of_file(path: str) -> dict[str, str]:
    """Return the settings of a file. Raises ToolError where it is not there."""
    try:
        return read_client_properties(path)
    except FileNotFoundError as error:
        raise ToolError(_NO_FILE, path) from error
    except OSError as error:
        raise ToolError("java.io.IOException", error.strerror) from error


def log_error(java_class: str, text: str, failure: ToolError | ApiError) -> None:
    """Log an error of a Java class with the failure that it is about."""
    log_lines.error(java_class, text)
    first, _, causes = failure_trace(failure).partition("\n")
    # The log shows a failure without words of its own with a null, a stack trace on a terminal does not.
    sys.stderr.write(f"{first}: null\n{causes}" if first == failure.java_class else f"{first}\n{causes}")


def failure_trace(failure: ToolError | ApiError) -> str:
    """Return a failure with its causes as Java's stack traces name them, the places in Kafka's source left out."""
    lines = [failure.java_text()]
    cause = failure.__cause__
    while isinstance(cause, ToolError | ApiError):
        lines.append(f"Caused by: {cause.java_text()}")
        cause = cause.__cause__
    return "\n".join(lines) + "\n"


class StopSignals:
    """Takes note of an interrupt or a termination instead of dying of it, while the context lasts."""

    def __init__(self) -> None:
        self.received = 0
        """The number of the first signal, 0 while there was none."""
        self._previous: dict[int, Any] = {}

    @property
    def exit_code(self) -> int:
        """What a process ends with after the signal; 0 without one."""
        return _EXIT_CODE_OF_SIGNALS + self.received if self.received else 0

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.received = self.received or number


def parse_or_show_usage(rows: Sequence[Opt], arguments: Sequence[str]) -> Parsed:
    """Read options; what joptsimple refuses is a usage error, as in most tools with a client. Raises UsageError."""
    try:
        return parse(rows, arguments)
    except OptionError as error:
        raise UsageError(str(error), usage_table((HELP, VERSION, *rows))) from error
