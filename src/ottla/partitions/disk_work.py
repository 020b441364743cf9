"""What is done on the disk for many partitions at once: making, renaming and closing their logs.

The law: it waits for the kernel, so it runs on the threads of the writer; it is given everything that it needs and
changes nothing that the loop looks at meanwhile. One log that fails takes no other with it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from ottla.config.resolved import TopicConfig
from ottla.storage.log_dirs import LogDirectory
from ottla.storage.log_recovery import LoadRequest
from ottla.storage.open_files import OpenFiles
from ottla.storage.partition_log import PartitionLog
from ottla.storage.partition_metadata import write_topic_ids
from ottla.types import TopicPartition, Uuid

T = TypeVar("T")

logger = logging.getLogger("ottla.partitions")

LOGS_PER_JOB = 20
"""Logs in one piece of work: few enough that all threads have some and that the loop is not held up by the results."""


class SavedOffsets(NamedTuple):
    """What the checkpoints say of a partition."""

    recovery_point: int = 0
    log_start_offset: int = 0
    high_watermark: int = 0
    cleaned_offset: int | None = None
    """Where the log begins to be dirty; None where it was never cleaned."""


class FoundLog(NamedTuple):
    """A log that is there and is to be opened."""

    request: LoadRequest
    topic_id: Uuid
    saved: SavedOffsets


class NewLog(NamedTuple):
    """A log that is to be made."""

    topic_partition: TopicPartition
    topic_id: Uuid
    config: TopicConfig


def in_jobs(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the items in portions for one piece of work."""
    for start in range(0, len(items), LOGS_PER_JOB):
        yield items[start : start + LOGS_PER_JOB]


def read_saved_offsets(directory: LogDirectory) -> dict[TopicPartition, SavedOffsets]:
    """Return what the checkpoints say of every partition that they name. Raises OSError."""
    recovery_points = directory.read_checkpoint(directory.recovery_points)
    log_start_offsets = directory.read_checkpoint(directory.log_start_offsets)
    high_watermarks = directory.read_checkpoint(directory.high_watermarks)
    cleaner_offsets = directory.read_checkpoint(directory.cleaner_offsets)
    return {
        key: SavedOffsets(
            recovery_points.get(key, 0),
            log_start_offsets.get(key, 0),
            high_watermarks.get(key, 0),
            cleaner_offsets.get(key),
        )
        for key in recovery_points.keys()
        | log_start_offsets.keys()
        | high_watermarks.keys()
        | cleaner_offsets.keys()
    }


def write_checkpoints(
    directory: LogDirectory,
    recovery_points: Mapping[TopicPartition, int],
    log_start_offsets: Mapping[TopicPartition, int],
    high_watermarks: Mapping[TopicPartition, int],
    cleaner_offsets: Mapping[TopicPartition, int],
) -> None:
    """Write all four checkpoints. Raises OSError."""
    directory.recovery_points.write(recovery_points)
    directory.log_start_offsets.write(log_start_offsets)
    directory.high_watermarks.write(high_watermarks)
    directory.cleaner_offsets.write(cleaner_offsets)


def make_logs(
    directory: LogDirectory,
    open_files: OpenFiles,
    wanted: Sequence[NewLog],
    *,
    now_ms: int,
    producer_id_expiration_ms: int,
) -> list[PartitionLog | Exception]:
    """Make the directories of new partitions; the names are on the disk when this returns.

    The result has for each the open log, or why there is none. Raises OSError where the data directory fails.
    """
    failed: dict[Path, Exception] = {}
    topic_ids: dict[Path, Uuid] = {}
    for new in wanted:
        path = directory.partition_path(new.topic_partition)
        try:
            if path.exists():
                # What an earlier topic of this name has left because its disk failed is not this topic's.
                directory.mark_stray(new.topic_partition)
            directory.files.make_directory(path)
        except OSError as error:
            failed[path] = error
        else:
            topic_ids[path] = new.topic_id
    failed |= write_topic_ids(directory.files, topic_ids)
    made: list[PartitionLog | Exception] = []
    for new in wanted:
        path = directory.partition_path(new.topic_partition)
        try:
            if path in failed:
                raise failed[path]
            made.append(
                PartitionLog.create(
                    open_files,
                    path,
                    new.config,
                    topic_id=new.topic_id,
                    now_ms=now_ms,
                    producer_id_expiration_ms=producer_id_expiration_ms,
                )
            )
        except OSError as error:
            made.append(error)
    directory.files.sync_directory(directory.path)
    for log in made:
        if isinstance(log, PartitionLog):
            log.is_name_synced = True
    return made


def rename_for_deletion(directory: LogDirectory, logs: Sequence[PartitionLog]) -> list[Path]:
    """Give the directories of deleted partitions names that a restart deletes too, durably; return the new paths.

    Raises OSError where the data directory fails.
    """
    renamed = []
    for log in logs:
        try:
            renamed.append(log.rename_for_deletion())
        except OSError as error:
            logger.error("Cannot delete the log of %s: %s", log.topic_partition, error)
    directory.files.sync_directory(directory.path)
    return renamed


def close_logs(logs: Sequence[PartitionLog]) -> bool:
    """Flush and close logs; tell whether all of them are on the disk now."""
    is_clean = True
    for log in logs:
        is_clean = is_clean and not log.is_offline
        try:
            log.close()
        except OSError as error:
            is_clean = False
            logger.error("Cannot close the log of %s: %s", log.topic_partition, error)
    return is_clean
