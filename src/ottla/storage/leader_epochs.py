"""Which leader epoch began at which offset: the partition's `leader-epoch-checkpoint`.

Epochs and start offsets both grow from entry to entry. The list says how far a log of an older epoch agrees with
this one (facts 3.3, Kafka's `LeaderEpochFileCache`). The file is written on flush and close; what a crash loses is
learnt again from the batches, which carry their epoch.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ottla.storage.checkpoints import CorruptCheckpointError, format_checkpoint, parse_checkpoint
from ottla.storage.files import FileSystem

FILE_NAME = "leader-epoch-checkpoint"
NO_EPOCH = -1
NO_OFFSET = -1

_CONTENTS_KEPT = 128
"""Checkpoints remembered by their content: those of many partitions are the same, and share what is read from one."""


class EpochStart(NamedTuple):
    """A leader epoch and the first offset written in it."""

    epoch: int
    start_offset: int


class LeaderEpochs:
    """The epochs of one partition, oldest first."""

    __slots__ = ("_directory", "_entries", "_files", "_is_dirty")

    def __init__(self, files: FileSystem, directory: Path, entries: Iterable[EpochStart] = ()) -> None:
        self._files = files
        self._directory = directory
        self._entries: tuple[EpochStart, ...] = tuple(entries)  # replaced as a whole: readers may look on
        self._is_dirty = False

    @classmethod
    def load(cls, files: FileSystem, directory: Path) -> LeaderEpochs:
        """Read the checkpoint; a missing file has no epochs.

        Raises CorruptCheckpointError and OSError.
        """
        path = f"{directory}/{FILE_NAME}"
        try:
            content = files.read_file(path)
        except FileNotFoundError:
            return cls(files, directory)
        try:
            return cls(files, directory, _parse(content))
        except CorruptCheckpointError as error:
            raise CorruptCheckpointError(f"{path}: {error}") from error

    @property
    def path(self) -> Path:
        """Where the checkpoint lies."""
        return self._directory / FILE_NAME

    @property
    def entries(self) -> tuple[EpochStart, ...]:
        """All epochs, oldest first."""
        return self._entries

    @property
    def latest_epoch(self) -> int:
        """The newest epoch, -1 without one."""
        entries = self._entries
        return entries[-1].epoch if entries else NO_EPOCH

    def epoch_at(self, offset: int) -> int:
        """Return the epoch in which the record at this offset was written, -1 when it is not known."""
        entries = self._entries
        number = bisect_right(entries, offset, key=lambda entry: entry.start_offset) - 1
        return entries[number].epoch if number >= 0 else NO_EPOCH

    def assign(self, epoch: int, start_offset: int) -> None:
        """Note that `epoch` starts at this offset, unless the newest epoch is this one already.

        Entries that contradict it, of later epochs or later starts, give way.
        """
        entries = _with(self._entries, epoch, start_offset)
        if entries is not self._entries:
            self._entries = entries
            self._is_dirty = True

    def end_offset_for(self, epoch: int, log_end_offset: int) -> EpochStart:
        """Return the newest epoch not above `epoch`, and the offset where it ends (OffsetForLeaderEpoch).

        Both -1 where the epoch is newer than all; the asked epoch with the first start where it is older.
        """
        entries = self._entries
        if epoch == NO_EPOCH or not entries:
            return EpochStart(NO_EPOCH, NO_OFFSET)
        if epoch == entries[-1].epoch:
            return EpochStart(epoch, log_end_offset)
        if epoch > entries[-1].epoch:
            return EpochStart(NO_EPOCH, NO_OFFSET)
        number = bisect_right(entries, epoch, key=lambda entry: entry.epoch)
        if number == 0:
            return EpochStart(epoch, entries[0].start_offset)
        return EpochStart(entries[number - 1].epoch, entries[number].start_offset)

    def truncate_from_end(self, end_offset: int) -> None:
        """Forget the epochs that start at or after the log's new end."""
        if not self._entries or self._entries[-1].start_offset < end_offset:
            return
        kept = tuple(entry for entry in self._entries if entry.start_offset < end_offset)
        self.replace(kept)

    def truncate_from_start(self, start_offset: int) -> None:
        """Forget the epochs that end before the log's new start; the one that holds it now starts there."""
        entries = self._entries
        if not entries or entries[0].start_offset >= start_offset:
            return
        number = bisect_right(entries, start_offset, key=lambda entry: entry.start_offset)
        self.replace((EpochStart(entries[number - 1].epoch, start_offset), *entries[number:]))

    def write(self) -> None:
        """Write the checkpoint where something has changed since. Raises OSError."""
        if not self._is_dirty:
            return
        self._is_dirty = False  # first, so that an epoch assigned meanwhile is not taken for written
        lines = [f"{entry.epoch} {entry.start_offset}" for entry in self._entries]
        try:
            self._files.write_atomically(self.path, format_checkpoint(lines))
        except OSError:
            self._is_dirty = True
            raise

    def replace(self, entries: tuple[EpochStart, ...]) -> None:
        """Hold exactly these epochs; the next `write` brings them into the file, unless it has them."""
        if entries != self._entries:
            self._entries = entries
            self._is_dirty = True


def _with(entries: tuple[EpochStart, ...], epoch: int, start_offset: int) -> tuple[EpochStart, ...]:
    """Return the epochs once `epoch` starts at this offset; the same tuple where that says nothing new."""
    if epoch < 0 or start_offset < 0:
        return entries
    if entries and entries[-1].epoch == epoch and start_offset >= entries[-1].start_offset:
        return entries
    kept = tuple(entry for entry in entries if entry.epoch < epoch and entry.start_offset < start_offset)
    return (*kept, EpochStart(epoch, start_offset))


@lru_cache(maxsize=_CONTENTS_KEPT)
def _parse(content: bytes) -> tuple[EpochStart, ...]:
    """Return the epochs in the content of a checkpoint. Raises CorruptCheckpointError."""
    entries: tuple[EpochStart, ...] = ()
    if not content:  # Kafka makes the file before it has something to write
        return entries
    for line in parse_checkpoint(content.decode("utf-8", "replace")):
        fields = line.split()
        if len(fields) != 2 or not all(field.isdigit() for field in fields):
            raise CorruptCheckpointError(f"cannot read the line {line!r}")
        entries = _with(entries, int(fields[0]), int(fields[1]))
    return entries
