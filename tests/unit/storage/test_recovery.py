"""What a scan of a log file finds, and what recovery makes of it."""

import zlib
from pathlib import Path

import pytest

from ottla.records.builder import NewRecord, build_batch
from ottla.storage.files import FileSystem
from ottla.storage.open_files import OpenFiles
from ottla.storage.recovery import SegmentScan, UnsupportedSegmentError, recover_segment, scan_segment
from ottla.storage.segment import MAX_RELATIVE_OFFSET, Segment

FILES = FileSystem()


def batch(offset: int, *, timestamp: int = 1000, leader_epoch: int = 0, size: int = 500) -> bytearray:
    return build_batch(
        [NewRecord(None, b"x" * size, timestamp)], now_ms=0, base_offset=offset, leader_epoch=leader_epoch
    )


def scan(
    tmp_path: Path, content: bytes | bytearray, *, base_offset: int = 0, next_base: int | None = None
) -> SegmentScan:
    path = tmp_path / "scanned"
    path.write_bytes(content)
    return scan_segment(
        FILES,
        FILES.open(path),
        base_offset=base_offset,
        next_base_offset=next_base,
        size_bytes=len(content),
        index_interval_bytes=1000,
    )


def legacy_message(magic: int) -> bytes:
    """One uncompressed message of an old format, without a key: its CRC-32 covers everything after it."""
    timestamp = (1000).to_bytes(8, "big") if magic == 1 else b""
    checked = bytes([magic, 0]) + timestamp + b"\xff\xff\xff\xff" + (3).to_bytes(4, "big") + b"old"
    return bytes(8) + (len(checked) + 4).to_bytes(4, "big") + zlib.crc32(checked).to_bytes(4, "big") + checked


def test_a_sound_file_is_described(tmp_path: Path) -> None:
    content = b"".join(
        batch(index, timestamp=1000 + [3, 9, 1][index % 3] * 10, leader_epoch=index // 4)
        for index in range(9)
    )
    found = scan(tmp_path, content)
    assert found.damage is None
    assert (found.valid_bytes, found.next_offset) == (len(content), 9)
    assert (found.largest_timestamp, found.offset_of_largest) == (1090, 1)
    assert [tuple(epoch) for epoch in found.epochs] == [(0, 0), (1, 4), (2, 8)]
    size = len(content) // 9
    assert bytes(found.offset_entries) == b"".join(
        index.to_bytes(4, "big") + (index * size).to_bytes(4, "big") for index in (2, 4, 6, 8)
    )
    assert bytes(found.time_entries) == (1090).to_bytes(8, "big") + (1).to_bytes(4, "big")


def test_an_empty_file_has_no_entries(tmp_path: Path) -> None:
    found = scan(tmp_path, b"", base_offset=70)
    assert (found.damage, found.next_offset, found.valid_bytes) == (None, 70, 0)
    assert not found.offset_entries
    assert not found.time_entries


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (batch(0), "but 1 is the next one"),
        (batch(5), "must end before 5"),
        (batch(MAX_RELATIVE_OFFSET + 1), "must end before"),
        (batch(1)[:-1], "claims"),
        (bytes(300), "less than the minimum"),
        (batch(1)[:40], "61 bytes"),
    ],
)
def test_damage_ends_the_sound_part_and_is_explained(tmp_path: Path, second: bytes, words: str) -> None:
    first = batch(0)
    found = scan(tmp_path, first + second, next_base=5)
    assert (found.valid_bytes, found.next_offset) == (len(first), 1)
    assert found.damage is not None
    assert words in found.damage


def test_gaps_that_compaction_leaves_are_no_damage(tmp_path: Path) -> None:
    found = scan(tmp_path, batch(3) + batch(40) + batch(41), base_offset=2, next_base=50)
    assert (found.damage, found.next_offset) == (None, 42)


@pytest.mark.parametrize("magic", [0, 1])
def test_a_sound_message_of_an_old_format_is_refused(tmp_path: Path, magic: int) -> None:
    with pytest.raises(UnsupportedSegmentError, match=f"magic {magic} at byte {len(batch(0))}"):
        scan(tmp_path, batch(0) + legacy_message(magic))


def test_what_only_looks_like_an_old_format_is_damage(tmp_path: Path) -> None:
    message = bytearray(legacy_message(1))
    message[-1] ^= 1
    found = scan(tmp_path, batch(0) + message)
    assert found.damage is not None
    assert found.next_offset == 1


def test_recovery_cuts_the_file_and_writes_both_indexes(tmp_path: Path) -> None:
    content = b"".join(batch(index, timestamp=1000 + index) for index in range(6))
    (tmp_path / "00000000000000000000.log").write_bytes(content + b"torn")
    segment = Segment(
        OpenFiles(FILES, 10),
        tmp_path,
        0,
        size_bytes=len(content) + 4,
        offset_index_bytes=None,
        time_index_bytes=None,
        modified_ms=0,
    )
    found = recover_segment(segment, next_base_offset=None, index_interval_bytes=1000)
    assert (tmp_path / "00000000000000000000.log").read_bytes() == content
    assert segment.size_bytes == len(content)
    assert (tmp_path / "00000000000000000000.index").read_bytes() == bytes(found.offset_entries)
    assert (tmp_path / "00000000000000000000.timeindex").read_bytes() == bytes(found.time_entries)
    assert segment.next_offset() == 6
    assert segment.largest_timestamp() == (1005, 5)
