"""Walks over a log file, whatever the sizes of its batches are."""

from pathlib import Path

import pytest

from ottla.records.batch import CorruptBatchError
from ottla.records.builder import NewRecord, build_batch
from ottla.storage import log_walk
from ottla.storage.files import Descriptor, FileSystem
from ottla.storage.log_walk import read_batch, scan_batches, walk_headers

FILES = FileSystem()
SIZES = [1, 20_000, 5, 5, 5, 16_000, 300, 2_500_000, 7]


@pytest.fixture
def batches() -> list[bytearray]:
    return [
        build_batch([NewRecord(None, b"x" * size)], now_ms=size, base_offset=index)
        for index, size in enumerate(SIZES)
    ]


def written(path: Path, content: bytes | bytearray) -> tuple[Descriptor, int]:
    path.write_bytes(content)
    return FILES.open(path), len(content)


def test_every_batch_is_met_with_its_position(tmp_path: Path, batches: list[bytearray]) -> None:
    descriptor, end = written(tmp_path / "l", b"".join(batches))
    positions = [sum(map(len, batches[:index])) for index in range(len(batches))]
    for found in (list(walk_headers(FILES, descriptor, 0, end)), list(scan_batches(FILES, descriptor, end))):
        assert [(position, header.base_offset) for position, header in found] == list(
            zip(positions, range(9), strict=True)
        )
    assert [header.base_offset for _, header in walk_headers(FILES, descriptor, positions[5], end)] == [
        5,
        6,
        7,
        8,
    ]
    assert [header.base_offset for _, header in walk_headers(FILES, descriptor, 0, positions[5])] == [
        0,
        1,
        2,
        3,
        4,
    ]


def test_one_batch_is_read_whole(tmp_path: Path, batches: list[bytearray]) -> None:
    descriptor, end = written(tmp_path / "l", batches[7])
    ((position, header),) = walk_headers(FILES, descriptor, 0, end)
    assert read_batch(FILES, descriptor, position, header) == bytes(batches[7])
    FILES.truncate(descriptor, end - 1)
    with pytest.raises(CorruptBatchError, match="ends inside"):
        read_batch(FILES, descriptor, position, header)


def test_a_batch_that_reaches_beyond_the_end_is_corrupt(tmp_path: Path, batches: list[bytearray]) -> None:
    descriptor, end = written(tmp_path / "l", batches[0] + batches[1])
    for walk in (walk_headers(FILES, descriptor, 0, end - 1), scan_batches(FILES, descriptor, end - 1)):
        assert next(walk)[1].base_offset == 0
        with pytest.raises(CorruptBatchError, match="claims"):
            next(walk)


@pytest.mark.parametrize("chunk_bytes", [100, 1000, 1024 * 1024])
def test_a_scan_finds_damage_in_a_batch_of_many_pieces(
    tmp_path: Path, batches: list[bytearray], monkeypatch: pytest.MonkeyPatch, chunk_bytes: int
) -> None:
    monkeypatch.setattr(log_walk, "SCAN_CHUNK_BYTES", chunk_bytes)
    content = b"".join(batches[:4])
    descriptor, end = written(tmp_path / "l", content)
    assert len(list(scan_batches(FILES, descriptor, end))) == 4
    for position in (100, 5000, 19_000):
        damaged = bytearray(content)
        damaged[position] ^= 1
        descriptor, end = written(tmp_path / f"l{position}", damaged)
        walk = scan_batches(FILES, descriptor, end)
        next(walk)
        with pytest.raises(CorruptBatchError, match="crc"):
            next(walk)
