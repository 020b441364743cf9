"""The door to the file system: whole writes, ranges that outlive their file, atomic replacement, the lock."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ottla.storage.files import FileRange, FileSystem

FILES = FileSystem()


def test_buffers_are_written_in_order_at_a_position(tmp_path: Path) -> None:
    descriptor = FILES.open(tmp_path / "f", create=True)
    assert FILES.pwrite(descriptor, [b"abc", b"", memoryview(b"defg")], 2) == 7
    assert FILES.pread(descriptor, 100, 0) == b"\x00\x00abcdefg"
    assert FILES.size_bytes(descriptor) == 9


def test_more_buffers_than_the_system_takes_at_once(tmp_path: Path) -> None:
    descriptor = FILES.open(tmp_path / "f", create=True)
    buffers = [b"%d," % index for index in range(3000)]
    FILES.pwrite(descriptor, buffers, 0)
    assert (tmp_path / "f").read_bytes() == b"".join(buffers)


def test_writes_that_the_kernel_takes_in_parts_are_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_pwrite, real_pwritev = os.pwrite, os.pwritev
    monkeypatch.setattr(os, "pwrite", lambda number, buffer, at: real_pwrite(number, buffer[:3], at))
    monkeypatch.setattr(os, "pwritev", lambda number, buffers, at: real_pwritev(number, [buffers[0][:2]], at))
    descriptor = FILES.open(tmp_path / "f", create=True)
    FILES.pwrite(descriptor, [b"abcdefgh"], 0)
    FILES.pwrite(descriptor, [b"ijk", b"lmnop"], 8)
    assert (tmp_path / "f").read_bytes() == b"abcdefghijklmnop"


def test_reads_that_the_kernel_answers_in_parts_are_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_bytes(b"abcdefgh")
    real_pread = os.pread
    monkeypatch.setattr(os, "pread", lambda number, size, at: real_pread(number, min(size, 3), at))
    assert FILES.pread(FILES.open(tmp_path / "f"), 100, 1) == b"bcdefgh"


def test_a_descriptor_is_closed_with_its_last_holder(tmp_path: Path) -> None:
    descriptor = FILES.open(tmp_path / "f", create=True)
    number = descriptor.number
    os.fstat(number)
    del descriptor
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)


def test_a_range_outlives_the_file_and_is_refused_after_its_release(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"0123456789")
    found = FileRange(FILES, FILES.open(path), 2, 5)
    path.unlink()
    assert len(found) == 5
    assert found.position == 2
    assert found.read() == b"23456"
    assert os.fstat(found.fileno()).st_size == 10
    found.release()
    with pytest.raises(AssertionError, match="released"):
        found.read()


def test_a_range_of_a_file_that_became_shorter_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"0123456789")
    found = FileRange(FILES, FILES.open(path), 2, 8)
    os.truncate(path, 5)
    with pytest.raises(OSError, match="only 3 of 8"):
        found.read()


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "f"
    FILES.write_atomically(path, b"one")
    FILES.write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in FILES.list_directory(tmp_path)] == ["f"]


def test_a_directory_is_listed_by_name_with_sizes(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"xyz")
    (tmp_path / "a").mkdir()
    listed = FILES.list_directory(tmp_path)
    assert [(entry.name, entry.is_directory, entry.size_bytes) for entry in listed] == [
        ("a", True, 0),
        ("b", False, 3),
    ]
    assert listed[1].modified_ms > 1_600_000_000_000


def test_deleting_twice_is_harmless(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    FILES.unlink(tmp_path / "f")
    FILES.unlink(tmp_path / "f")
    assert not (tmp_path / "f").exists()


def test_another_process_does_not_get_the_lock(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    script = (
        "from pathlib import Path\n"
        "from ottla.storage.files import FileSystem\n"
        f"print(FileSystem().lock(Path({str(path)!r})))\n"
    )

    def ask() -> str:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
        ).stdout.strip()

    lock = FILES.lock(path)
    assert lock is not None
    assert ask() == "None"
    del lock
    assert ask() != "None"


def test_the_room_of_a_volume_is_that_which_df_shows(tmp_path: Path) -> None:
    space = FILES.space(tmp_path)
    assert space.total_bytes == shutil.disk_usage(tmp_path).total
    assert 0 <= space.usable_bytes <= space.total_bytes
