"""The descriptors of log files: opened when needed, kept while in use, and never more than a limit.

A file that was used since the last look survives the next one ("second chance"), so that the files of busy
partitions stay open however many partitions there are. Whoever holds a descriptor keeps it open even when the
cache drops it (`files.Descriptor`); the limit therefore counts idle files, and ranges in flight come on top.
"""

from __future__ import annotations

import resource
from collections import deque
from pathlib import Path

from ottla.storage.files import Descriptor, FileSystem

SHARE_OF_DESCRIPTORS = 2
"""Log files may take one in this many of the process's descriptors; connections and ranges in flight need the rest."""

LEAST_OPEN_FILES = 64
MOST_OPEN_FILES = 100_000
"""Where the system sets no limit: more descriptors than this win nothing."""


def default_open_files_limit() -> int:
    """Return how many log files may stay open in this process, from its limit of descriptors."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_OPEN_FILES
    return max(LEAST_OPEN_FILES, min(MOST_OPEN_FILES, soft // SHARE_OF_DESCRIPTORS))


class CachedFile:
    """A file by its path, open or not."""

    __slots__ = ("_descriptor", "_directory", "_moving_to", "_name", "_open_files", "was_used")

    def __init__(self, open_files: OpenFiles, directory: Path, name: str) -> None:
        self._open_files = open_files
        self._descriptor: Descriptor | None = None
        self._directory = directory
        self._moving_to = name
        self._name = name  # a path for each file of ten thousand logs took a fifth of the time to open them
        self.was_used = False
        """Whether it was asked for again since it was opened, or since the cache last looked."""

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return self._directory / self._name

    @property
    def files(self) -> FileSystem:
        """The file system that the file is in."""
        return self._open_files.files

    def descriptor(self) -> Descriptor:
        """Return the open file, opening it where needed; it stays open while the caller holds the result.

        Raises OSError when it cannot be opened.
        """
        descriptor = self._descriptor
        if descriptor is None:
            name = self._name
            try:
                descriptor = self._open_files.files.open(f"{self._directory}/{name}")
            except FileNotFoundError:
                if self._moving_to == name:
                    raise
                descriptor = self._open_files.files.open(f"{self._directory}/{self._moving_to}")
            self._keep(descriptor)
        else:
            self.was_used = True
        return descriptor

    def create(self) -> Descriptor:
        """Open the file, making it where it does not exist."""
        descriptor = self._open_files.files.open(f"{self._directory}/{self._name}", create=True)
        self._keep(descriptor)
        return descriptor

    def rename(self, name: str) -> None:
        """Rename the file; who opens it meanwhile, in another thread, finds it. Raises OSError."""
        self._moving_to = name
        self.files.rename_lazily(self.path, self._directory / name)
        self._name = name

    def forget(self) -> None:
        """Let go of the descriptor; those who hold it may go on reading."""
        self._descriptor = None

    @property
    def is_open(self) -> bool:
        """Whether the cache holds the file open."""
        return self._descriptor is not None

    def _keep(self, descriptor: Descriptor) -> None:
        self.was_used = False
        self._descriptor = descriptor
        self._open_files.admit(self)


class OpenFiles:
    """All cached files of the process that are open, at most `limit`."""

    __slots__ = ("_open", "files", "limit")

    def __init__(self, files: FileSystem, limit: int) -> None:
        assert limit > 0
        self.files = files
        self.limit = limit
        # A deque's append and popleft are atomic, so that a reading thread may open files beside the appending one.
        self._open: deque[CachedFile] = deque()

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, file: CachedFile) -> None:
        """Take in a file that was just opened, and close others that nobody used while there are too many."""
        self._open.append(file)
        # Every file passes at most twice: the first time it may lose its mark, the second time its descriptor.
        for _ in range(2 * len(self._open)):
            if len(self._open) <= self.limit:
                break
            oldest = self._open.popleft()
            if not oldest.is_open:
                continue
            if oldest is file or oldest.was_used:
                oldest.was_used = False
                self._open.append(oldest)
            else:
                oldest.forget()
