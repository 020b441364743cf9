"""A file system that remembers every change in order, and what a disk may hold when the machine stops between two.

The law of a crash: what was synced is there. Of what was written to a file since its last sync any part may be there,
in the order in which it was written, the last piece torn or its bytes zero; of the names that were made, changed or
removed in a directory since its last sync some first ones are. A process that is killed loses nothing of either.
"""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from ottla.storage.files import Buffer, Descriptor, FileSystem


class Ending(Enum):
    """How the machine stopped."""

    KILL = "the process was killed: all that it did is there"
    TORN = "the process was killed in the middle of its last write"
    LOSS = "power was lost, and with it all that was not synced"
    NAMES = "power was lost; the names of files are there and unsynced bytes are not"
    ZEROS = "power was lost; names and sizes are there, and zeros where unsynced bytes were"
    CHANCE = "power was lost, and any part of what was not synced is there"


class Write(NamedTuple):
    """Bytes that a file got; None for a change of its size to `position`."""

    position: int
    content: bytes | None

    def apply(self, file: bytearray, cut: int | None = None, *, zeros: bool = False) -> None:
        if self.content is None:
            del file[self.position :]
            file.extend(bytes(self.position - len(file)))
            return
        content = self.content if cut is None else self.content[:cut]
        file.extend(bytes(max(0, self.position - len(file))))
        file[self.position : self.position + len(content)] = bytes(len(content)) if zeros else content


class File:
    """A file, whatever its names are."""


class Folder:
    """A directory, whatever its name is."""


Node = File | Folder


class Change(NamedTuple):
    """One step: bytes of a file, names of a folder, a sync of either, or a note of the test."""

    target: Node | None
    write: Write | None = None
    names: tuple[tuple[str, Node | None], ...] = ()
    """New meaning of some names of a folder, all at once."""
    note: Any = None

    @property
    def is_sync(self) -> bool:
        return self.target is not None and self.write is None and not self.names


