"""What an interrupted deletion or compaction left in a partition directory, and how it is finished or undone.

The order is Kafka's (facts 2.4, `LogLoader`): `.deleted` files go; `.cleaned` files are unfinished output of the
cleaner and go, and with them `.swap` files at or after the first of them, whose replacement did not begin; the
other `.swap` files are complete, so they take the places of the segments that they replace.
"""

from __future__ import annotations

from pathlib import Path

from ottla.storage import offset_index, time_index
from ottla.storage.files import FileSystem
from ottla.storage.log_walk import walk_headers
from ottla.storage.segment import (
    DELETED_SUFFIX,
    LOG_SUFFIX,
    OFFSET_DIGITS,
    SEGMENT_SUFFIXES,
)

CLEANED_SUFFIX = ".cleaned"
SWAP_SUFFIX = ".swap"

_LEFTOVER_SUFFIXES = (DELETED_SUFFIX, CLEANED_SUFFIX, SWAP_SUFFIX)

_INDEX_SUFFIXES = tuple(suffix for suffix in SEGMENT_SUFFIXES if suffix != LOG_SUFFIX)


def offset_of_file(name: str) -> int | None:
    """Return the offset that a file's name starts with; None where it is not the file of a segment or snapshot."""
    digits = name[:OFFSET_DIGITS]
    if (
        len(digits) == OFFSET_DIGITS
        and digits.isascii()
        and digits.isdigit()
        and name[OFFSET_DIGITS:].startswith(".")
    ):
        return int(digits)
    return None


def settle_leftovers(files: FileSystem, directory: Path) -> list[str]:
    """Finish or undo what was interrupted, and return the names that the directory then holds, in order.

    Raises OSError, and CorruptBatchError where a finished `.swap` file is damaged.
    """
    names = files.list_names(directory)
    if any(name.endswith(_LEFTOVER_SUFFIXES) for name in names):
        _settle(files, directory, names)
        files.sync_directory(directory)
        names = files.list_names(directory)
    present = frozenset(names)
    indexes = [name for name in names if name.endswith(_INDEX_SUFFIXES)]
    strays = [name for name in indexes if name.rpartition(".")[0] + LOG_SUFFIX not in present]
    for name in strays:
        files.unlink(directory / name)
    return [name for name in names if name not in strays] if strays else names


def remove_cleaned(files: FileSystem, directory: Path) -> None:
    """Remove what a cleaning has left that did not come to its end; nothing where the directory is gone.

    Raises OSError.
    """
    try:
        names = files.list_names(directory)
    except FileNotFoundError:
        return
    for name in names:
        if name.endswith(CLEANED_SUFFIX):
            files.unlink(directory / name)


def _settle(files: FileSystem, directory: Path, names: list[str]) -> None:
    for name in names:
        if name.endswith(DELETED_SUFFIX):
            files.unlink(directory / name)
    cleaned = [name for name in names if name.endswith(CLEANED_SUFFIX)]
    swaps = [name for name in names if name.endswith(SWAP_SUFFIX)]
    first_cleaned = min((_offset(name) for name in cleaned), default=None)
    if first_cleaned is not None:
        for name in [name for name in swaps if _offset(name) >= first_cleaned]:
            files.unlink(directory / name)
            swaps.remove(name)
    for name in cleaned:
        files.unlink(directory / name)
    swapped_logs = [name for name in swaps if name.endswith(LOG_SUFFIX + SWAP_SUFFIX)]
    if swapped_logs:
        start = min(_offset(name) for name in swapped_logs)
        end = max(_next_offset(files, directory, name) for name in swapped_logs)
        swapped_offsets = {_offset(name) for name in swapped_logs}
        for name in names:
            is_replaced = name.endswith(SEGMENT_SUFFIXES) and start <= _offset(name) < end
            if is_replaced and not _has_taken_place(name, swapped_offsets, swaps):
                files.unlink(directory / name)
    # Indexes first: a log file that has its final name has complete indexes beside it.
    for name in sorted(swaps, key=lambda name: name.endswith(LOG_SUFFIX + SWAP_SUFFIX)):
        files.rename_lazily(directory / name, directory / name.removesuffix(SWAP_SUFFIX))


def _has_taken_place(name: str, swapped_offsets: set[int], swaps: list[str]) -> bool:
    """Tell whether an index is that of a new segment already, whose log file was not renamed before the crash."""
    return (
        name.endswith((offset_index.SUFFIX, time_index.SUFFIX))
        and _offset(name) in swapped_offsets
        and name + SWAP_SUFFIX not in swaps
    )


def _offset(name: str) -> int:
    offset = offset_of_file(name)
    return -1 if offset is None else offset


def _next_offset(files: FileSystem, directory: Path, name: str) -> int:
    next_offset = _offset(name)
    descriptor = files.open(directory / name)
    for _, header in walk_headers(files, descriptor, 0, files.size_bytes(descriptor)):
        next_offset = header.next_offset
    return next_offset
