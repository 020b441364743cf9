"""Frames that Kafka reads, frames that it refuses, and what it does not look at."""

import struct

import cramjam
import pytest

from ottla.records.compression import Codec, compress, decompress
from ottla.records.lz4_frames import END_MARK, STORED_BIT, Lz4FrameError, frame_as_kafka_reads_it

CONTENT = b"hello hello"
BLOCK = struct.pack("<I", len(CONTENT) | STORED_BIT) + CONTENT
# Frames of CONTENT whose checksums were made by the reference implementation.
PLAIN = bytes.fromhex("04224d18604082") + BLOCK + END_MARK
SIZED = bytes.fromhex("04224d186840" + "0b00000000000000" + "58") + BLOCK + END_MARK
SUMMED = bytes.fromhex("04224d186440a7") + BLOCK + END_MARK


def read(frame: bytes) -> bytes:
    return bytes(cramjam.lz4.decompress(bytes(frame_as_kafka_reads_it(memoryview(frame)))))


def test_a_plain_frame_is_passed_on_as_it_is() -> None:
    frame = memoryview(PLAIN)
    assert frame_as_kafka_reads_it(frame) is frame
    assert read(PLAIN) == CONTENT


@pytest.mark.parametrize(
    "frame",
    [
        SIZED,
        bytes.fromhex("04224d186840" + "0500000000000000" + "61") + BLOCK + END_MARK,
        SUMMED + bytes(4),
        SUMMED + b"sums",
        PLAIN + b"tail",
        PLAIN + PLAIN,
        PLAIN[: -len(END_MARK)] + struct.pack("<I", STORED_BIT),
    ],
    ids=["sized", "wrong-size", "wrong-sum", "other-sum", "tail", "second-frame", "stored-end"],
)
def test_what_kafka_does_not_look_at_does_not_matter(frame: bytes) -> None:
    assert read(frame) == CONTENT


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("04224d184040c0", "depend on each other"),
        ("04224d186140a1", "dictionary"),
        ("04224d186240f0", "reserved"),
        ("04224d18204003", "version"),
        ("04224d18a0400f", "version"),
        ("04224d18604000", "checksum of its header"),
        ("502a4d18020000007878", "begin with a frame"),
        ("02214c180e000000", "begin with a frame"),
    ],
)
def test_what_kafka_does_not_read_is_refused(head: str, words: str) -> None:
    with pytest.raises(Lz4FrameError, match=words):
        frame_as_kafka_reads_it(memoryview(bytes.fromhex(head) + BLOCK + END_MARK))


@pytest.mark.parametrize("frame", [PLAIN, SIZED, SUMMED], ids=["plain", "sized", "summed"])
def test_a_frame_that_is_cut_is_refused(frame: bytes) -> None:
    for size in range(len(frame)):
        with pytest.raises(Lz4FrameError):
            frame_as_kafka_reads_it(memoryview(frame)[:size])


def test_many_blocks_are_walked() -> None:
    content = bytes(range(256)) * 5000
    packed = compress(Codec.LZ4, content)
    assert bytes(decompress(Codec.LZ4, packed + b"tail")) == content
