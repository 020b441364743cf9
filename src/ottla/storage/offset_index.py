"""The offset index of a segment: from offsets to positions in the log file, sparsely.

An entry (8 bytes) holds the last offset of a batch, relative to the segment's base, and the position where that
batch starts (facts 2.4, Kafka's `OffsetIndex`).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from ottla.storage.index_file import IndexFile
from ottla.storage.open_files import CachedFile

ENTRY_SIZE_BYTES = 8
SUFFIX = ".index"

_KEY = struct.Struct(">i")
_ENTRY = struct.Struct(">ii")


class OffsetPosition(NamedTuple):
    """The last offset of a batch, and where in the log file the batch starts."""

    offset: int
    position: int


class OffsetIndex:
    """The offset index of the segment with this base offset."""

    __slots__ = ("_base_offset", "entries")

    def __init__(
        self, file: CachedFile, base_offset: int, file_size_bytes: int | None, believable_entries: int = 0
    ) -> None:
        self._base_offset = base_offset
        self.entries = IndexFile(file, ENTRY_SIZE_BYTES, _KEY, file_size_bytes, believable_entries)
        """The file of entries."""

    def is_full(self, segment_index_bytes: int) -> bool:
        """Tell whether no entry fits any more into an index of this size."""
        return self.entries.count >= segment_index_bytes // ENTRY_SIZE_BYTES

    def append(self, offset: int, position: int) -> None:
        """Add the entry of a batch with this last offset."""
        self.entries.append(encode_entry(offset - self._base_offset, position))

    def lookup(self, offset: int) -> OffsetPosition:
        """Return the entry with the largest offset at or below `offset`; without one, the segment's start.

        Raises OSError.
        """
        number = self.entries.find_last(offset - self._base_offset)
        return self._decode(self.entries.entry(number)) if number >= 0 else self._start()

    def last(self) -> OffsetPosition:
        """Return the last entry; without one, the segment's start. Raises OSError."""
        entry = self.entries.last_entry()
        return self._decode(entry) if entry is not None else self._start()

    def _start(self) -> OffsetPosition:
        return OffsetPosition(self._base_offset, 0)

    def _decode(self, entry: bytes) -> OffsetPosition:
        relative_offset, position = _ENTRY.unpack(entry)
        return OffsetPosition(self._base_offset + relative_offset, position)


def encode_entry(relative_offset: int, position: int) -> bytes:
    """Return the eight bytes of an entry."""
    return _ENTRY.pack(relative_offset, position)
