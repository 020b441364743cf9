"""Looks, before anything is opened or changed, whether the metadata log is whole.

A crash may leave a batch half written at the very end: nobody was told of it, and opening the log cuts it off. Anything
else that is missing or damaged was promised to somebody. Kafka would cut the log there and go on with fewer topics;
here the start is refused, every file is left as it is, and the text says where the damage is and what can be done.
The batches that were found sound are read from here, so that they are understood before anything is opened.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.metadata.log_entries import MAX_BATCH_BYTES
from ottla.metadata.snapshot import parse_file_name
from ottla.records.batch import (
    MAGIC,
    MINIMUM_BATCH_LENGTH,
    SIZE_PREFIX_BYTES,
    BatchHeader,
    CorruptBatchError,
    check_crc,
    read_header,
)
from ottla.storage.files import Descriptor, FileSystem
from ottla.storage.log_walk import read_batch, walk_headers
from ottla.storage.segment import LOG_SUFFIX, file_name

_MAGIC_POSITION = 16
_LENGTH = struct.Struct(">i")
_LENGTH_POSITION = 8

WAY_OUT = (
    "Nothing was changed. Restore the data directory from a copy; or, to begin anew without the topics that it holds, "
    "move it away and start with an empty one"
)


class SoundEnd(NamedTuple):
    """Where the sound batches of a log end."""

    offset: int
    """The offset after the last record."""
    leader_epoch: int
    """The epoch of the last batch that was looked at, -1 without one."""


def check_metadata_log(
    files: FileSystem, path: Path, *, was_stopped_cleanly: bool, previous_broker_epoch: int
) -> SoundEnd:
    """Read the log in this directory, do nothing else, and return where it ends.

    After a clean stop what a snapshot stands for is not looked at: nobody will read it. Raises
    InconsistentMetadataError for damage, and OSError.
    """
    names = [entry.name for entry in files.list_directory(path)] if path.exists() else []
    bases = _segment_bases(names)
    snapshots = [found for name in names if (found := parse_file_name(name)) is not None]
    snapshot_end = max((found.end_offset for found in snapshots), default=0)
    unread_end = snapshot_end if was_stopped_cleanly else 0
    end = SoundEnd(0, -1)
    for base, next_base in zip_longest(bases, bases[1:]):
        if next_base is not None and next_base <= unread_end:
            end = SoundEnd(next_base, -1)
            continue
        file = path / file_name(base, LOG_SUFFIX)
        if end.offset and base != end.offset:
            raise _damaged(
                file, end.offset, 0, f"it begins at offset {base}, and what is before it is missing"
            )
        may_be_torn = next_base is None and not was_stopped_cleanly
        found_end = _check_segment(files, file, base, unread_end=unread_end, may_be_torn=may_be_torn)
        end = SoundEnd(found_end.offset, max(found_end.leader_epoch, end.leader_epoch))
    if not min(bases, default=0) <= snapshot_end <= end.offset:
        raise InconsistentMetadataError(
            f"the metadata log in {path} has the offsets from {min(bases, default=0)} to {end.offset}, but "
            f"{f'its newest snapshot ends at offset {snapshot_end}' if snapshots else 'there is no snapshot'}: what "
            f"is between them is missing. {WAY_OUT}"
        )
    if previous_broker_epoch >= max(end.offset, unread_end):
        raise InconsistentMetadataError(
            f"the metadata log in {path} ends at offset {end.offset}, but before its last clean stop the broker had "
            f"registered at offset {previous_broker_epoch}: the end of the log is missing. {WAY_OUT}"
        )
    return end


def read_sound_batches(files: FileSystem, path: Path, offset: int, end_offset: int) -> Iterator[bytes]:
    """Yield the batches from the one with `offset` on, up to the end of what was found sound.

    Raises OSError.
    """
    bases = _segment_bases([entry.name for entry in files.list_directory(path)]) if path.exists() else []
    for base, next_base in zip_longest(bases, bases[1:]):
        if offset >= end_offset:
            return
        if next_base is not None and next_base <= offset:
            continue
        descriptor = files.open(path / file_name(base, LOG_SUFFIX))
        for at, header in walk_headers(files, descriptor, 0, files.size_bytes(descriptor)):
            if header.next_offset > offset:
                yield read_batch(files, descriptor, at, header)
                offset = header.next_offset
            if offset >= end_offset:
                return  # what follows may be torn


def _segment_bases(names: list[str]) -> list[int]:
    return sorted(int(name.removesuffix(LOG_SUFFIX)) for name in names if name.endswith(LOG_SUFFIX))


def _check_segment(
    files: FileSystem, file: Path, base_offset: int, *, unread_end: int, may_be_torn: bool
) -> SoundEnd:
    """Return the end of a segment that is whole, but for a torn end where that may be."""
    descriptor = files.open(file)
    end = files.size_bytes(descriptor)
    offset, position, leader_epoch = base_offset, 0, -1
    try:
        for at, header in walk_headers(files, descriptor, 0, end):
            if header.base_offset != offset:
                raise CorruptBatchError(f"a batch claims offset {header.base_offset}")
            if header.next_offset > unread_end:
                _check_batch(files, descriptor, at, header)
            offset, position = header.next_offset, at + header.size_bytes
            leader_epoch = header.leader_epoch
    except CorruptBatchError as error:
        if not (may_be_torn and _is_torn(files, descriptor, position, end)):
            raise _damaged(file, offset, position, error.text) from error
    return SoundEnd(offset, leader_epoch)


def _check_batch(files: FileSystem, descriptor: Descriptor, position: int, header: BatchHeader) -> None:
    if header.size_bytes > MAX_BATCH_BYTES:
        raise CorruptBatchError(f"a batch claims {header.size_bytes} bytes, more than any has")
    check_crc(read_batch(files, descriptor, position, header), 0, header)


def _is_torn(files: FileSystem, descriptor: Descriptor, position: int, end: int) -> bool:
    """Tell whether what follows can be the half of one append: it is short, and no sound batch comes behind it."""
    if end - position > MAX_BATCH_BYTES:
        return False
    rest = files.pread(descriptor, end - position, position)
    found = rest.find(MAGIC, SIZE_PREFIX_BYTES + _MAGIC_POSITION)
    while found >= 0:
        if _is_sound(rest, found - _MAGIC_POSITION):
            return False
        found = rest.find(MAGIC, found + 1)
    return True


def _is_sound(content: bytes, start: int) -> bool:
    """Tell whether a batch begins here; looks at its size first, which is cheap."""
    (length,) = _LENGTH.unpack_from(content, start + _LENGTH_POSITION)
    if length < MINIMUM_BATCH_LENGTH or start + SIZE_PREFIX_BYTES + length > len(content):
        return False
    try:
        check_crc(content, start, read_header(content, start))
    except CorruptBatchError:
        return False
    return True


def _damaged(file: Path, offset: int, position: int, reason: str | None) -> InconsistentMetadataError:
    return InconsistentMetadataError(
        f"{file} is damaged at offset {offset}, byte {position}: {reason}. {WAY_OUT}"
    )