class RecordingFileSystem(FileSystem):
    """Real files below `root`, with every change noted. Nothing is really synced, which would take time only."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.changes: list[Change] = []
        self.top = Folder()
        self._tree: dict[Path, Node] = {root: self.top}
        self._open: dict[int, File] = {}
        self._lock = threading.RLock()
        self._take_in(root)
        self.found = len(self.changes)
        """How many of the first changes only say what was there already."""

    def note(self, note: Any) -> None:
        """Remember something between the changes, as what a client has been told."""
        with self._lock:
            self.changes.append(Change(None, note=note))

    def open(self, path: Path | str, *, create: bool = False) -> Descriptor:
        path = Path(path)
        with self._lock:
            if create and path not in self._tree:
                self._name(path, File())
            descriptor = super().open(path, create=create)
            node = self._tree[path]
            assert isinstance(node, File)
            self._open[descriptor.number] = node
            return descriptor

    def pwrite(self, descriptor: Descriptor, buffers: Sequence[Buffer], position: int) -> int:
        with self._lock:
            content = b"".join(bytes(buffer) for buffer in buffers)
            self.changes.append(Change(self._open[descriptor.number], Write(position, content)))
            return super().pwrite(descriptor, buffers, position)

    def truncate(self, descriptor: Descriptor, size_bytes: int) -> None:
        with self._lock:
            self.changes.append(Change(self._open[descriptor.number], Write(size_bytes, None)))
            super().truncate(descriptor, size_bytes)

    def fsync(self, descriptor: Descriptor) -> None:
        with self._lock:
            self.changes.append(Change(self._open[descriptor.number]))

    def write_file(self, path: Path, content: Buffer) -> None:
        with self._lock:
            file = self._tree.get(path)
            if file is None:
                file = File()
                self._name(path, file)
            else:
                self.changes.append(Change(file, Write(0, None)))
            self.changes.append(Change(file, Write(0, bytes(content))))
            super().write_file(path, content)

    def rename(self, source: Path, target: Path) -> None:
        self.rename_lazily(source, target)
        self.sync_directory(target.parent)

    def rename_lazily(self, source: Path, target: Path) -> None:
        assert source.parent == target.parent, "nothing is moved between directories"
        with self._lock:
            super().rename_lazily(source, target)
            node = self._tree[source]
            for path in [each for each in self._tree if each.is_relative_to(source)]:
                self._tree[target / path.relative_to(source)] = self._tree.pop(path)
            names = ((source.name, None), (target.name, node))
            self.changes.append(Change(self._tree[source.parent], names=names))

    def unlink(self, path: Path) -> None:
        with self._lock:
            super().unlink(path)
            if path in self._tree:
                self._forget(path)

    def make_directory(self, path: Path) -> None:
        with self._lock:
            super().make_directory(path)
            for each in (*reversed(path.parents), path):
                if each.is_relative_to(self.root) and each not in self._tree:
                    self._name(each, Folder())

    def remove_directory(self, path: Path) -> None:
        with self._lock:
            for entry in self.list_directory(path):
                (self.remove_directory if entry.is_directory else self.unlink)(path / entry.name)
            path.rmdir()
            self._forget(path)

    def sync_directory(self, path: Path) -> None:
        with self._lock:
            self.changes.append(Change(self._tree[path]))

    def _take_in(self, folder: Path) -> None:
        """Take what is there already as synced."""
        for path in sorted(folder.iterdir()):
            if path.is_dir():
                self._name(path, Folder())
                self._take_in(path)
            else:
                file = File()
                self._name(path, file)
                self.changes += [Change(file, Write(0, path.read_bytes())), Change(file)]
        self.sync_directory(folder)

    def _name(self, path: Path, node: Node) -> None:
        self._tree[path] = node
        self.changes.append(Change(self._tree[path.parent], names=((path.name, node),)))

    def _forget(self, path: Path) -> None:
        del self._tree[path]
        self.changes.append(Change(self._tree[path.parent], names=((path.name, None),)))


@dataclass(slots=True)
class _FileState:
    synced: bytearray = field(default_factory=bytearray)
    unsynced: list[Write] = field(default_factory=list)


@dataclass(slots=True)
class _FolderState:
    synced: dict[str, Node] = field(default_factory=dict)
    unsynced: list[tuple[tuple[str, Node | None], ...]] = field(default_factory=list)


class CrashDisk:
    """Plays the changes forward; `lay_out` makes the directory that a crash at this point may leave."""

    def __init__(self, files: RecordingFileSystem) -> None:
        self._changes = files.changes
        self._top = files.top
        self._files: dict[File, _FileState] = {}
        self._folders: dict[Folder, _FolderState] = {files.top: _FolderState()}
        self._last: Change | None = None
        self.position = 0
        """How many changes were made before the crash."""
        self.notes: list[Any] = []
        """The test's notes before the crash, in order."""
        while self.position < files.found:
            self._take(self._changes[self.position])
            self.position += 1

    def to_end(self) -> CrashDisk:
        """Make all changes; return this disk."""
        while self.advance():
            pass
        return self

    def advance(self) -> bool:
        """Make the next change; False at the end. Notes and syncs are taken in with the change after them."""
        while self.position < len(self._changes):
            change = self._changes[self.position]
            self.position += 1
            self._take(change)
            if change.write is not None or change.names:
                self._last = change
                return True
        return False

    @property
    def last_is_write(self) -> bool:
        """Whether the last change can be torn."""
        return self._last is not None and self._last.write is not None and bool(self._last.write.content)

    def lay_out(self, target: Path, ending: Ending, rng: random.Random) -> None:
        """Make `target` what the disk holds after a stop of this kind."""
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        self._lay_out_folder(self._top, target, ending, rng)

    def _take(self, change: Change) -> None:
        target = change.target
        if target is None:
            self.notes.append(change.note)
        elif isinstance(target, File):
            state = self._files.setdefault(target, _FileState())
            if change.write is not None:
                state.unsynced.append(change.write)
            else:
                _apply_all(state.unsynced, state.synced)
                state.unsynced = []
        else:
            folder = self._folders.setdefault(target, _FolderState())
            if change.names:
                folder.unsynced.append(change.names)
            else:
                for names in folder.unsynced:
                    _rename_all(folder.synced, names)
                folder.unsynced = []

    def _lay_out_folder(self, folder: Folder, target: Path, ending: Ending, rng: random.Random) -> None:
        state = self._folders.setdefault(folder, _FolderState())
        kept = len(state.unsynced)
        if ending is Ending.LOSS:
            kept = 0
        elif ending is Ending.CHANCE:
            kept = rng.randint(0, kept)
        names = dict(state.synced)
        for each in state.unsynced[:kept]:
            _rename_all(names, each)
        for name, node in names.items():
            if isinstance(node, File):
                (target / name).write_bytes(self._content(node, ending, rng))
            else:
                (target / name).mkdir()
                self._lay_out_folder(node, target / name, ending, rng)

    def _content(self, file: File, ending: Ending, rng: random.Random) -> bytearray:
        state = self._files.setdefault(file, _FileState())
        content = bytearray(state.synced)
        writes = state.unsynced
        if ending is Ending.KILL:
            _apply_all(writes, content)
        elif ending is Ending.TORN:
            is_last = self._last is not None and self._last.target is file
            _apply_all(writes[:-1] if is_last else writes, content)
            if is_last:
                _tear(writes[-1], content, rng)
        elif ending is Ending.ZEROS:
            for write in writes:
                write.apply(content, zeros=True)
        elif ending is Ending.CHANCE and writes:
            kept = rng.randint(0, len(writes))
            _apply_all(writes[:kept], content)
            if kept < len(writes):
                _tear(writes[kept], content, rng)
        return content


def _apply_all(writes: Sequence[Write], content: bytearray) -> None:
    for write in writes:
        write.apply(content)


def _tear(write: Write, content: bytearray, rng: random.Random) -> None:
    if write.content:
        write.apply(content, rng.randrange(len(write.content)), zeros=rng.random() < 0.2)


def _rename_all(names: dict[str, Node], changes: Sequence[tuple[str, Node | None]]) -> None:
    for name, node in changes:
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


def every_crash(
    files: RecordingFileSystem,
    target: Path,
    check: Callable[[CrashDisk, Ending], None],
    *,
    stride: int = 1,
    endings: Sequence[Ending] = tuple(Ending),
    seed: int = 0,
) -> int:
    """Crash after every `stride`th change, in every way, and check what is left; return how many crashes that were.

    A failed check says at which change it happened and how the machine had stopped.
    """
    disk = CrashDisk(files)
    count = number = 0
    while disk.advance():
        number += 1
        if number % stride:
            continue
        for ending in endings:
            if ending is Ending.TORN and not disk.last_is_write:
                continue
            disk.lay_out(target, ending, random.Random(f"{seed}/{number}/{ending.name}"))
            try:
                check(disk, ending)
            except Exception as error:
                error.add_note(
                    f"after change {number} ({disk.position} with syncs and notes): {ending.value}"
                )
                raise
            count += 1
    return count
