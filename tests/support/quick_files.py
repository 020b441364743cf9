"""Files for tests that crash nothing: they need not wait for the disk."""

from __future__ import annotations

from pathlib import Path

from ottla.storage.files import Descriptor, FileSystem


class QuickFileSystem(FileSystem):
    """Real files that are never synced."""

    def fsync(self, descriptor: Descriptor) -> None:
        pass

    def sync_directory(self, path: Path) -> None:
        pass
