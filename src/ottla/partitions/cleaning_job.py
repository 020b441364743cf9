"""The cleaning of one log as a helper process does it: at the configured pace, from files to files."""

from __future__ import annotations

import time
from typing import NamedTuple

from ottla.config.resolved import BrokerConfig
from ottla.partitions.cleanable import DirtySection
from ottla.storage.compaction import CompactionRequest, CompactionResult, compact, producers_path
from ottla.storage.files import NO_SPACE_ERRORS, FileSystem
from ottla.storage.partition_log import PartitionLog

LONGEST_PAUSE_S = 10.0
"""A pause is never longer than this at a time; whatever the rate, a stop is noticed by the kernel and not by us."""


class CleaningJob(NamedTuple):
    """What the helper is sent."""

    request: CompactionRequest
    max_bytes_per_second: float
    """Read and written together."""


class Pacer:
    """Keeps the average since the start below a number of bytes per second (Kafka's `Throttler`)."""

    def __init__(self, max_bytes_per_second: float) -> None:
        self._max_bytes_per_second = max_bytes_per_second
        self._begun_s = time.monotonic()
        self._bytes = 0

    def __call__(self, size_bytes: int) -> None:
        """Take note of bytes read or written, and pause where they came too soon."""
        self._bytes += size_bytes
        ahead_s = self._begun_s + self._bytes / self._max_bytes_per_second - time.monotonic()
        if ahead_s > 0:
            time.sleep(min(ahead_s, LONGEST_PAUSE_S))


def prepare(
    config: BrokerConfig, files: FileSystem, log: PartitionLog, section: DirtySection, now_ms: int
) -> CleaningJob:
    """Return the job of cleaning a section, and write down the producers that may still write; on the broker's side.

    Raises OSError.
    """
    files.write_file(producers_path(log.directory, log.log_end_offset), log.producer_state.snapshot())
    request = CompactionRequest(
        directory=log.directory,
        first_dirty_offset=section.first_dirty_offset,
        end_offset=section.end_offset,
        producers_offset=log.log_end_offset,
        segment_bytes=log.config.segment_bytes,
        segment_index_bytes=log.config.segment_index_bytes,
        index_interval_bytes=log.config.index_interval_bytes,
        delete_retention_ms=log.config.delete_retention_ms,
        now_ms=now_ms,
        dedupe_buffer_bytes=config.log_cleaner_dedupe_buffer_size // config.log_cleaner_threads,
        dedupe_load_factor=config.log_cleaner_io_buffer_load_factor,
        read_bytes=config.log_cleaner_io_buffer_size // config.log_cleaner_threads // 2,
    )
    return CleaningJob(request, config.log_cleaner_io_max_bytes_per_second)


def clean_log(job: CleaningJob) -> CompactionResult | None:
    """Clean a log and return what was made; None where the disk had no room for it.

    Raises what `compact` raises.
    """
    try:
        return compact(FileSystem(), job.request, Pacer(job.max_bytes_per_second))
    except OSError as error:
        if error.errno not in NO_SPACE_ERRORS:
            raise
        return None
