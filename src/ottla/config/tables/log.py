"""Topics and their logs: defaults for topic options, files and their upkeep."""

from __future__ import annotations

from ottla.config.checks import at_least, between, each_one_of, gzip_level, one_of
from ottla.config.kinds import (
    BOOLEAN,
    CLASS,
    CLUSTER_WIDE,
    DOUBLE,
    HIGH,
    INT,
    LIST,
    LONG,
    LOW,
    MEDIUM,
    STRING,
)
from ottla.config.option import Option, inert, refused
from ottla.config.tables import reasons

OPTIONS = (
    Option(
        "auto.create.topics.enable",
        BOOLEAN,
        "true",
        HIGH,
        "Whether asking for the metadata of an unknown topic creates it.",
    ),
    Option(
        "compression.gzip.level",
        INT,
        "-1",
        MEDIUM,
        "Level for batches that the broker compresses with gzip; -1 is gzip's own default.",
        scope=CLUSTER_WIDE,
        check=gzip_level(),
    ),
    Option(
        "compression.lz4.level",
        INT,
        "9",
        MEDIUM,
        "Level for batches that the broker compresses with lz4.",
        scope=CLUSTER_WIDE,
        check=between(1, 17),
    ),
    Option(
        "compression.type",
        STRING,
        "producer",
        HIGH,
        ("How batches are stored: `producer` keeps them as they come, any other value compresses them anew."),
        scope=CLUSTER_WIDE,
        check=one_of("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
    ),
    Option(
        "compression.zstd.level",
        INT,
        "3",
        MEDIUM,
        "Level for batches that the broker compresses with zstd.",
        scope=CLUSTER_WIDE,
        check=between(-131072, 22),
    ),
    Option(
        "create.topic.policy.class.name",
        CLASS,
        None,
        LOW,
        "",
        status=refused("the policy could not be enforced"),
    ),
    Option(
        "default.replication.factor",
        INT,
        "1",
        MEDIUM,
        "Replication factor of a topic that is created without one; see `ottla.replication.factor.clamp`.",
    ),
    Option(
        "delete.records.purgatory.purge.interval.requests",
        INT,
        "1",
        MEDIUM,
        "",
        status=inert(reasons.PURGATORY),
    ),
    Option(
        "delete.topic.enable",
        BOOLEAN,
        "true",
        HIGH,
        "Whether topics may be deleted.",
    ),
    Option(
        "fetch.max.bytes",
        INT,
        "57671680",
        MEDIUM,
        (
            "Most bytes that one Fetch answer carries, whatever the client asks for. A single larger "
            "batch is still returned."
        ),
        check=at_least(1024),
    ),
    Option(
        "log.cleaner.backoff.ms",
        LONG,
        "15000",
        MEDIUM,
        (
            "How long a compacted log waits at most, once it has finished a segment, until the cleaner "
            "looks at it."
        ),
        scope=CLUSTER_WIDE,
        check=at_least(0),
    ),
    Option(
        "log.cleaner.dedupe.buffer.size",
        LONG,
        "134217728",
        MEDIUM,
        (
            "Memory for the keys of a cleaning, for all cleaner processes together: 24 bytes for each "
            "key. Where the keys of a log do not fit, it is cleaned in several rounds."
        ),
        scope=CLUSTER_WIDE,
    ),
    Option(
        "log.cleaner.delete.retention.ms",
        LONG,
        "86400000",
        MEDIUM,
        "How long a tombstone stays readable after the first cleaning that meets it.",
        scope=CLUSTER_WIDE,
        check=at_least(0),
    ),
    Option(
        "log.cleaner.enable",
        BOOLEAN,
        "true",
        MEDIUM,
        (
            "Whether compacted logs are cleaned. Without the cleaner they keep everything, also what "
            "retention would delete."
        ),
    ),
    Option(
        "log.cleaner.io.buffer.load.factor",
        DOUBLE,
        "0.9",
        MEDIUM,
        "How full the memory for keys may become before a round of cleaning ends.",
        scope=CLUSTER_WIDE,
    ),
    Option(
        "log.cleaner.io.buffer.size",
        INT,
        "524288",
        MEDIUM,
        "What all cleaner processes together read at once, twice over.",
        scope=CLUSTER_WIDE,
        check=at_least(0),
    ),
    Option(
        "log.cleaner.io.max.bytes.per.second",
        DOUBLE,
        "1.7976931348623157E308",
        MEDIUM,
        "Most bytes that one cleaner process reads and writes in a second, on average.",
        scope=CLUSTER_WIDE,
    ),
    Option(
        "log.cleaner.max.compaction.lag.ms",
        LONG,
        "9223372036854775807",
        MEDIUM,
        (
            "Longest time that a record of a compacted topic may stay uncompacted; it also bounds the age "
            "of the segment being written."
        ),
        scope=CLUSTER_WIDE,
        check=at_least(1),
    ),
    Option(
        "log.cleaner.min.cleanable.ratio",
        DOUBLE,
        "0.5",
        MEDIUM,
        "Which part of a compacted log must be dirty before it is cleaned; more than this.",
        scope=CLUSTER_WIDE,
        check=between(0, 1),
    ),
    Option(
        "log.cleaner.min.compaction.lag.ms",
        LONG,
        "0",
        MEDIUM,
        "How long a record of a compacted topic stays uncompacted at least.",
        scope=CLUSTER_WIDE,
        check=at_least(0),
    ),
    Option(
        "log.cleaner.threads",
        INT,
        "1",
        MEDIUM,
        "How many logs are cleaned at the same time, each by a process of its own.",
        scope=CLUSTER_WIDE,
        check=at_least(0),
    ),
    Option(
        "log.cleanup.policy",
        LIST,
        "delete",
        MEDIUM,
        (
            "What happens to old segments: `delete` removes them by age and size; `compact` keeps the latest "
            "record of each key."
        ),
        scope=CLUSTER_WIDE,
        check=each_one_of("compact", "delete"),
    ),
    Option(
        "log.dir",
        STRING,
        "/tmp/kafka-logs",  # noqa: S108 - Kafka's default, as DescribeConfigs shows it
        HIGH,
        "Directory of the data, where `log.dirs` is not set.",
        supplies="log.dirs",
    ),
    Option(
        "log.dir.failure.timeout.ms",
        LONG,
        "30000",
        LOW,
        "",
        check=at_least(1),
        status=inert("there is one log directory, and its failure stops the broker"),
    ),
    Option(
        "log.dirs",
        STRING,
        None,
        HIGH,
        "Directory of the data. Kafka takes several, separated by commas; Ottla takes one.",
    ),
    Option(
        "log.flush.interval.messages",
        LONG,
        "9223372036854775807",
        HIGH,
        (
            "How many records are written before the log is forced to disk. The default leaves that to "
            "the operating system."
        ),
        scope=CLUSTER_WIDE,
        check=at_least(1),
    ),
    Option(
        "log.flush.interval.ms",
        LONG,
        None,
        HIGH,
        (
            "Longest time that a record may wait to be forced to disk. Not set: "
            "`log.flush.scheduler.interval.ms`."
        ),
        scope=CLUSTER_WIDE,
    ),
    Option(
        "log.flush.offset.checkpoint.interval.ms",
        INT,
        "60000",
        HIGH,
        "How often the recovery points are written.",
        check=at_least(0),
    ),
    Option(
        "log.flush.scheduler.interval.ms",
        LONG,
        "9223372036854775807",
        HIGH,
        "How often the logs are searched for data to force to disk.",
        supplies="log.flush.interval.ms",
    ),
    Option(
        "log.flush.start.offset.checkpoint.interval.ms",
        INT,
        "60000",
        HIGH,
        "How often the log start offsets are written.",
        check=at_least(0),
    ),
    Option(
        "log.index.interval.bytes",
        INT,
        "4096",
        MEDIUM,
        "How many bytes of log lie between two entries of its offset index.",
        scope=CLUSTER_WIDE,
        check=at_least(0),
    ),
    Option(
        "log.index.size.max.bytes",
        INT,
        "10485760",
        MEDIUM,
        "Largest size of an index file, in bytes; a full index starts a new segment.",
        scope=CLUSTER_WIDE,
        check=at_least(4),
    ),
    Option(
        "log.initial.task.delay.ms",
        LONG,
        "30000",
        LOW,
        "How long after the start the first background work on the logs begins.",
        check=at_least(0),
        internal=True,
    ),
    Option(
        "log.message.timestamp.after.max.ms",
        LONG,
        "3600000",
        MEDIUM,
        "How far a record's timestamp may lie after the broker's clock.",
        scope=CLUSTER_WIDE,
        check=at_least(0),
    ),
    Option(
        "log.message.timestamp.before.max.ms",
        LONG,
        "9223372036854775807",
        MEDIUM,
        "How far a record's timestamp may lie before the broker's clock.",
        scope=CLUSTER_WIDE,
        check=at_least(0),
    ),
    Option(
        "log.message.timestamp.type",
        STRING,
        "CreateTime",
        MEDIUM,
        ("Whether a record keeps its producer's time (`CreateTime`) or gets the broker's (`LogAppendTime`)."),
        scope=CLUSTER_WIDE,
        check=one_of("CreateTime", "LogAppendTime"),
    ),
    Option(
        "log.preallocate",
        BOOLEAN,
        "false",
        MEDIUM,
        "",
        scope=CLUSTER_WIDE,
        status=inert(reasons.GROWING_FILES),
    ),
    Option(
        "log.retention.bytes",
        LONG,
        "-1",
        HIGH,
        "Size of a partition above which its oldest segments are deleted; -1 sets no limit.",
        scope=CLUSTER_WIDE,
    ),
    Option(
        "log.retention.check.interval.ms",
        LONG,
        "300000",
        MEDIUM,
        "How often the logs are searched for segments to delete.",
        check=at_least(1),
    ),
    Option(
        "log.retention.hours",
        INT,
        "168",
        HIGH,
        "As `log.retention.ms`, in hours.",
        supplies="log.retention.ms",
    ),
    Option(
        "log.retention.minutes",
        INT,
        None,
        HIGH,
        "As `log.retention.ms`, in minutes.",
        supplies="log.retention.ms",
    ),
    Option(
        "log.retention.ms",
        LONG,
        None,
        HIGH,
        (
            "Age at which a segment is deleted; -1 keeps it for ever. Not set: `log.retention.minutes`, "
            "then `log.retention.hours`."
        ),
        scope=CLUSTER_WIDE,
    ),
    Option(
        "log.roll.hours",
        INT,
        "168",
        HIGH,
        "As `log.roll.ms`, in hours.",
        check=at_least(1),
        supplies="log.roll.ms",
    ),
    Option(
        "log.roll.jitter.hours",
        INT,
        "0",
        HIGH,
        "As `log.roll.jitter.ms`, in hours.",
        check=at_least(0),
        supplies="log.roll.jitter.ms",
    ),
    Option(
        "log.roll.jitter.ms",
        LONG,
        None,
        HIGH,
        (
            "Most by which a segment may roll earlier, at random, so that not all roll at once. Not set: "
            "`log.roll.jitter.hours`."
        ),
        scope=CLUSTER_WIDE,
    ),
    Option(
        "log.roll.ms",
        LONG,
        None,
        HIGH,
        (
            "Age of a segment, by the timestamps in it, at which a new one is started. Not set: "
            "`log.roll.hours`."
        ),
        scope=CLUSTER_WIDE,
    ),
    Option(
        "log.segment.bytes",
        INT,
        "1073741824",
        HIGH,
        "Size at which a log starts a new segment file, in bytes.",
        scope=CLUSTER_WIDE,
        check=at_least(1048576),
    ),
    Option(
        "log.segment.delete.delay.ms",
        LONG,
        "60000",
        HIGH,
        "How long a deleted segment's files stay, renamed, before they are removed.",
        scope=CLUSTER_WIDE,
        check=at_least(0),
    ),
    Option(
        "max.incremental.fetch.session.cache.slots",
        INT,
        "1000",
        MEDIUM,
        "Most incremental fetch sessions that are kept (KIP-227).",
        check=at_least(0),
    ),
    Option(
        "message.max.bytes",
        INT,
        "1048588",
        HIGH,
        "Largest record batch that is accepted, in bytes, after compression.",
        scope=CLUSTER_WIDE,
        check=at_least(0),
    ),
    Option(
        "min.insync.replicas",
        INT,
        "1",
        HIGH,
        (
            "How many replicas must have a write of acks=all. It is capped by the replication factor, "
            "which is 1 on one node."
        ),
        scope=CLUSTER_WIDE,
        check=at_least(1),
    ),
    Option(
        "num.partitions",
        INT,
        "1",
        MEDIUM,
        "How many partitions a topic gets when it is created without a number.",
        check=at_least(1),
    ),
    Option(
        "producer.purgatory.purge.interval.requests",
        INT,
        "1000",
        MEDIUM,
        "",
        status=inert(reasons.PURGATORY),
    ),
    Option(
        "replica.high.watermark.checkpoint.interval.ms",
        LONG,
        "5000",
        HIGH,
        "How often the high watermarks are written.",
    ),
)
