from __future__ import annotations

from pathlib import Path

from tests.support.logs import NOW_MS

from ottla.records.batch import read_header
from ottla.records.builder import NewRecord, build_batch
from ottla.storage.aborted_transactions import AbortedTransaction, decode_aborted
from ottla.storage.cleaned_segment import WRITE_BYTES, SegmentCopy
from ottla.storage.files import FileSystem
from ottla.storage.leftovers import remove_cleaned
from ottla.storage.swapping import CleanedSegment

NAME = f"{100:020d}"


def test_a_copy_replaces_what_an_earlier_attempt_has_left(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.log.cleaned").write_bytes(b"leftover" * WRITE_BYTES)
    copy = SegmentCopy(FileSystem(), tmp_path, 100, 4096)
    batches = [
        build_batch([NewRecord(b"k", bytes(300_000), NOW_MS + offset)], now_ms=0, base_offset=offset)
        for offset in (100, 107, 130, 131, 140)
    ]
    for batch in batches:
        copy.append(batch, read_header(batch))
    aborted = [AbortedTransaction(1, 2, 3, 4)]
    finished = copy.finish(aborted, [100, 120], NOW_MS)
    content = b"".join(batches)
    assert finished == CleanedSegment(100, (100, 120), len(content), 4 * 8, 4 * 12, NOW_MS, True)
    assert (tmp_path / f"{NAME}.log.cleaned").read_bytes() == content
    assert (tmp_path / f"{NAME}.log.cleaned").stat().st_mtime * 1000 == NOW_MS
    index = (tmp_path / f"{NAME}.txnindex.cleaned").read_bytes()
    assert decode_aborted(index, "index") == aborted


def test_only_what_was_being_cleaned_is_removed(tmp_path: Path) -> None:
    for name in (f"{NAME}.log", f"{NAME}.log.cleaned", f"{NAME}.index.cleaned", f"{NAME}.log.swap"):
        (tmp_path / name).touch()
    remove_cleaned(FileSystem(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{NAME}.log", f"{NAME}.log.swap"]
    remove_cleaned(FileSystem(), tmp_path / "gone")
