"""Metrics, quotas and client telemetry."""

from __future__ import annotations

from ottla.config.checks import at_least
from ottla.config.kinds import CLASS, CLUSTER_WIDE, INT, LIST, LONG, LOW, STRING
from ottla.config.option import Option, inert, refused
from ottla.config.tables import reasons

OPTIONS = (
    Option(
        "client.quota.callback.class",
        CLASS,
        None,
        LOW,
        "",
        status=refused("the quotas could not be enforced"),
    ),
    Option(
        "controller.quota.window.num",
        INT,
        "11",
        LOW,
        "",
        check=at_least(1),
        status=inert(reasons.QUOTAS),
    ),
    Option(
        "controller.quota.window.size.seconds",
        INT,
        "1",
        LOW,
        "",
        check=at_least(1),
        status=inert(reasons.QUOTAS),
    ),
    Option(
        "kafka.metrics.polling.interval.secs",
        INT,
        "10",
        LOW,
        "",
        check=at_least(1),
        status=inert(reasons.METRICS),
    ),
    Option(
        "kafka.metrics.reporters",
        LIST,
        "",
        LOW,
        "",
        status=inert(reasons.METRICS),
    ),
    Option(
        "metric.reporters",
        LIST,
        "org.apache.kafka.common.metrics.JmxReporter",
        LOW,
        "",
        scope=CLUSTER_WIDE,
        status=inert(reasons.METRICS),
    ),
    Option(
        "metrics.num.samples",
        INT,
        "2",
        LOW,
        "",
        check=at_least(1),
        status=inert(reasons.METRICS),
    ),
    Option(
        "metrics.recording.level",
        STRING,
        "INFO",
        LOW,
        "",
        status=inert(reasons.METRICS),
    ),
    Option(
        "metrics.sample.window.ms",
        LONG,
        "30000",
        LOW,
        "",
        check=at_least(1),
        status=inert(reasons.METRICS),
    ),
    Option(
        "quota.window.num",
        INT,
        "11",
        LOW,
        "How many samples the rate of new connections is averaged over.",
        check=at_least(1),
    ),
    Option(
        "quota.window.size.seconds",
        INT,
        "1",
        LOW,
        "How many seconds one sample of the rate of new connections is long.",
        check=at_least(1),
    ),
    Option(
        "telemetry.max.bytes",
        INT,
        "1048576",
        LOW,
        "Largest push of a client's metrics that is accepted, in bytes (KIP-714). Nothing here receives them.",
        check=at_least(1),
    ),
)
