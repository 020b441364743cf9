"""The volume that the data directory is on: where it is, and how much room it has.

To look may wait for the disk, so it is done on a thread of the writer (properties 11 and 12 of docs/architecture.md).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ottla.completion import Completion
from ottla.partitions.writer import DirectoryWriter
from ottla.storage.files import FileSystem, Space


class DataVolume:
    """What clients may know of the data directory."""

    def __init__(self, files: FileSystem, directory: Path, writer: DirectoryWriter) -> None:
        self._files = files
        self._writer = writer
        self.directory = directory.absolute()
        """The data directory, by the name that clients have for it."""

    def space(self) -> Completion[Space]:
        """Look how much room there is.

        Fails with OSError where the disk does, with KafkaError KAFKA_STORAGE_ERROR while it has too much to do.
        """
        return self._writer.submit_apart(partial(self._files.space, self.directory))
