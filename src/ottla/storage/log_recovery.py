"""Loading a log as a function from its files to what is known of it, in the broker or in a process of its own.

The law: a recovery beside the broker leaves the same files as one in it, byte for byte once that has written the few
index entries which it keeps in memory, and tells what else it has found out. Whoever loads the log with that is where
it would be if it had recovered the log itself, in the time that a log takes after a clean stop.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ottla.records.batch import CorruptBatchError
from ottla.storage.files import FileSystem
from ottla.storage.leftovers import offset_of_file
from ottla.storage.log_loader import LoadedLog, LogLoader, RecoveredLog, first_unflushed
from ottla.storage.open_files import OpenFiles
from ottla.storage.producer_snapshots import load_producers
from ottla.storage.producer_state import ProducerEntry, ProducerStateManager
from ottla.storage.recovery import UnusableLogError
from ottla.storage.segment import LOG_SUFFIX
from ottla.types import TopicPartition

OPEN_FILES_LIMIT = 16
"""Files that a recovery keeps open; it works at one segment of three files at a time."""

TOLD_PRODUCERS = 1000
"""Producers of a log whose earlier batches are told, those who have written last: what a client that waited for an
answer may send again. With five batches each they take 250 KB."""


class LoadRequest(NamedTuple):
    """A log that is to be loaded."""

    topic_partition: TopicPartition
    directory: Path
    index_interval_bytes: int
    clean_shutdown: bool
    recovery_point: int
    log_start_offset: int
    now_ms: int
    producer_id_expiration_ms: int


def load_log(
    open_files: OpenFiles, request: LoadRequest, recovered: RecoveredLog | None = None
) -> tuple[LoadedLog, ProducerStateManager]:
    """Return a log with its producers, recovered here unless it was stopped cleanly or `recovered` elsewhere.

    Raises OSError and UnusableLogError.
    """
    directory = request.directory
    state = ProducerStateManager(
        request.topic_partition, producer_id_expiration_ms=request.producer_id_expiration_ms
    )
    try:
        loaded = LogLoader(open_files, directory, request.index_interval_bytes, request.now_ms).load(
            clean_shutdown=request.clean_shutdown,
            recovery_point=request.recovery_point,
            log_start_offset=request.log_start_offset,
            recovered=recovered,
        )
        load_producers(
            state,
            loaded.snapshots,
            loaded.segments,
            start_offset=loaded.log_start_offset,
            end_offset=loaded.log_end_offset,
            clean_shutdown=request.clean_shutdown,
            now_ms=request.now_ms,
            recovered=None if recovered is None else recovered.producers,
            without_producers=loaded.without_producers,
        )
    except CorruptBatchError as error:
        raise UnusableLogError(f"{directory} is damaged below its recovery point: {error.message}") from error
    return loaded, state


def recover_log(request: LoadRequest) -> RecoveredLog:
    """Recover a log that was not stopped cleanly, as a job of a helper process. Raises OSError and UnusableLogError."""
    return recover_over(FileSystem(), request)


def recover_over(files: FileSystem, request: LoadRequest) -> RecoveredLog:
    """Recover a log as `recover_log` does, over files that a test may have chosen."""
    assert not request.clean_shutdown, "there is nothing to recover after a clean stop"
    loaded, state = load_log(OpenFiles(files, OPEN_FILES_LIMIT), request)
    for segment in loaded.segments:
        segment.write_out()
    return RecoveredLog(
        log_end_offset=loaded.log_end_offset,
        segment_count=len(loaded.segments),
        unsynced_segments=frozenset(each.base_offset for each in loaded.segments if each.is_unsynced),
        has_unsynced_names=loaded.has_unsynced_names,
        leader_epochs=loaded.leader_epochs.entries,
        producers=told_producers(state),
    )


def told_producers(state: ProducerStateManager) -> dict[int, ProducerEntry]:
    """Return the producers of which a snapshot does not hold everything, at most `TOLD_PRODUCERS`."""
    entries = [entry for entry in state.entries.values() if len(entry.batches) > 1]
    entries.sort(key=lambda entry: entry.batches[-1].last_offset)
    return {entry.producer_id: replace(entry) for entry in entries[-TOLD_PRODUCERS:]}


def bytes_to_recover(files: FileSystem, request: LoadRequest) -> int:
    """Return how many bytes of log files a recovery reads. Raises OSError."""
    names = [name for name in files.list_names(request.directory) if name.endswith(LOG_SUFFIX)]
    segments = [(offset, name) for name in names if (offset := offset_of_file(name)) is not None]
    first = first_unflushed([offset for offset, _ in segments], request.recovery_point)
    return sum(files.status(f"{request.directory}/{name}").size_bytes for _, name in segments[first:])
