"""The table of metrics: one row each, from which the scrape takes names and help texts, and docs/metrics.md its rows.

Where dashboards know a name it is that one: those of the JMX exporter's rules for Apache Kafka
(`kafka_server_...`, `kafka_network_...`, `kafka_log_...`), those of kafka_exporter (`kafka_topic_...`,
`kafka_consumergroup_...`), and those of Prometheus' own clients (`process_...`). All others begin with `ottla_`.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """What a metric is to Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """One row."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    tells: str


PARTITION = ("topic", "partition")
GROUP_PARTITION = ("consumergroup", "topic", "partition")
WITH_SUM = "One series for each topic that there is, and one without a label for all together, deleted topics included."

_ROWS = (
    # The process
    Metric(
        "ottla_build_info",
        Kind.GAUGE,
        ("version", "kafka_version", "python_version"),
        "Always 1; the labels tell what runs.",
    ),
    Metric(
        "process_start_time_seconds", Kind.GAUGE, (), "When the broker began to start, in seconds since 1970."
    ),
    Metric("process_cpu_seconds_total", Kind.COUNTER, (), "Processor time of the process, user and system."),
    Metric("process_resident_memory_bytes", Kind.GAUGE, (), "Resident memory of the process (Linux)."),
    Metric(
        "ottla_event_loop_lag_seconds",
        Kind.GAUGE,
        (),
        "The longest that other work kept the event loop from going on with this scrape, which is made in slices.",
    ),
    # Requests
    Metric(
        "kafka_network_requestmetrics_requests_total",
        Kind.COUNTER,
        ("request",),
        "Requests by API, each counted when the broker took it up.",
    ),
    Metric(
        "kafka_network_requestmetrics_errors_total",
        Kind.COUNTER,
        ("request", "error"),
        "Error codes in answers by API, one for each topic, partition or group with one; success is not counted.",
    ),
    Metric(
        "ottla_requests_refused_total",
        Kind.COUNTER,
        (),
        "Requests that could not be parsed or served, each of which has closed its connection.",
    ),
    Metric(
        "ottla_request_bytes_total", Kind.COUNTER, ("request",), "Bytes of requests, size fields included."
    ),
    Metric(
        "ottla_response_bytes_total", Kind.COUNTER, ("request",), "Bytes of answers, size fields included."
    ),
    Metric(
        "ottla_requests_waiting",
        Kind.GAUGE,
        ("request",),
        "Requests that wait for their answer now: parked fetches, joins, writes to a slow disk.",
    ),
    Metric(
        "ottla_request_duration_seconds",
        Kind.HISTOGRAM,
        ("request",),
        "From the whole request to the whole answer, waiting included and sending not (Kafka's TotalTimeMs).",
    ),
    Metric(
        "ottla_request_local_duration_seconds",
        Kind.HISTOGRAM,
        ("request",),
        "How long a request kept the event loop busy before it turned to others (Kafka's LocalTimeMs).",
    ),
    # Connections
    Metric(
        "kafka_server_socket_server_metrics_connection_count",
        Kind.GAUGE,
        ("listener",),
        "Connections that are open now.",
    ),
    Metric(
        "kafka_server_socket_server_metrics_connection_creation_total",
        Kind.COUNTER,
        ("listener",),
        "Connections that were accepted.",
    ),
    # Topics and partitions
    Metric(
        "kafka_server_brokertopicmetrics_messagesin_total",
        Kind.COUNTER,
        ("topic",),
        f"Records appended since the start. {WITH_SUM}",
    ),
    Metric(
        "kafka_server_brokertopicmetrics_bytesin_total",
        Kind.COUNTER,
        ("topic",),
        f"Bytes of record batches appended since the start, as producers sent them. {WITH_SUM}",
    ),
    Metric(
        "kafka_server_brokertopicmetrics_bytesout_total",
        Kind.COUNTER,
        ("topic",),
        f"Bytes of record batches in answers to fetches. {WITH_SUM}",
    ),
    Metric("kafka_brokers", Kind.GAUGE, (), "Brokers that are registered and not fenced."),
    Metric(
        "kafka_controller_kafkacontroller_activecontrollercount",
        Kind.GAUGE,
        (),
        "1 while the controller leads.",
    ),
    Metric("kafka_controller_kafkacontroller_globaltopiccount", Kind.GAUGE, (), "Topics of the cluster."),
    Metric(
        "kafka_controller_kafkacontroller_globalpartitioncount", Kind.GAUGE, (), "Partitions of the cluster."
    ),
    Metric("kafka_server_replicamanager_partitioncount", Kind.GAUGE, (), "Partitions that are open here."),
    Metric("kafka_server_replicamanager_leadercount", Kind.GAUGE, (), "Partitions that this node leads."),
    Metric(
        "kafka_server_replicamanager_offlinereplicacount",
        Kind.GAUGE,
        (),
        "Partitions that a failure of the disk has taken out of use until the next start.",
    ),
    Metric("kafka_topic_partitions", Kind.GAUGE, ("topic",), "Partitions of a topic."),
    Metric(
        "kafka_topic_partition_current_offset",
        Kind.GAUGE,
        PARTITION,
        "The high watermark: where consumers end.",
    ),
    Metric("kafka_topic_partition_oldest_offset", Kind.GAUGE, PARTITION, "The log start offset."),
    Metric(
        "kafka_topic_partition_under_replicated_partition",
        Kind.GAUGE,
        PARTITION,
        "1 where fewer replicas are in sync than there should be.",
    ),
    Metric("kafka_log_log_logendoffset", Kind.GAUGE, PARTITION, "The offset that the next record gets."),
    Metric("kafka_log_log_size", Kind.GAUGE, PARTITION, "Bytes of a partition's log files."),
    Metric("kafka_log_log_numlogsegments", Kind.GAUGE, PARTITION, "Segments of a partition's log."),
    # The disk
    Metric(
        "ottla_writer_is_threaded",
        Kind.GAUGE,
        (),
        "1 while writes go to a thread because the disk is slow, 0 while the event loop writes by itself.",
    ),
    Metric(
        "ottla_disk_jobs_waiting",
        Kind.GAUGE,
        ("kind",),
        "Jobs that wait for the disk: write, flush or other.",
    ),
    Metric(
        "ottla_disk_jobs_total",
        Kind.COUNTER,
        (),
        "Jobs that threads have done: flushes, new logs, slow writes.",
    ),
    # Groups
    Metric(
        "kafka_coordinator_group_groupmetadatamanager_numgroups",
        Kind.GAUGE,
        (),
        "Groups that this node coordinates.",
    ),
    Metric("ottla_groups", Kind.GAUGE, ("state",), "Groups by state."),
    Metric(
        "ottla_consumergroup_state",
        Kind.GAUGE,
        ("consumergroup", "state"),
        "Always 1; the label tells a group's state.",
    ),
    Metric("kafka_consumergroup_members", Kind.GAUGE, ("consumergroup",), "Members of a group."),
    Metric(
        "kafka_consumergroup_current_offset",
        Kind.GAUGE,
        GROUP_PARTITION,
        "The offset that a group has committed.",
    ),
    Metric(
        "kafka_consumergroup_lag",
        Kind.GAUGE,
        GROUP_PARTITION,
        "Records between a group's committed offset and the high watermark.",
    ),
    Metric(
        "kafka_consumergroup_lag_sum",
        Kind.GAUGE,
        ("consumergroup", "topic"),
        "The lag of all partitions of a topic.",
    ),
)

METRICS: dict[str, Metric] = {row.name: row for row in _ROWS}
"""Every metric by name, in the order of the scrape."""


def metrics_page() -> str:
    """Return docs/metrics.md: every metric, its labels and what it tells."""
    rows = [
        f"| `{row.name}` | {row.kind.value} | {', '.join(row.labels)} | {row.tells} |"
        for row in METRICS.values()
    ]
    return "\n".join([_PAGE_HEAD, *rows, ""])


_PAGE_HEAD = """\
# Metrics

Generated from `ottla.telemetry.metric_table`; run `python docs/generate.py`. How to switch them on and scrape them:
[operations.md](operations.md). Names are those that dashboards for Apache Kafka know: the JMX exporter's rules, and
kafka_exporter. What has no such name begins with `ottla_`. A series goes when its topic or group goes.

| metric | kind | labels | what it tells |
|--|--|--|--|"""
