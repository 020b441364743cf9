"""Looks, before anything is opened or changed, whether the metadata log is whole.

A crash may leave a batch half written at the very end: nobody was told of it, and opening the log cuts it off. Anything
else that is missing or damaged was promised to somebody. Kafka would cut the log there and go on with fewer topics;
here the start is refused, every file is left as it is, and the text says where the damage is and what can be done.
"""

from __future__ import annotations

import struct
from itertools import zip_longest
from pathlib import Path

from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.metadata.log_entries import MAX_BATCH_BYTES, read_entries
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


def check_metadata_log(
    files: FileSystem, path: Path, *, was_stopped_cleanly: bool, previous_broker_epoch: int
) -> None:
    """Read the log in this directory and do nothing else.

    After a clean stop what a snapshot stands for is not looked at: nobody will read it. After any other stop opening
    the log recovers it, which changes files, so that what is not understood has to be found before. Raises
    InconsistentMetadataError for damage and for records of newer releases, and OSError.
    """
    names = [entry.name for entry in files.list_directory(path)] if path.exists() else []
    bases = sorted(int(name.removesuffix(LOG_SUFFIX)) for name in names if name.endswith(LOG_SUFFIX))
    snapshots = [found for name in names if (found := parse_file_name(name)) is not None]
    snapshot_end = max((found.end_offset for found in snapshots), default=0)
    unread_end = snapshot_end if was_stopped_cleanly else 0
    end_offset = 0
    for base, next_base in zip_longest(bases, bases[1:]):
        if next_base is not None and next_base <= unread_end:
            end_offset = next_base
            continue
        file = path / file_name(base, LOG_SUFFIX)
        if end_offset and base != end_offset:
            raise _damaged(
                file, end_offset, 0, f"it begins at offset {base}, and what is before it is missing"
            )
        end_offset = _check_segment(
            files,
            file,
            base,
            unread_end=unread_end,
            understood_from=None if was_stopped_cleanly else snapshot_end,
            may_be_torn=next_base is None and not was_stopped_cleanly,
        )
    if previous_broker_epoch >= max(end_offset, unread_end):
        raise InconsistentMetadataError(
            f"the metadata log in {path} ends at offset {end_offset}, but before its last clean stop the broker had "
            f"registered at offset {previous_broker_epoch}: the end of the log is missing. {WAY_OUT}"
        )


def _check_segment(
    files: FileSystem,
    file: Path,
    base_offset: int,
    *,
    unread_end: int,
    understood_from: int | None,
    may_be_torn: bool,
) -> int:
    """Return the offset after the last batch of a segment that is whole, but for a torn end where that may be.

    Records from `understood_from` on are read too, with None no record.
    """
    descriptor = files.open(file)
    end = files.size_bytes(descriptor)
    offset, position = base_offset, 0
    try:
        for at, header in walk_headers(files, descriptor, 0, end):
            if header.base_offset != offset:
                raise CorruptBatchError(f"a batch claims offset {header.base_offset}")
            if header.next_offset > unread_end:
                batch = _sound_batch(files, descriptor, at, header)
                if understood_from is not None and header.next_offset > understood_from:
                    _read_all(batch)
            offset, position = header.next_offset, at + header.size_bytes
    except CorruptBatchError as error:
        if not (may_be_torn and _is_torn(files, descriptor, position, end)):
            raise _damaged(file, offset, position, str(error)) from error
    return offset


def _sound_batch(files: FileSystem, descriptor: Descriptor, position: int, header: BatchHeader) -> bytes:
    if header.size_bytes > MAX_BATCH_BYTES:
        raise CorruptBatchError(f"a batch claims {header.size_bytes} bytes, more than any has")
    batch = read_batch(files, descriptor, position, header)
    check_crc(batch, 0, header)
    return batch


def _read_all(batch: bytes) -> None:
    """Raise InconsistentMetadataError for a record that cannot be read."""
    for _ in read_entries(batch):
        pass


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


def _damaged(file: Path, offset: int, position: int, reason: str) -> InconsistentMetadataError:
    return InconsistentMetadataError(
        f"{file} is damaged at offset {offset}, byte {position}: {reason}. {WAY_OUT}"
    )
