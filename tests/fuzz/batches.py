"""Record batches by chance: sound ones, damaged ones, and ones that lie about what they hold."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from functools import cache

import cramjam
from crc32c import crc32c

from ottla.records.batch import CRC_START, HEADER_SIZE_BYTES
from ottla.records.builder import NewRecord, assemble_batch, build_batch, encode_varint
from ottla.records.compression import Codec, compress
from ottla.records.record import RecordHeader

# Unpacks to more than the limit of one batch, and stays far below the default max.message.bytes where the codec can.
BOMB_BYTES = 160 * 1024 * 1024
# Enough records to hurt where each costs an object, in a batch of less than 1 KiB, and more than the broker takes.
SWARM_RECORDS = (100_000, 2_000_000)
LEGACY_MAGICS = (0, 1)

INTERESTING_INTS = (
    0, 1, -1, 2, 127, 128, 255, 256, 32767, -32768, 65535, 65536, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63),
)  # fmt: skip

# Field, its place and its form: everything of the header that a sender chooses.
HEADER_FIELDS = (
    (0, ">q", "base offset"),
    (8, ">i", "length"),
    (12, ">i", "leader epoch"),
    (16, ">b", "magic"),
    (21, ">h", "attributes"),
    (23, ">i", "last offset delta"),
    (27, ">q", "base timestamp"),
    (35, ">q", "max timestamp"),
    (43, ">q", "producer id"),
    (51, ">h", "producer epoch"),
    (53, ">i", "base sequence"),
    (57, ">i", "record count"),
)
CRC_AT = 17


def random_records(rng: random.Random, now_ms: int) -> bytes | None:
    """Return what may stand in the records field of a Produce request."""
    make: Callable[[random.Random, int], bytes | None] = rng.choices(
        (_sound, _wrong_header, _wrong_payload, _several, _cut, _noise, _legacy, _bomb, _nothing),
        (40, 25, 15, 4, 6, 4, 3, 0.15, 1),
    )[0]
    return make(rng, now_ms)


def _sound(rng: random.Random, now_ms: int) -> bytes:
    records = [_record(rng, now_ms) for _ in range(rng.choice((1, 1, 2, 3, 10, 40)))]
    fields: dict[str, int] = {}
    if rng.random() < 0.4:
        fields = {
            "producer_id": rng.randrange(5),
            "producer_epoch": rng.randrange(2),
            "base_sequence": rng.choice((0, 0, 1, 5, 2**31 - 2)),
        }
    is_control = rng.random() < 0.02
    batch = build_batch(
        records,
        now_ms=now_ms,
        codec=Codec.NONE if is_control else Codec(rng.randrange(5)),
        log_append_time=rng.random() < 0.05,
        transactional=rng.random() < 0.02,
        control=is_control,
        **fields,
    )
    return bytes(batch)


def _record(rng: random.Random, now_ms: int) -> NewRecord:
    key = None if rng.random() < 0.3 else rng.randbytes(rng.randrange(20))
    value = None if rng.random() < 0.1 else rng.randbytes(rng.choice((0, 1, 10, 100, 1000)))
    timestamp = now_ms + rng.choice((0, 0, 0, 1, -1, 10**6, -(10**9)))
    headers = tuple(
        RecordHeader(rng.choice(("", "h", "\u00e9")), rng.choice((None, b"", b"v")))
        for _ in range(rng.choice((0, 0, 0, 1, 5)))
    )
    return NewRecord(key, value, timestamp, headers)


def _wrong_header(rng: random.Random, now_ms: int) -> bytes:
    batch = bytearray(_sound(rng, now_ms))
    for _ in range(rng.choice((1, 1, 2))):
        position, form, _ = rng.choice(HEADER_FIELDS)
        size = struct.calcsize(form)
        old = int.from_bytes(batch[position : position + size], "big", signed=True)
        new = rng.choice(
            (rng.choice(INTERESTING_INTS), old + rng.choice((1, -1)), old ^ 1 << rng.randrange(8 * size))
        )
        batch[position : position + size] = (new % (1 << 8 * size)).to_bytes(size, "big")
    return _signed(rng, batch)


def _wrong_payload(rng: random.Random, now_ms: int) -> bytes:
    """Return a batch whose header and CRC are right, and whose records are not."""
    count = rng.choice((1, 2, 10))
    payload = bytearray(
        b"".join(_raw_record(rng, index) for index in range(count))
        if rng.random() < 0.6
        else rng.randbytes(40)
    )
    for _ in range(rng.choice((0, 1, 3))):
        if payload:
            payload[rng.randrange(len(payload))] = rng.choice((0, 1, 2, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    codec = Codec(rng.randrange(5))
    packed = bytearray(compress(codec, payload))
    if rng.random() < 0.3 and packed:
        packed[rng.randrange(len(packed))] ^= 1 << rng.randrange(8)
    if rng.random() < 0.1:
        packed = packed[: rng.randrange(len(packed) + 1)]
    return _assembled(packed, codec, count, now_ms)


def _raw_record(rng: random.Random, index: int) -> bytes:
    """Return a record whose fields are mostly right."""

    def varint(right: int) -> bytes:
        return encode_varint(right if rng.random() < 0.95 else rng.choice(INTERESTING_INTS))

    body = b"\0" + varint(rng.choice((0, 0, 5, -5))) + varint(index)
    body += varint(-1) if rng.random() < 0.5 else varint(3) + b"key"
    body += varint(5) + b"value" + varint(0)
    return varint(len(body)) + body


def _several(rng: random.Random, now_ms: int) -> bytes:
    return b"".join(_sound(rng, now_ms) for _ in range(rng.randrange(2, 4)))


def _cut(rng: random.Random, now_ms: int) -> bytes:
    batch = _sound(rng, now_ms)
    return (
        batch[: rng.randrange(len(batch))] if rng.random() < 0.5 else batch + rng.randbytes(rng.randrange(80))
    )


def _noise(rng: random.Random, _now_ms: int) -> bytes:
    return rng.randbytes(rng.choice((0, 1, 11, 12, 17, 60, 61, 62, 200)))


def _nothing(_rng: random.Random, _now_ms: int) -> None:
    return None


def _legacy(rng: random.Random, now_ms: int) -> bytes:
    """Return a message of one of the formats before record batches."""
    magic = rng.choice(LEGACY_MAGICS)
    body = struct.pack(">bb", magic, rng.choice((0, 1, 2, 3, 7)))
    body += struct.pack(">q", now_ms) if magic else b""
    body += struct.pack(">ii", -1, 5) + b"value"
    message = struct.pack(">I", zlib.crc32(body)) + body
    return struct.pack(">qi", 0, len(message)) + message


def _bomb(rng: random.Random, now_ms: int) -> bytes:
    codec = rng.choice((Codec.GZIP, Codec.ZSTD, Codec.LZ4, Codec.SNAPPY))
    if rng.random() < 0.5:
        return _assembled(_packed_zeros(codec), codec, 1, now_ms)
    # Records of the smallest size, one of a time that no topic accepts: a refusal that names each of them.
    timestamp = now_ms if rng.random() < 0.5 else 0
    count = rng.choice(SWARM_RECORDS)
    return _assembled(_packed_swarm(codec, count), codec, count, timestamp)


@cache
def _packed_zeros(codec: Codec) -> bytes:
    zeros = bytes(BOMB_BYTES)
    if codec is Codec.SNAPPY:  # a claim is enough: the size stands before the block
        return encode_unsigned(BOMB_BYTES) + b"\0"
    if codec is Codec.LZ4:
        packer = cramjam.lz4.Compressor(
            block_linked=False
        )  # linked blocks are refused before they are unpacked
        packer.compress(zeros)
        return bytes(packer.finish())
    return compress(codec, zeros)


@cache
def _packed_swarm(codec: Codec, count: int) -> bytes:
    record = (
        b"\x0c\0\0\0\x01\x01\0"  # null key, null value; every offset delta is 0, which no client may send
    )
    return compress(codec, record * count)


def encode_unsigned(value: int) -> bytes:
    """Return an unsigned varint, as snappy has its sizes."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def _assembled(packed: bytes | bytearray, codec: Codec, count: int, timestamp_ms: int) -> bytes:
    return bytes(
        assemble_batch(
            packed,
            base_offset=0,
            leader_epoch=-1,
            attributes=codec,
            last_offset_delta=count - 1,
            base_timestamp=timestamp_ms,
            max_timestamp=timestamp_ms,
            producer_id=-1,
            producer_epoch=-1,
            base_sequence=-1,
            records_count=count,
        )
    )


def _signed(rng: random.Random, batch: bytearray) -> bytes:
    """Return the batch, mostly with the CRC that its bytes have, so that what lies behind the check is reached."""
    if rng.random() < 0.8 and len(batch) >= HEADER_SIZE_BYTES:
        batch[CRC_AT : CRC_AT + 4] = crc32c(bytes(batch[CRC_START:])).to_bytes(4, "big")
    return bytes(batch)
