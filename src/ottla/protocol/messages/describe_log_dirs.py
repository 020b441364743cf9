"""DescribeLogDirs (35), v1-4: the data directories, what is in them, and how full they are (KIP-113, KIP-827)."""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT16, INT32, INT64, STRING, array_of, field, message, struct


@struct
class DescribableLogDirTopic:
    """The partitions of one topic that are asked for."""

    topic: str = field(STRING)
    partitions: list[int] = array_of(INT32)


@message(key=35, versions="1-4", flexible="2+")
class DescribeLogDirsRequest:
    """Which partitions are asked for."""

    topics: list[DescribableLogDirTopic] | None = array_of(DescribableLogDirTopic, nullable="0+")
    """Null for all."""


@struct
class DescribeLogDirsPartition:
    """One replica in a directory."""

    partition_index: int = field(INT32)
    partition_size: int = field(INT64)
    """Of its log segments, in bytes."""
    offset_lag: int = field(INT64)
    """How far its end is behind the high watermark, or behind the replica that it is to take the place of; -1 where it
    is offline."""
    is_future_key: bool = field(BOOL)
    """Whether it is being filled to take the place of the replica in another directory."""


@struct
class DescribeLogDirsTopic:
    """The replicas of one topic in a directory."""

    name: str = field(STRING)
    partitions: list[DescribeLogDirsPartition] = array_of(DescribeLogDirsPartition)


@struct
class DescribeLogDirsResult:
    """One directory."""

    error_code: int = field(INT16)
    """KAFKA_STORAGE_ERROR where the directory cannot be used."""
    log_dir: str = field(STRING)
    """Its absolute path."""
    topics: list[DescribeLogDirsTopic] = array_of(DescribeLogDirsTopic)
    total_bytes: int = field(INT64, versions="4+", default=-1)
    """Size of the volume; -1 where it is not known."""
    usable_bytes: int = field(INT64, versions="4+", default=-1)
    """What of the volume the broker may still use; -1 where it is not known."""


@message(key=35, versions="1-4", flexible="2+")
class DescribeLogDirsResponse:
    """One answer for each directory, be anything in it or not."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16, versions="3+")
    """Of the request as a whole."""
    results: list[DescribeLogDirsResult] = array_of(DescribeLogDirsResult)
