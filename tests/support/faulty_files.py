"""A file system in which a test decides which operation fails, and how."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from pathlib import Path

from ottla.storage.files import Buffer, Descriptor, FileSystem, Space


def is_below(path: Path, part: str) -> bool:
    """Tell whether a file, or a directory around it, has a name that begins with `part`.

    Directories of the test run count as well, so a part must not be the beginning of their names.
    """
    return any(name.startswith(part) for name in path.parts)


class FaultyFileSystem(FileSystem):
    """Real files; `before` and `watch` see each operation and may raise or wait, `short_write` cuts writes short."""

    def __init__(self) -> None:
        self.before: Callable[[str], None] | None = None
        self.watch: Callable[[str, Path], None] | None = None
        self.short_write: int | None = None
        self.operations: list[str] = []
        self._paths: dict[int, Path] = {}

    def fail_on(self, *names: str, number: int = errno.EIO) -> None:
        """Fail every operation with one of these names from now on."""

        def before(name: str) -> None:
            if name in names:
                raise OSError(number, f"injected failure of {name}")

        self.before = before

    def fail_below(self, part: str, *names: str, number: int = errno.EIO) -> None:
        """Fail operations with one of these names on paths that are below `part`, from now on."""

        def watch(name: str, path: Path) -> None:
            if name in names and is_below(path, part):
                raise OSError(number, f"injected failure of {name} of {path.name}")

        self.watch = watch

    def heal(self) -> None:
        """Fail no more."""
        self.before = self.watch = None

    def _note(self, name: str, path: Path) -> None:
        self.operations.append(name)
        if self.before is not None:
            self.before(name)
        if self.watch is not None:
            self.watch(name, path)

    def _path(self, descriptor: Descriptor) -> Path:
        return self._paths[descriptor.number]

    def open(self, path: Path | str, *, create: bool = False) -> Descriptor:
        path = Path(path)
        self._note("create" if create else "open", path)
        descriptor = super().open(path, create=create)
        self._paths[descriptor.number] = path
        return descriptor

    def pread(self, descriptor: Descriptor, size_bytes: int, position: int) -> bytes:
        self._note("pread", self._path(descriptor))
        return super().pread(descriptor, size_bytes, position)

    def pwrite(self, descriptor: Descriptor, buffers: Sequence[Buffer], position: int) -> int:
        self._note("pwrite", self._path(descriptor))
        if self.short_write is not None:
            whole = b"".join(bytes(buffer) for buffer in buffers)
            super().pwrite(descriptor, [whole[: self.short_write]], position)
            raise OSError(errno.ENOSPC, "injected full disk")
        return super().pwrite(descriptor, buffers, position)

    def fsync(self, descriptor: Descriptor) -> None:
        self._note("fsync", self._path(descriptor))
        super().fsync(descriptor)

    def truncate(self, descriptor: Descriptor, size_bytes: int) -> None:
        self._note("truncate", self._path(descriptor))
        super().truncate(descriptor, size_bytes)

    def write_file(self, path: Path, content: Buffer) -> None:
        self._note("write_file", path)
        super().write_file(path, content)

    def rename(self, source: Path, target: Path) -> None:
        self._note("rename", target)
        super().rename(source, target)

    def rename_lazily(self, source: Path, target: Path) -> None:
        self._note("rename_lazily", target)
        super().rename_lazily(source, target)

    def unlink(self, path: Path) -> None:
        self._note("unlink", path)
        super().unlink(path)

    def sync_directory(self, path: Path) -> None:
        self._note("sync_directory", path)
        super().sync_directory(path)

    def space(self, path: Path) -> Space:
        self._note("space", path)
        return super().space(path)
