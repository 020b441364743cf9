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
from ottla.storage.log_files import find_segments
from ottla.storage.log_loader import LoadedLog, LogLoader, RecoveredLog, bytes_from
from ottla.storage.open_files import OpenFiles
from ottla.storage.producer_snapshots import load_producers
from ottla.storage.producer_state import ProducerEntry, ProducerStateManager
from ottla.storage.recovery import UnusableLogError
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
    most_bytes_to_recover: int | None = None
    """With more nothing is recovered when the log is opened, but MuchToRecoverError raised; None for any number."""


def load_log(
    open_files: OpenFiles, request: LoadRequest, recovered: RecoveredLog | None = None
) -> tuple[LoadedLog, ProducerStateManager]:
    """Return a log with its producers, recovered here unless it was stopped cleanly or `recovered` elsewhere.

    Raises OSError, UnusableLogError and MuchToRecoverError.
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
            most_bytes_to_recover=request.most_bytes_to_recover,
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
    segments = find_segments(files, request.directory, files.list_names(request.directory))
    return bytes_from(segments, request.recovery_point)
