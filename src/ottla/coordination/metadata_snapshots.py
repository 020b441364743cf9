"""The snapshot files in the metadata log's directory: when one is due, how it is written, which ones stay.

The newest snapshot is always kept. Older ones go, together with the part of the log before the next one, once log and
snapshots take more than `metadata.max.retention.bytes` or are older than `metadata.max.retention.ms`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from ottla.completion import Completion
from ottla.config.resolved import BrokerConfig
from ottla.coordination.metadata_damage import WAY_OUT
from ottla.metadata.image import ClusterImage
from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.metadata.log_entries import QuorumRecord
from ottla.metadata.snapshot import (
    DELETED_SUFFIX,
    PART_SUFFIX,
    Snapshot,
    SnapshotId,
    decode_snapshot,
    encode_snapshot,
    parse_file_name,
)
from ottla.records.batch import CorruptBatchError
from ottla.storage.files import FileSystem
from ottla.storage.partition_log import PartitionLog

logger = logging.getLogger("ottla.coordination.metadata_snapshots")


class MetadataSnapshots:
    """The snapshots of one metadata log. Until there is a log to `follow` nothing but reading is done."""

    def __init__(self, directory: Path, files: FileSystem, config: BrokerConfig) -> None:
        self._directory = directory
        self._files = files
        self._log: PartitionLog | None = None
        self._bytes_between = config.metadata_log_max_record_bytes_between_snapshots
        self._interval_ms = config.metadata_log_max_snapshot_interval_ms
        self._retention_bytes = config.metadata_max_retention_bytes
        self._retention_ms = config.metadata_max_retention_ms
        self._snapshots: list[SnapshotId] = []
        self._bytes_since = 0
        self._last_ms = 0
        self._is_writing = False
        self._kept: tuple[SnapshotId, Snapshot] | None = None

    @property
    def latest(self) -> SnapshotId | None:
        """The newest snapshot, None without one."""
        return self._snapshots[-1] if self._snapshots else None

    @property
    def earliest(self) -> SnapshotId | None:
        """The oldest snapshot, None without one: the log may begin where it ends."""
        return self._snapshots[0] if self._snapshots else None

    def follow(self, log: PartitionLog) -> None:
        """Go on with the log, which was opened, or opened anew."""
        self._log = log

    def find(self, now_ms: int) -> None:
        """Find the snapshots, and change nothing. Raises OSError."""
        found = (parse_file_name(name) for name in self._file_names())
        self._snapshots = sorted(snapshot_id for snapshot_id in found if snapshot_id is not None)
        self._last_ms = now_ms

    def remove_unfinished(self) -> None:
        """Remove what an interrupted start or stop left behind. Raises OSError."""
        for name in self._file_names():
            if name.endswith((PART_SUFFIX, DELETED_SUFFIX)):
                self._files.unlink(self._directory / name)

    def read_latest(self, *, is_read_again: bool = False) -> Snapshot | None:
        """Return the content of the newest snapshot, None without one.

        With `is_read_again` it is kept until it is asked for once more. Raises InconsistentMetadataError for a file
        that cannot be understood, and OSError.
        """
        if self.latest is None:
            return None
        kept, self._kept = self._kept, None
        if kept is None or kept[0] != self.latest:
            kept = (self.latest, self._read(self.latest))
        if is_read_again:
            self._kept = kept
        return kept[1]

    def read_piece(self, snapshot_id: SnapshotId, position: int, max_bytes: int) -> tuple[int, bytes] | None:
        """Return the size of a snapshot file in bytes and a piece of it; None where there is no such snapshot.

        The piece is empty where `position` lies outside of the file. For any thread. Raises OSError.
        """
        if snapshot_id not in self._snapshots:
            return None
        try:
            descriptor = self._files.open(self._path(snapshot_id))
        except FileNotFoundError:
            return None  # cleaned away since it was listed
        size_bytes = self._files.size_bytes(descriptor)
        if not 0 <= position < size_bytes:
            return size_bytes, b""
        return size_bytes, self._files.pread(descriptor, min(max_bytes, size_bytes - position), position)

    def restart_count(self, replayed_bytes: int) -> None:
        """Take over how many bytes of the log lie behind the newest snapshot."""
        self._bytes_since = replayed_bytes

    def note_append(self, size_bytes: int) -> None:
        """Count bytes that no snapshot has yet."""
        self._bytes_since += size_bytes

    def is_due(self, end_offset: int, now_ms: int) -> bool:
        """Tell whether to write one that ends at this offset."""
        if self._is_writing or (self.latest is not None and end_offset <= self.latest.end_offset):
            return False
        return self._bytes_since >= self._bytes_between or (
            self._interval_ms > 0 and now_ms - self._last_ms >= self._interval_ms
        )

    def due_in_ms(self, end_offset: int, now_ms: int) -> int | None:
        """Return when one is due that ends at this offset, if nothing else happens; None where none ever is."""
        if self._interval_ms <= 0 or (self.latest is not None and end_offset <= self.latest.end_offset):
            return None
        return max(self._last_ms + self._interval_ms - now_ms, 0)

    def writing(
        self,
        image: ClusterImage,
        node_id: int,
        quorum: Sequence[QuorumRecord],
        *,
        last_timestamp_ms: int,
        now_ms: int,
    ) -> Callable[[], list[SnapshotId]]:
        """Return the work of writing an image, for the thread that appends; `written` takes its result."""
        self._is_writing = True
        self._bytes_since = 0
        self._last_ms = now_ms

        known = tuple(self._snapshots)

        def work() -> list[SnapshotId]:
            snapshot_id = SnapshotId(image.offset + 1, image.epoch)
            content = encode_snapshot(
                image.to_records(node_id),
                metadata_version=image.features.metadata_version,
                epoch=image.epoch,
                last_contained_timestamp_ms=last_timestamp_ms,
                now_ms=now_ms,
                quorum=quorum,
            )
            part = self._path(snapshot_id).with_suffix(PART_SUFFIX)
            self._files.write_file(part, content)
            self._files.fsync(self._files.open(part))
            self._files.rename(part, self._path(snapshot_id))
            return self._clean([*known, snapshot_id], now_ms)

        return work

    def written(self, outcome: Completion[list[SnapshotId]]) -> None:
        """Take note that the work has ended, well or not."""
        self._is_writing = False
        if outcome.error is not None:
            logger.error("A snapshot of the metadata log cannot be written", exc_info=outcome.error)
            return
        self._snapshots = outcome.result()
        logger.info("Wrote the metadata snapshot %s", self._snapshots[-1].file_name)

    def _read(self, snapshot_id: SnapshotId) -> Snapshot:
        path = self._path(snapshot_id)
        try:
            return decode_snapshot(self._files.read_file(path))
        except CorruptBatchError as error:
            raise InconsistentMetadataError(f"{path} is damaged: {error.text}. {WAY_OUT}") from error
        except InconsistentMetadataError as error:
            raise InconsistentMetadataError(f"{path}: {error}") from error

    def _file_names(self) -> list[str]:
        if not self._directory.exists():
            return []
        return [entry.name for entry in self._files.list_directory(self._directory)]

    def _clean(self, snapshots: list[SnapshotId], now_ms: int) -> list[SnapshotId]:
        """Delete old snapshots and the log before the oldest that stays; return those that stay."""
        log = self._log
        assert log is not None, "a snapshot is of an open log"
        while len(snapshots) > 1 and (
            self._is_too_much(log, snapshots) or self._is_too_old(snapshots[0], now_ms)
        ):
            oldest, *snapshots = snapshots
            log.delete_records_before(snapshots[0].end_offset)
            self._files.unlink(self._path(oldest))
        log.delete_old_segments(now_ms, log.log_end_offset)
        log.delete_expired_files(now_ms)
        return snapshots

    def _is_too_much(self, log: PartitionLog, snapshots: Sequence[SnapshotId]) -> bool:
        if self._retention_bytes < 0:
            return False
        names = {snapshot_id.file_name for snapshot_id in snapshots}
        entries = self._files.list_directory(self._directory)
        snapshot_bytes = sum(entry.size_bytes for entry in entries if entry.name in names)
        return log.size_bytes + snapshot_bytes > self._retention_bytes

    def _is_too_old(self, snapshot_id: SnapshotId, now_ms: int) -> bool:
        if self._retention_ms < 0:
            return False
        return self._read(snapshot_id).last_contained_timestamp_ms + self._retention_ms < now_ms

    def _path(self, snapshot_id: SnapshotId) -> Path:
        return self._directory / snapshot_id.file_name
