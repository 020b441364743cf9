"""Checkpoints: small text files that are replaced as a whole.

The format is Kafka's `CheckpointFile`, version 0: a line with the version, one with the number of entries, then
the entries. An offset checkpoint of a data directory has `topic partition offset` in each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ottla.storage.files import FileSystem
from ottla.types import TopicPartition

RECOVERY_POINT_FILE = "recovery-point-offset-checkpoint"
LOG_START_OFFSET_FILE = "log-start-offset-checkpoint"
HIGH_WATERMARK_FILE = "replication-offset-checkpoint"
CLEANER_OFFSET_FILE = "cleaner-offset-checkpoint"

_VERSION = "0"


class CorruptCheckpointError(Exception):
    """A checkpoint that cannot be read; the text says why, from who reads the file also which one it is."""


def format_checkpoint(lines: Sequence[str]) -> bytes:
    """Return the content of a checkpoint with these entries."""
    return "".join(f"{line}\n" for line in (_VERSION, str(len(lines)), *lines)).encode("utf-8")


def parse_checkpoint(text: str) -> list[str]:
    """Return the entries of a checkpoint.

    Raises CorruptCheckpointError for another version or another number of entries than the file says.
    """
    lines = text.splitlines()
    if len(lines) < 2:
        raise CorruptCheckpointError("a version and a number of entries are expected")
    if lines[0].strip() != _VERSION:
        raise CorruptCheckpointError(f"version {lines[0]!r} is not {_VERSION}")
    entries = [line for line in lines[2:] if line]
    if lines[1].strip() != str(len(entries)):
        raise CorruptCheckpointError(f"{lines[1]!r} entries are announced, {len(entries)} are there")
    return entries


class OffsetCheckpoint:
    """An offset checkpoint of a data directory."""

    __slots__ = ("_files", "path")

    def __init__(self, files: FileSystem, path: Path) -> None:
        self._files = files
        self.path = path

    def read(self) -> dict[TopicPartition, int]:
        """Return the offsets; a missing or empty file holds none.

        Raises CorruptCheckpointError and OSError.
        """
        try:
            text = self._files.read_file(self.path).decode("utf-8", "replace")
        except FileNotFoundError:
            return {}
        try:
            return _parse_offsets(text) if text else {}
        except CorruptCheckpointError as error:
            raise CorruptCheckpointError(f"{self.path}: {error}") from error

    def write(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Replace the offsets, durably. Raises OSError, and then the old ones are still there."""
        lines = [f"{topic} {partition} {offset}" for (topic, partition), offset in offsets.items()]
        self._files.write_atomically(self.path, format_checkpoint(lines))


def _parse_offsets(text: str) -> dict[TopicPartition, int]:
    offsets: dict[TopicPartition, int] = {}
    for line in parse_checkpoint(text):
        fields = line.split()
        if len(fields) != 3 or not all(field.lstrip("-").isdigit() for field in fields[1:]):
            raise CorruptCheckpointError(f"cannot read the line {line!r}")
        offsets[TopicPartition(fields[0], int(fields[1]))] = int(fields[2])
    return offsets
