"""The time index of a segment: how far into the segment the largest timestamp so far was reached.

An entry (12 bytes) says that up to the relative offset no record is newer than the timestamp; timestamps and
offsets both grow. An entry is made together with one of the offset index, if the largest timestamp has grown,
and once more when the segment becomes inactive (facts 2.4, Kafka's `TimeIndex`).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from ottla.storage.index_file import IndexFile
from ottla.storage.open_files import CachedFile

ENTRY_SIZE_BYTES = 12
SUFFIX = ".timeindex"
NO_TIMESTAMP = -1

_KEY = struct.Struct(">q")
_ENTRY = struct.Struct(">qi")


class TimestampOffset(NamedTuple):
    """A timestamp in ms, and the last offset of the batch that has it as its largest."""

    timestamp_ms: int
    offset: int


class TimeIndex:
    """The time index of the segment with this base offset."""

    __slots__ = ("_base_offset", "_last", "entries")

    def __init__(
        self, file: CachedFile, base_offset: int, file_size_bytes: int | None, believable_entries: int = 0
    ) -> None:
        self._base_offset = base_offset
        self.entries = IndexFile(file, ENTRY_SIZE_BYTES, _KEY, file_size_bytes, believable_entries)
        """The file of entries."""
        self._last: TimestampOffset | None = None

    def is_full(self, segment_index_bytes: int) -> bool:
        """Tell whether no entry fits any more; the last place is kept for the one made on roll."""
        return self.entries.count >= segment_index_bytes // ENTRY_SIZE_BYTES - 1

    def append_if_newer(self, timestamp_ms: int, offset: int) -> None:
        """Add an entry unless the last one has this timestamp or a later one.

        Raises OSError, but not after a call of `last`.
        """
        if timestamp_ms > self.last().timestamp_ms:
            self.entries.append(encode_entry(timestamp_ms, offset - self._base_offset))
            self._last = TimestampOffset(timestamp_ms, offset)

    def lookup(self, timestamp_ms: int) -> TimestampOffset:
        """Return the last entry with at most this timestamp; without one, no timestamp and the base offset.

        Raises OSError.
        """
        number = self.entries.find_last(timestamp_ms)
        return self._decode(self.entries.entry(number)) if number >= 0 else self._start()

    def last(self) -> TimestampOffset:
        """Return the last entry; without one, no timestamp and the base offset. Raises OSError."""
        last = self._last
        if last is None:
            entry = self.entries.last_entry()
            last = self._last = self._decode(entry) if entry is not None else self._start()
        return last

    def replace(self, entries: bytes | bytearray) -> None:
        """Hold exactly these entries. Raises OSError."""
        self.entries.replace(entries)
        self._last = None

    def _start(self) -> TimestampOffset:
        return TimestampOffset(NO_TIMESTAMP, self._base_offset)

    def _decode(self, entry: bytes) -> TimestampOffset:
        timestamp_ms, relative_offset = _ENTRY.unpack(entry)
        return TimestampOffset(timestamp_ms, self._base_offset + relative_offset)


def encode_entry(timestamp_ms: int, relative_offset: int) -> bytes:
    """Return the twelve bytes of an entry."""
    return _ENTRY.pack(timestamp_ms, relative_offset)
