"""Files that are out of use and are removed after `file.delete.delay.ms`, so that readers can finish."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ottla.storage.files import FileSystem


class DoomedFile(NamedTuple):
    """A file under its `.deleted` name, and when it goes."""

    due_ms: int
    path: Path


class DeferredDeletion:
    """The doomed files of one partition, in the order in which they were given up.

    A restart removes them too, by their names, so that nothing is lost with this list.
    """

    __slots__ = ("_doomed", "_files")

    def __init__(self, files: FileSystem) -> None:
        self._files = files
        self._doomed: deque[DoomedFile] = deque()

    def __len__(self) -> int:
        return len(self._doomed)

    def add(self, paths: Sequence[Path], due_ms: int) -> None:
        """Doom files from `due_ms` on."""
        self._doomed.extend(DoomedFile(due_ms, path) for path in paths)

    def delete_expired(self, now_ms: int) -> int:
        """Remove what is due; return how many files. Raises OSError, and the rest stays doomed."""
        count = 0
        while self._doomed and self._doomed[0].due_ms <= now_ms:
            self._files.unlink(self._doomed[0].path)
            self._doomed.popleft()
            count += 1
        return count
