"""A look at a partition directory: which segments and snapshots there are, and how large they are."""

from pathlib import Path

from ottla.storage.files import FileStatus, FileSystem
from ottla.storage.log_files import SegmentFiles, find_log_files, find_segments

FIRST = "00000000000000000000"
SECOND = "00000000000000000007"


def fill(directory: Path) -> list[str]:
    """Make a directory with two segments, of which the second lacks an index; return its names."""
    for name, size in {
        f"{FIRST}.log": 100,
        f"{FIRST}.index": 8,
        f"{FIRST}.timeindex": 12,
        f"{SECOND}.log": 50,
        f"{SECOND}.index": 0,
        f"{SECOND}.snapshot": 10,
        "0007.log": 1,
        "0007.snapshot": 1,
        "leader-epoch-checkpoint": 8,
        "partition.metadata": 43,
    }.items():
        (directory / name).write_bytes(bytes(size))
    return FileSystem().list_names(directory)


def test_what_is_there_is_found(tmp_path: Path) -> None:
    found = find_log_files(FileSystem(), tmp_path, fill(tmp_path))
    modified_ms = [(tmp_path / f"{stem}.log").stat().st_mtime_ns // 1_000_000 for stem in (FIRST, SECOND)]
    assert found.segments == [
        SegmentFiles(0, 100, modified_ms[0], 8, 12),
        SegmentFiles(7, 50, modified_ms[1], 0, None),
    ]
    assert [each.lacks_index for each in found.segments] == [False, True]
    assert (found.snapshots, found.has_leader_epochs, found.has_aborted_transactions) == ([7], True, False)


def test_an_index_of_aborted_transactions_is_seen(tmp_path: Path) -> None:
    names = fill(tmp_path)
    assert find_log_files(FileSystem(), tmp_path, [*names, f"{FIRST}.txnindex"]).has_aborted_transactions


def test_a_segment_that_is_deleted_meanwhile_is_left_out(tmp_path: Path) -> None:
    class Deleting(FileSystem):
        def status(self, path: Path | str) -> FileStatus:
            if str(path).endswith(f"{FIRST}.timeindex"):
                Path(path).unlink()
            return super().status(path)

    names = fill(tmp_path)
    assert [each.base_offset for each in find_segments(Deleting(), tmp_path, names)] == [7]
