"""A sorted file of entries of one size: what Kafka's offset index and time index have in common.

New entries wait in memory and reach the file on roll, flush and close, or when they become many. A crash may
lose them; recovery makes them again from the log. Kafka keeps the file of a segment that it appends to
preallocated, so that after a crash of Kafka's it ends in zeros, which are no entries.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from ottla.storage.open_files import CachedFile

MOST_ENTRIES_IN_MEMORY = 1024
"""Per index that is appended to, 16 to 20 KiB: enough for lookups near the end, where most readers are."""

FEW_ENTRIES = 16
"""What a recovery need not write at once, since it can find it again in 64 KiB: with many small logs a fifth of its
time went into opening files for a dozen bytes. Ten thousand logs keep at most 6 MB in memory until the next flush."""

_ENTRIES_PER_PAGE = 512
"""Entries that a lookup further back reads at once, after it has found the page by its first entries."""


class Tail(NamedTuple):
    """The entries in memory; replaced as a whole when some of them leave it."""

    entries_before: int
    entries: bytearray
    keys: array[int]
    """The key of each entry, for a quick search."""


class IndexFile:
    """The entries of one index; each starts with a sorted number, its key.

    One caller appends; lookups and flushes may run beside it in other threads. Once `load` was called every change
    of `_tail` is the appending caller's.
    """

    __slots__ = ("_entry_size", "_file", "_key", "_tail", "_written", "count", "is_file_empty")

    def __init__(
        self,
        file: CachedFile,
        entry_size_bytes: int,
        key: struct.Struct,
        file_size_bytes: int | None,
        believable_entries: int = 0,
    ) -> None:
        """Make an index over a file of this size, None where there is no file.

        It has entries to its end where these are `believable_entries` at most. `key` is what an entry starts with.
        """
        self._file = file
        self._entry_size = entry_size_bytes
        self._key = key
        size_bytes = file_size_bytes or 0
        count = size_bytes // entry_size_bytes
        is_believed = count <= believable_entries and count * entry_size_bytes == size_bytes
        # None until the file was looked at, where it may end in zeros.
        self._tail: Tail | None = Tail(count, bytearray(), array("q")) if is_believed else None
        self._written = self.count = count if is_believed else 0
        """Number of entries, once the index was loaded."""
        self.is_file_empty = file_size_bytes == 0
        """Whether there was a file with nothing in it, and nothing was written to it since."""

    @property
    def file(self) -> CachedFile:
        """The file behind the index."""
        return self._file

    def __len__(self) -> int:
        before, _, keys = self._loaded_tail()
        return before + len(keys)

    def load(self) -> None:
        """Look at the file, if that was not done yet; before anybody appends. Raises OSError."""
        self._loaded_tail()

    def append(self, entry: bytes) -> None:
        """Add an entry, in memory; its key is at least that of the last one."""
        tail = self._loaded_tail()
        self.count += 1
        tail.entries.extend(entry)
        tail.keys.append(self._key.unpack_from(entry)[0])  # last: lookups see it now

    def make_room(self) -> None:
        """Write out entries when many wait in memory. Raises OSError, and then nothing is lost.

        Called before an append to the log, so that a full disk refuses the append as a whole.
        """
        before, entries, keys = self._loaded_tail()
        if len(keys) < 2 * MOST_ENTRIES_IN_MEMORY:
            return
        self.write_out()
        leaving = len(keys) - MOST_ENTRIES_IN_MEMORY
        self._tail = Tail(before + leaving, entries[leaving * self._entry_size :], keys[leaving:])

    def write_out(self) -> int:
        """Bring all entries into the file; return how many these are. Raises OSError.

        A flush may do so beside the appending caller: both then write the same bytes to the same places.
        """
        before, entries, keys = self._loaded_tail()
        total = before + len(keys)
        if self._written != total:
            start = max(self._written, before)
            fresh = bytes(entries[(start - before) * self._entry_size : (total - before) * self._entry_size])
            self.is_file_empty = False
            self._file.files.pwrite(self._file.descriptor(), [fresh], start * self._entry_size)
            self._written = total
        return total

    def trim(self) -> None:
        """Bring all entries into the file and make it end there; they need not stay in memory. Raises OSError."""
        count = self.write_out()
        if self.is_file_empty:
            return
        files, descriptor = self._file.files, self._file.descriptor()
        size = count * self._entry_size
        if files.size_bytes(descriptor) != size:
            files.truncate(descriptor, size)
        self._tail = Tail(count, bytearray(), array("q"))

    def replace(self, entries: bytes | bytearray) -> None:
        """Hold exactly these entries; a few reach an empty file with the next `write_out`. Raises OSError."""
        self.count = len(entries) // self._entry_size
        if self.is_file_empty and self.count <= FEW_ENTRIES:
            keys = [self._key.unpack_from(entries, at)[0] for at in range(0, len(entries), self._entry_size)]
            self._written = 0
            self._tail = Tail(0, bytearray(entries), array("q", keys))
            return
        files, descriptor = self._file.files, self._file.create()
        if not self.is_file_empty:
            files.truncate(descriptor, 0)
        if entries:
            self.is_file_empty = False
            files.pwrite(descriptor, [entries], 0)
        self._written = self.count
        self._tail = Tail(self._written, bytearray(), array("q"))

    def sync(self) -> None:
        """Wait until the entries that are in the file are on the disk. Raises OSError."""
        self._file.files.fsync(self._file.descriptor())

    def entry(self, number: int) -> bytes:
        """Return one entry. Raises OSError."""
        before, entries, _ = self._loaded_tail()
        size = self._entry_size
        if number >= before:
            at = (number - before) * size
            return bytes(entries[at : at + size])
        return self._file.files.pread(self._file.descriptor(), size, number * size)

    def last_entry(self) -> bytes | None:
        """Return the last entry, None when there is none. Raises OSError."""
        count = len(self)
        return self.entry(count - 1) if count else None

    def find_last(self, target: int) -> int:
        """Return the number of the last entry whose key is at most `target`; -1 when there is none.

        Raises OSError.
        """
        before, _, keys = self._loaded_tail()
        if keys and keys[0] <= target:
            return before + bisect_right(keys, target) - 1
        return self._find_last_in_file(before, target)

    def _find_last_in_file(self, count: int, target: int) -> int:
        if not count:
            return -1
        files, descriptor, size = self._file.files, self._file.descriptor(), self._entry_size
        unpack_key = self._key.unpack_from

        def first_key_of_page(page: int) -> int:
            key: int = unpack_key(files.pread(descriptor, size, page * _ENTRIES_PER_PAGE * size))[0]
            return key

        page = self._bisect(-(-count // _ENTRIES_PER_PAGE), target, first_key_of_page)
        if page < 0:
            return -1
        first = page * _ENTRIES_PER_PAGE
        in_page = min(_ENTRIES_PER_PAGE, count - first)
        content = files.pread(descriptor, in_page * size, first * size)
        return first + self._bisect(in_page, target, lambda number: unpack_key(content, number * size)[0])

    @staticmethod
    def _bisect(count: int, target: int, key_of: Callable[[int], int]) -> int:
        return bisect_right(range(count), target, key=key_of) - 1

    def _loaded_tail(self) -> Tail:
        tail = self._tail
        if tail is None:
            self._written = self.count = self._count_entries_in_file()
            tail = self._tail = Tail(self._written, bytearray(), array("q"))
        return tail

    def _count_entries_in_file(self) -> int:
        files, descriptor, size = self._file.files, self._file.descriptor(), self._entry_size
        count = files.size_bytes(descriptor) // size
        zeros = bytes(size)

        def is_unused(number: int) -> bool:
            return files.pread(descriptor, size, number * size) == zeros

        if count and is_unused(count - 1):
            return bisect_right(range(count), False, key=is_unused)
        return count
