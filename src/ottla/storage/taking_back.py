"""Cutting the end off a log that is about to be opened anew: records that nobody has been told of.

For whoever appends and syncs as one step. When the sync is refused the records are in the file, and would be found
there by the next start although their writer was told that they are not.
"""

from __future__ import annotations

from pathlib import Path

from ottla.records.batch import CorruptBatchError
from ottla.storage.files import FileSystem
from ottla.storage.log_walk import find_position
from ottla.storage.segment import LOG_SUFFIX, file_name


def take_back(files: FileSystem, directory: Path, segment_offset: int, offset: int) -> None:
    """Cut the file of the active segment off where the batch with `offset` begins. Raises OSError.

    A file that is torn before that place is left as it is: opening the log cuts it there.
    """
    descriptor = files.open(directory / file_name(segment_offset, LOG_SUFFIX))
    try:
        position = find_position(files, descriptor, 0, files.size_bytes(descriptor), offset)
    except CorruptBatchError:
        return
    if position is not None:
        files.truncate(descriptor, position)
