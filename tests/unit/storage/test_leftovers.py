"""Interrupted deletions and compactions are finished or undone at the next start."""

from pathlib import Path

import pytest
from tests.support.faulty_files import FaultyFileSystem

from ottla.records.builder import NewRecord, build_batch
from ottla.storage.leftovers import offset_of_file, settle_leftovers


def name(offset: int, suffix: str) -> str:
    return f"{offset:020d}{suffix}"


def log_of(*offsets: int) -> bytes:
    return b"".join(build_batch([NewRecord(None, b"x")], now_ms=0, base_offset=offset) for offset in offsets)


def settle(directory: Path) -> list[str]:
    kept = settle_leftovers(FaultyFileSystem(), directory)
    assert kept == sorted(path.name for path in directory.iterdir())
    return kept


def test_deleted_files_go(tmp_path: Path) -> None:
    for suffix in (".log", ".index", ".timeindex", ".snapshot"):
        (tmp_path / name(0, suffix + ".deleted")).touch()
    (tmp_path / name(5, ".log")).touch()
    assert settle(tmp_path) == [name(5, ".log")]


def test_indexes_without_a_log_go(tmp_path: Path) -> None:
    for suffix in (".index", ".timeindex", ".txnindex", ".snapshot"):
        (tmp_path / name(3, suffix)).touch()
    (tmp_path / "partition.metadata").touch()
    assert settle(tmp_path) == [name(3, ".snapshot"), "partition.metadata"]


def test_unfinished_output_of_the_cleaner_goes_and_the_originals_stay(tmp_path: Path) -> None:
    for offset in (0, 10):
        (tmp_path / name(offset, ".log")).write_bytes(log_of(offset))
    (tmp_path / name(0, ".log.cleaned")).write_bytes(log_of(0))
    (tmp_path / name(0, ".index.cleaned")).touch()
    assert settle(tmp_path) == [name(0, ".log"), name(10, ".log")]


def test_finished_output_takes_the_place_of_what_it_replaces(tmp_path: Path) -> None:
    for offset in (0, 10, 20, 30):
        (tmp_path / name(offset, ".log")).write_bytes(log_of(offset))
        (tmp_path / name(offset, ".index")).write_bytes(b"original")
    (tmp_path / name(10, ".log.swap")).write_bytes(log_of(10, 25))
    (tmp_path / name(10, ".index.swap")).write_bytes(b"swapped")
    assert settle(tmp_path) == sorted(
        name(offset, suffix) for offset in (0, 10, 30) for suffix in (".log", ".index")
    )
    assert (tmp_path / name(10, ".log")).read_bytes() == log_of(10, 25)
    assert (tmp_path / name(10, ".index")).read_bytes() == b"swapped"


def test_a_replacement_that_did_not_begin_is_undone(tmp_path: Path) -> None:
    """While `.cleaned` files are there, `.swap` files from the same run do not replace anything yet."""
    for offset in (0, 10):
        (tmp_path / name(offset, ".log")).write_bytes(log_of(offset))
    (tmp_path / name(0, ".log.swap")).write_bytes(log_of(0))
    (tmp_path / name(5, ".log.cleaned")).touch()
    (tmp_path / name(7, ".log.swap")).write_bytes(log_of(7))
    assert settle(tmp_path) == [name(0, ".log"), name(10, ".log")]


@pytest.mark.parametrize("number", range(8))
def test_an_interrupted_settlement_is_finished_by_the_next(tmp_path: Path, number: int) -> None:
    for offset in (0, 10, 20):
        for suffix in (".log", ".index"):
            (tmp_path / name(offset, suffix)).write_bytes(log_of(offset))
    (tmp_path / name(0, ".log.swap")).write_bytes(log_of(0, 15))
    (tmp_path / name(0, ".index.swap")).write_bytes(b"swapped")
    (tmp_path / name(20, ".log.deleted")).touch()
    files = FaultyFileSystem()
    left = number

    def before(operation: str) -> None:
        nonlocal left
        if operation in {"unlink", "rename_lazily"}:
            left -= 1
            if left < 0:
                raise OSError("injected")

    files.before = before
    try:
        settle_leftovers(files, tmp_path)
    except OSError:
        assert number < 7
    settle(tmp_path)
    assert (tmp_path / name(0, ".log")).read_bytes() == log_of(0, 15)
    assert (tmp_path / name(0, ".index")).read_bytes() == b"swapped"
    assert not (tmp_path / name(10, ".log")).exists()
    assert (tmp_path / name(20, ".log")).read_bytes() == log_of(20)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("00000000000000000042.log", 42),
        ("00000000000000000042.timeindex.swap", 42),
        ("0000000000000000004.log", None),
        ("partition.metadata", None),
        ("00000000000000000042-0000000001.checkpoint", None),
    ],
)
def test_the_offset_of_a_name(text: str, offset: int | None) -> None:
    assert offset_of_file(text) == offset
