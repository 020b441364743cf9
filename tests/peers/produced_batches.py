"""Batches as clients send them, and as no client should: sound ones and every kind of unsound one."""

from collections.abc import Callable
from typing import Any

from ottla.records.batch import HEADER_SIZE_BYTES, compute_crc, read_header
from ottla.records.builder import NewRecord, assemble_batch, build_batch, encode_record
from ottla.records.compression import Codec, compress
from tests.peers.pair import NOW_MS

HOUR_MS = 3_600_000


def records(count: int = 3, key: bytes | None = b"k", timestamp_ms: int = NOW_MS) -> list[NewRecord]:
    return [NewRecord(key, b"value-%d" % index, timestamp_ms + index) for index in range(count)]


def batch(**fields: Any) -> bytearray:
    return build_batch(records(), now_ms=NOW_MS, **fields)


def changed(original: bytearray, *, payload: bytes | None = None, **fields: Any) -> bytearray:
    """Return a batch with other header fields, or other records, and a right CRC."""
    header = read_header(original)._replace(**fields)._asdict()
    for name in ("batch_length", "magic", "crc"):
        del header[name]
    return assemble_batch(original[HEADER_SIZE_BYTES:] if payload is None else payload, **header)


def damaged(original: bytearray, at: int, value: int, *, fix_crc: bool = False) -> bytearray:
    original[at] = value
    if fix_crc:
        original[17:21] = compute_crc(original, 0, len(original)).to_bytes(4, "big")
    return original


def unsound_record() -> bytearray:
    payload = bytearray(batch()[HEADER_SIZE_BYTES:])
    payload[4] = 0x7E  # the length of the first key, said to be 63
    return changed(batch(), payload=bytes(payload))


def sparse(codec: Codec) -> bytearray:
    payload = b"".join(encode_record(record, 0, 0) for record in records())
    packed = compress(codec, payload) if codec else payload
    return changed(batch(codec=codec), payload=packed, attributes=int(codec))


PRODUCED: dict[str, Callable[[], bytes | bytearray | None]] = {
    "sound": batch,
    "gzip": lambda: batch(codec=Codec.GZIP),
    "snappy": lambda: batch(codec=Codec.SNAPPY),
    "lz4": lambda: batch(codec=Codec.LZ4),
    "zstd": lambda: batch(codec=Codec.ZSTD),
    "empty": lambda: b"",
    "torn": lambda: batch()[:-1],
    "torn-second": lambda: batch() + batch()[:-1],
    "two-batches": lambda: batch() + batch(),
    "magic-1": lambda: damaged(batch(), 16, 1),
    "magic-3": lambda: damaged(batch(), 16, 3),
    "tiny": lambda: bytes(8) + (5).to_bytes(4, "big") + bytes(20),
    "wrong-crc": lambda: damaged(batch(), 70, 0xFF),
    "base-offset": lambda: changed(batch(), base_offset=3),
    "too-many-counted": lambda: changed(batch(), records_count=4),
    "none-counted": lambda: changed(batch(), records_count=0),
    "last-delta-negative": lambda: changed(batch(), last_offset_delta=-1),
    "last-delta-too-large": lambda: changed(batch(), last_offset_delta=3, records_count=4),
    "last-delta-too-small": lambda: changed(batch(), last_offset_delta=1, records_count=2),
    "control": lambda: batch(control=True),
    "without-sequence": lambda: batch(producer_id=7, producer_epoch=0, base_sequence=-1),
    "codec-5": lambda: changed(batch(), attributes=5),
    "unsound-record": unsound_record,
    "unsound-block": lambda: damaged(batch(codec=Codec.LZ4), HEADER_SIZE_BYTES, 0, fix_crc=True),
    "sparse": lambda: sparse(Codec.NONE),
    "sparse-lz4": lambda: sparse(Codec.LZ4),
    "null-keys": lambda: build_batch(records(5, None), now_ms=NOW_MS),
    "null-keys-zstd": lambda: build_batch(records(5, None), now_ms=NOW_MS, codec=Codec.ZSTD),
    "future": lambda: build_batch(records(timestamp_ms=NOW_MS + 3 * HOUR_MS), now_ms=NOW_MS),
    "past": lambda: build_batch(records(timestamp_ms=1), now_ms=NOW_MS),
    "no-timestamps": lambda: build_batch([NewRecord(b"k", b"v", -1)], now_ms=NOW_MS),
    "wrong-max-timestamp": lambda: changed(batch(), max_timestamp=NOW_MS + 77),
    "log-append-time": lambda: batch(log_append_time=True),
    "log-append-time-lz4": lambda: batch(log_append_time=True, codec=Codec.LZ4),
    "large": lambda: build_batch([NewRecord(b"k", b"v" * 300_000)], now_ms=NOW_MS),
    "large-zeros-gzip": lambda: build_batch(
        [NewRecord(b"k", bytes(300_000))], now_ms=NOW_MS, codec=Codec.GZIP
    ),
    "transactional": lambda: batch(producer_id=7, producer_epoch=0, base_sequence=0, transactional=True),
}
