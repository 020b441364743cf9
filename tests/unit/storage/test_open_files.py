"""The cache of descriptors: bounded, and kind to those that are in use."""

import resource
from pathlib import Path

import pytest

from ottla.storage.files import FileSystem
from ottla.storage.open_files import (
    LEAST_OPEN_FILES,
    MOST_OPEN_FILES,
    CachedFile,
    OpenFiles,
    default_open_files_limit,
)


def open_descriptors() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def cached(open_files: OpenFiles, directory: Path, count: int) -> list[CachedFile]:
    files = []
    for index in range(count):
        path = directory / f"{index}"
        path.write_bytes(b"%d" % index)
        files.append(CachedFile(open_files, directory, path.name))
    return files


def test_no_more_files_stay_open_than_the_limit(tmp_path: Path) -> None:
    open_files = OpenFiles(FileSystem(), 3)
    files = cached(open_files, tmp_path, 10)
    before = open_descriptors()
    for file in files:
        file.descriptor()
        assert len(open_files) <= 3
    assert sum(file.is_open for file in files) == 3
    assert open_descriptors() == before + 3


def test_a_file_that_is_used_stays_open(tmp_path: Path) -> None:
    open_files = OpenFiles(FileSystem(), 3)
    busy, *others = cached(open_files, tmp_path, 30)
    opened = busy.descriptor()
    for file in others:
        assert busy.descriptor() is opened
        file.descriptor()
    assert busy.is_open


def test_a_descriptor_that_is_held_survives_its_eviction(tmp_path: Path) -> None:
    open_files = OpenFiles(FileSystem(), 1)
    first, second = cached(open_files, tmp_path, 2)
    held = first.descriptor()
    second.descriptor()
    assert not first.is_open
    assert open_files.files.pread(held, 10, 0) == b"0"
    assert open_files.files.pread(first.descriptor(), 10, 0) == b"0"


def test_a_forgotten_file_is_opened_again(tmp_path: Path) -> None:
    open_files = OpenFiles(FileSystem(), 5)
    (file,) = cached(open_files, tmp_path, 1)
    first = file.descriptor()
    file.forget()
    assert file.descriptor() is not first
    assert len(open_files) <= 5


@pytest.mark.parametrize(
    ("soft", "expected"),
    [
        (1024, 512),
        (10, LEAST_OPEN_FILES),
        (2**40, MOST_OPEN_FILES),
        (resource.RLIM_INFINITY, MOST_OPEN_FILES),
    ],
)
def test_the_limit_follows_that_of_the_process(
    monkeypatch: pytest.MonkeyPatch, soft: int, expected: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))
    assert default_open_files_limit() == expected
