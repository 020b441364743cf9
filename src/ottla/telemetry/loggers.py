"""The table of loggers: what each one tells, and by which of Apache Kafka's names operators know that part.

Lines that Kafka has too bear Kafka's names, all others are under `ottla`. A level that is set for a Kafka name reaches
the loggers of the same part here, so that what operators write for a Kafka does here what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ottla.version import KAFKA_VERSION


class LoggerRow(NamedTuple):
    """A logger, with all below it."""

    name: str
    kafka_names: tuple[str, ...]
    """Kafka's loggers of the same part; a level for one of them, or for what is above it, counts for this one too."""
    tells: str


LOGGERS = (
    LoggerRow(
        "kafka.network", (), "Listeners, connections that are refused or closed (DEBUG: also why others end)."
    ),
    LoggerRow(
        "kafka.request.logger",
        ("kafka.network.RequestChannel$",),
        "Every request: a line with its times and sizes once it is answered (DEBUG), and what it and its answer hold "
        "(TRACE). It costs something only when it is on.",
    ),
    LoggerRow("kafka.server", (), "Start and stop in Apache Kafka's words, and settings without effect."),
    LoggerRow("org.apache.kafka.common.utils", (), "The version and the signal that ends the process."),
    LoggerRow(
        "state.change.logger", (), "Which partitions this node begins to lead, and in which epoch (DEBUG)."
    ),
    LoggerRow(
        "ottla.controller",
        ("kafka.controller", "org.apache.kafka.controller"),
        "Topics that come, grow and go, changed configurations, topics that cannot be made automatically.",
    ),
    LoggerRow(
        "ottla.coordination",
        ("org.apache.kafka.image", "org.apache.kafka.metadata", "org.apache.kafka.raft"),
        "The metadata log with its snapshots, and coordinators that are loaded from their logs.",
    ),
    LoggerRow(
        "ottla.groups",
        ("kafka.coordinator.group", "org.apache.kafka.coordinator.group"),
        "Members that come and go, rebalances, expired offsets.",
    ),
    LoggerRow(
        "ottla.handlers",
        ("kafka.server.ControllerApis", "kafka.server.KafkaApis"),
        "What a single request made us say: refused batches, transactions.",
    ),
    LoggerRow("ottla.metrics", ("kafka.server",), "The port for Prometheus (DEBUG: each request to it)."),
    LoggerRow(
        "ottla.partitions",
        ("kafka.cluster.Partition", "kafka.log.LogManager", "kafka.server.ReplicaManager"),
        "Partitions that are loaded, made, deleted or offline, retention, slow disks.",
    ),
    LoggerRow(
        "ottla.partitions.cleaning",
        (
            "kafka.log.LogCleaner",
            "kafka.log.LogCleanerManager",
            "org.apache.kafka.storage.internals.log.LogCleaner",
            "org.apache.kafka.storage.internals.log.LogCleanerManager",
        ),
        "Compacted logs: a line for each cleaning, and those that are given up.",
    ),
    LoggerRow(
        "ottla.processes",
        ("kafka.server",),
        "Jobs that failed in a helper process (DEBUG: which processes come and go). What a job tells bears the logger "
        "of its part.",
    ),
    LoggerRow(
        "ottla.server",
        ("kafka.server",),
        "The data directory, limits of the system, a loop that was held up.",
    ),
    LoggerRow(
        "ottla.storage",
        ("kafka.log", "org.apache.kafka.storage"),
        "Segments, recovery, what retention deletes.",
    ),
    LoggerRow("ottla.tasks", ("kafka.server",), "Failures of what runs beside the requests."),
)
"""Every logger that the broker has is one of these or below one of these, by test."""


def loggers_for(name: str) -> Iterator[str]:
    """Yield the loggers that a level for this name reaches: those below it, by either name, or the one above it."""
    for row in LOGGERS:
        if (
            is_within(row.name, name)
            or is_within(name, row.name)
            or any(is_within(kafka_name, name) for kafka_name in row.kafka_names)
        ):
            yield row.name


def is_within(name: str, above: str) -> bool:
    """Tell whether a logger's name is the other one or below it."""
    return name == above or name.startswith(f"{above}.")


def loggers_page() -> str:
    """Return docs/logging.md: every logger, what it tells and Kafka's names for it."""
    rows = [
        f"| `{row.name}` | {', '.join(f'`{each}`' for each in row.kafka_names)} | {row.tells} |"
        for row in LOGGERS
    ]
    return "\n".join([_PAGE_HEAD, *rows, ""])


_PAGE_HEAD = f"""\
# Loggers

Generated from `ottla.telemetry.loggers`; run `python docs/generate.py`. [operations.md](operations.md) says how to set
levels.

A level for one of Apache Kafka {KAFKA_VERSION}'s names in the second column, or for a name above it, reaches the logger
in the first. A name of Kafka's that is not here is accepted: one warning at the start says that nothing here logs under
it.

| logger, and all below it | Kafka's names for that part | what it tells |
|--|--|--|"""
