"""The only door to the file system, so that a test can stand in it and make any single operation fail.

Everything here is synchronous and raises OSError as the system gives it. A descriptor stays open for as long as
anybody holds it: readers keep what they read from alive, also when the file is deleted or falls out of the cache.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

logger = logging.getLogger(__name__)

Buffer: TypeAlias = bytes | bytearray | memoryview

_FILE_MODE = 0o644

_READ_AT_ONCE_BYTES = 64 * 1024
"""Of a small file: more than nearly all of them have."""

NO_SPACE_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT})
"""A full disk refuses what is new and leaves what was there as it was, until there is room again."""

_MAX_BUFFERS_PER_WRITE = 512
"""Well below IOV_MAX (1024 on Linux and macOS)."""

_fsync_data = getattr(os, "fdatasync", os.fsync)
"""fdatasync also writes a changed size; it only leaves out times, which nothing relies on after a crash."""


class DirectoryEntry(NamedTuple):
    """One name in a directory."""

    name: str
    is_directory: bool
    size_bytes: int
    """0 for directories, as is their time."""
    modified_ms: int


class FileStatus(NamedTuple):
    """How large a file is, and when it was last written."""

    size_bytes: int
    modified_ms: int


class Space(NamedTuple):
    """How large a volume is, and what of it is still free."""

    total_bytes: int
    usable_bytes: int
    """Free for this process; what only the superuser may fill is left out."""


class Descriptor:
    """An open file, closed when the last holder lets go of it.

    Reference counting makes this safe between the appending thread and the reading one without a lock.
    """

    __slots__ = ("_files", "number")

    def __init__(self, files: FileSystem, number: int) -> None:
        self._files = files
        self.number = number

    def __del__(self) -> None:
        self._files.close_number(self.number)


class FileRange:
    """Some bytes of a file, kept readable until `release`; for an answer that is read or sent by the kernel."""

    __slots__ = ("_descriptor", "_files", "_size_bytes", "position")

    def __init__(self, files: FileSystem, descriptor: Descriptor, position: int, size_bytes: int) -> None:
        self._files = files
        self._descriptor: Descriptor | None = descriptor
        self.position = position
        """Where the range starts in the file."""
        self._size_bytes = size_bytes

    def __len__(self) -> int:
        return self._size_bytes

    def fileno(self) -> int:
        """Return the number for `os.sendfile`, valid until `release`."""
        assert self._descriptor is not None, "the range was released"
        return self._descriptor.number

    def read(self) -> bytes:
        """Return the bytes. Raises OSError, also when the file has become shorter than it was promised to be."""
        assert self._descriptor is not None, "the range was released"
        content = self._files.pread(self._descriptor, self._size_bytes, self.position)
        if len(content) != self._size_bytes:
            raise OSError(errno.EIO, f"only {len(content)} of {self._size_bytes} bytes could be read")
        return content

    def release(self) -> None:
        """Let go of the file; releasing twice is harmless."""
        self._descriptor = None


class FileSystem:
    """The operating system's files. Tests derive from it to make operations fail, fall short or take time."""

    def open(self, path: Path | str, *, create: bool = False) -> Descriptor:
        """Open a file for reading and writing; with `create` it may not exist yet, and is never truncated."""
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        return Descriptor(self, os.open(path, flags, _FILE_MODE))

    def close_number(self, number: int) -> None:
        """Close a descriptor whose last holder is gone; what fails here was written, and not yet synced, before."""
        try:
            os.close(number)
        except OSError as error:
            logger.warning("Cannot close a file: %s", error)

    def pread(self, descriptor: Descriptor, size_bytes: int, position: int) -> bytes:
        """Read up to `size_bytes` at `position`; fewer bytes mean that the file ends there."""
        content = os.pread(descriptor.number, size_bytes, position)
        if len(content) == size_bytes or not content:
            return content
        parts = [content]
        left = size_bytes - len(content)
        while left:
            # The kernel returns at most 2 GiB at once, and may return less at any time.
            part = os.pread(descriptor.number, left, position + size_bytes - left)
            if not part:
                break
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def pwrite(self, descriptor: Descriptor, buffers: Sequence[Buffer], position: int) -> int:
        """Write all buffers at `position`, in one call where the system takes them all; return their size.

        Raises OSError when only a part could be written; the part is then in the file.
        """
        if len(buffers) == 1:
            size = len(buffers[0])
            if os.pwrite(descriptor.number, buffers[0], position) == size:
                return size
        return self._pwrite_in_parts(descriptor, buffers, position)

    def _pwrite_in_parts(self, descriptor: Descriptor, buffers: Sequence[Buffer], position: int) -> int:
        written_in_all = 0
        left = [memoryview(buffer) for buffer in buffers if len(buffer)]
        while left:
            written = os.pwritev(descriptor.number, left[:_MAX_BUFFERS_PER_WRITE], position + written_in_all)
            if written == 0:
                raise OSError(errno.EIO, "the file system takes no more bytes and does not say why")
            written_in_all += written
            while left and written >= len(left[0]):
                written -= len(left.pop(0))
            if written:
                left[0] = left[0][written:]
        return written_in_all

    def fsync(self, descriptor: Descriptor) -> None:
        """Wait until what was written to the file is on the disk."""
        _fsync_data(descriptor.number)

    def truncate(self, descriptor: Descriptor, size_bytes: int) -> None:
        """Cut the file, or lengthen it with zeros."""
        os.ftruncate(descriptor.number, size_bytes)

    def size_bytes(self, descriptor: Descriptor) -> int:
        """Return the file's size."""
        return os.fstat(descriptor.number).st_size

    def read_file(self, path: Path | str) -> bytes:
        """Return a small file's content."""
        # By descriptor, and mostly from a str: a start reads three files of each log, and Python's file objects and
        # paths would take three times as long.
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            content = os.read(number, _READ_AT_ONCE_BYTES)
            while len(content) and (more := os.read(number, _READ_AT_ONCE_BYTES)):
                content += more
            return content
        finally:
            os.close(number)

    def write_file(self, path: Path, content: Buffer) -> None:
        """Write a small file anew, neither atomically nor durably: for what can be made again from the log."""
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _FILE_MODE)
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(number, left) :]
        finally:
            os.close(number)

    def write_atomically(self, path: Path, content: Buffer) -> None:
        """Replace a small file so that after a crash it holds the old content or the new, never a part.

        Writes `NAME.tmp` beside it, syncs, renames and syncs the directory, as Kafka's checkpoints do.
        """
        temporary = path.with_name(path.name + ".tmp")
        self.write_file(temporary, content)
        self.fsync(self.open(temporary))
        self.rename(temporary, path)

    def rename(self, source: Path, target: Path) -> None:
        """Rename a file or directory, replacing a file; durable when this returns."""
        source.replace(target)
        self.sync_directory(target.parent)
        if source.parent != target.parent:
            self.sync_directory(source.parent)

    def rename_lazily(self, source: Path, target: Path) -> None:
        """Rename without waiting for the disk, for a change that a crash may undo."""
        source.replace(target)

    def set_modified(self, path: Path, modified_ms: int) -> None:
        """Give a file the time of another one that it stands for."""
        os.utime(path, ns=(modified_ms * 1_000_000, modified_ms * 1_000_000))

    def unlink(self, path: Path) -> None:
        """Delete a file; one that is not there is deleted already."""
        path.unlink(missing_ok=True)

    def make_directory(self, path: Path) -> None:
        """Create a directory and its parents where they are missing."""
        path.mkdir(parents=True, exist_ok=True)

    def remove_directory(self, path: Path) -> None:
        """Delete a directory with everything in it."""
        shutil.rmtree(path)

    def sync_directory(self, path: Path) -> None:
        """Wait until the names in a directory are on the disk."""
        number = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(number)
        finally:
            os.close(number)

    def list_directory(self, path: Path) -> list[DirectoryEntry]:
        """Return what a directory holds, ordered by name."""
        entries = []
        with os.scandir(path) as found:
            for entry in found:
                if entry.is_dir():
                    entries.append(DirectoryEntry(entry.name, True, 0, 0))
                    continue
                try:
                    status = entry.stat()
                except FileNotFoundError:
                    continue  # deleted since its name was read
                modified_ms = status.st_mtime_ns // 1_000_000
                entries.append(DirectoryEntry(entry.name, False, status.st_size, modified_ms))
        entries.sort()
        return entries

    def list_names(self, path: Path) -> list[str]:
        """Return the names in a directory, in order, without a look at each, which `list_directory` takes."""
        return sorted(os.listdir(path))  # noqa: PTH208 - a path for each name takes longer than the call

    def status(self, path: Path | str) -> FileStatus:
        """Return the size of a file and when it was last written."""
        status = os.stat(path)  # noqa: PTH116 - mostly a str, as in `read_file`
        return FileStatus(status.st_size, status.st_mtime_ns // 1_000_000)

    def space(self, path: Path) -> Space:
        """Return the size of the volume that a file or directory is on, and what is free of it."""
        status = os.statvfs(path)
        return Space(status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize)

    def lock(self, path: Path) -> Descriptor | None:
        """Take an exclusive lock on a file, created where it is missing; None when another process has it.

        The lock lasts until the descriptor is let go. It is a POSIX record lock, as Java takes one, so that
        Apache Kafka and Ottla keep each other out.
        """
        descriptor = self.open(path, create=True)
        try:
            fcntl.lockf(descriptor.number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EAGAIN}:
                return None
            raise
        return descriptor
