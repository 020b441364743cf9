"""A file system in which a test decides which operation fails, and how."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from pathlib import Path

from ottla.storage.files import Buffer, Descriptor, FileSystem


class FaultyFileSystem(FileSystem):
    """Real files; `before` sees each changing operation and may raise, `short_write` cuts the next write short."""

    def __init__(self) -> None:
        self.before: Callable[[str], None] | None = None
        self.short_write: int | None = None
        self.operations: list[str] = []

    def fail_on(self, *names: str, number: int = errno.EIO) -> None:
        """Fail every operation with one of these names from now on."""

        def before(name: str) -> None:
            if name in names:
                raise OSError(number, f"injected failure of {name}")

        self.before = before

    def heal(self) -> None:
        """Fail no more."""
        self.before = None

    def _note(self, name: str) -> None:
        self.operations.append(name)
        if self.before is not None:
            self.before(name)

    def open(self, path: Path, *, create: bool = False) -> Descriptor:
        self._note("create" if create else "open")
        return super().open(path, create=create)

    def pread(self, descriptor: Descriptor, size_bytes: int, position: int) -> bytes:
        self._note("pread")
        return super().pread(descriptor, size_bytes, position)

    def pwrite(self, descriptor: Descriptor, buffers: Sequence[Buffer], position: int) -> int:
        self._note("pwrite")
        if self.short_write is not None:
            whole = b"".join(bytes(buffer) for buffer in buffers)
            super().pwrite(descriptor, [whole[: self.short_write]], position)
            raise OSError(errno.ENOSPC, "injected full disk")
        return super().pwrite(descriptor, buffers, position)

    def fsync(self, descriptor: Descriptor) -> None:
        self._note("fsync")
        super().fsync(descriptor)

    def truncate(self, descriptor: Descriptor, size_bytes: int) -> None:
        self._note("truncate")
        super().truncate(descriptor, size_bytes)

    def write_file(self, path: Path, content: Buffer) -> None:
        self._note("write_file")
        super().write_file(path, content)

    def rename(self, source: Path, target: Path) -> None:
        self._note("rename")
        super().rename(source, target)

    def rename_lazily(self, source: Path, target: Path) -> None:
        self._note("rename_lazily")
        super().rename_lazily(source, target)

    def unlink(self, path: Path) -> None:
        self._note("unlink")
        super().unlink(path)

    def sync_directory(self, path: Path) -> None:
        self._note("sync_directory")
        super().sync_directory(path)
