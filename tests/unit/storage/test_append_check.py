"""Which batches the log takes in, in which form, and with which words the others are refused."""

import dataclasses

import pytest
from tests.support.appends import NOW_MS, RECORDS, batch_with, check, refusal, topic, values

from ottla.config.broker import embedded_broker_config
from ottla.config.resolved import resolve_topic_config
from ottla.errors import ErrorCode
from ottla.records.batch import HEADER_SIZE_BYTES, BatchHeader, compute_crc, read_header
from ottla.records.builder import NewRecord, assemble_batch, build_batch, encode_record
from ottla.records.compression import Codec, compress
from ottla.records.record import iterate_records
from ottla.storage.append_check import (
    MAX_RENUMBERED_RECORDS,
    AppendOrigin,
)
from ottla.storage.record_errors import RecordsRefusedError


def test_a_sound_batch_is_kept_as_it_came() -> None:
    batch = build_batch(RECORDS, now_ms=NOW_MS)
    checked = check(memoryview(batch))
    assert bytes(checked.records) == bytes(batch)
    assert checked.max_timestamp == NOW_MS
    assert checked.log_append_time_ms == -1


def test_a_read_only_batch_is_copied_so_that_it_can_be_stamped() -> None:
    checked = check(bytes(build_batch(RECORDS, now_ms=NOW_MS)))
    assert not memoryview(checked.records).readonly


@pytest.mark.parametrize("records", [b"", b"\x00" * 11, bytes(build_batch(RECORDS, now_ms=0))[:-1]])
def test_no_whole_batch_is_an_invalid_record(records: bytes) -> None:
    assert refusal(records).code is ErrorCode.INVALID_RECORD


def test_a_second_batch_is_refused_but_a_torn_one_is_dropped() -> None:
    batch = build_batch(RECORDS, now_ms=NOW_MS)
    assert refusal(batch + batch).code is ErrorCode.INVALID_RECORD
    assert bytes(check(batch + batch[:-1]).records) == bytes(batch)
    assert refusal(batch + bytes(20)).code is ErrorCode.CORRUPT_MESSAGE


@pytest.mark.parametrize(("magic", "code"), [(0, 87), (1, 87), (3, 2), (255, 2)])
def test_another_magic_is_refused(magic: int, code: int) -> None:
    batch = build_batch(RECORDS, now_ms=NOW_MS)
    batch[16] = magic
    assert refusal(batch).code == code


def test_a_base_offset_other_than_zero_is_refused_from_clients_only() -> None:
    batch = batch_with(base_offset=7)
    error = refusal(batch)
    assert (error.code, error.message) == (
        ErrorCode.INVALID_RECORD,
        "The baseOffset of the record batch in the append to t-3 should be 0, but it is 7",
    )
    assert check(batch, origin=AppendOrigin.COORDINATOR).header.base_offset == 7


def test_the_size_limit_counts_the_whole_batch_and_spares_the_metadata_log() -> None:
    batch = build_batch(RECORDS, now_ms=NOW_MS)
    check(batch, topic(max_message_bytes=str(len(batch))))
    small = topic(max_message_bytes=str(len(batch) - 1))
    error = refusal(batch, small)
    assert error.code is ErrorCode.MESSAGE_TOO_LARGE
    assert error.message == (
        f"The record batch size in the append to t-3 is {len(batch)} bytes which exceeds the maximum "
        f"configured value of {len(batch) - 1})."
    )
    check(batch, small, AppendOrigin.RAFT_LEADER)


def test_size_is_judged_before_the_crc() -> None:
    batch = build_batch(RECORDS, now_ms=NOW_MS)
    batch[-1] ^= 1
    assert refusal(batch).code is ErrorCode.CORRUPT_MESSAGE
    assert refusal(batch, topic(max_message_bytes="100")).code is ErrorCode.MESSAGE_TOO_LARGE


def test_a_batch_larger_than_a_segment_is_refused() -> None:
    batch = build_batch(RECORDS, now_ms=NOW_MS)
    config = dataclasses.replace(topic(), segment_bytes=len(batch) - 1)
    error = refusal(batch, config)
    assert (error.code, error.message) == (
        ErrorCode.RECORD_LIST_TOO_LARGE,
        (
            f"Message batch size is {len(batch)} bytes in append to partition t-3, which exceeds the "
            f"maximum configured segment size of {len(batch) - 1}."
        ),
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"last_offset_delta": -1}, "Batch has an invalid offset range: [0, -1]"),
        ({"records_count": 0}, "Invalid reported count for record batch: 0"),
        (
            {"last_offset_delta": 20},
            "Inconsistent batch offset range [0, 20] and count of records 20",
        ),
        (
            {"records_count": 1_000_001, "last_offset_delta": 1_000_000},
            "Record batch of 1000001 records, the limit is 1000000,",
        ),
        ({"attributes": 0x20}, "Clients are not allowed to write control records"),
        (
            {"producer_id": 9, "base_sequence": -1},
            "Invalid sequence number -1 in record batch with producerId 9",
        ),
    ],
)
def test_headers_that_no_producer_may_write(changes: dict[str, int], message: str) -> None:
    batch = batch_with(**changes)
    error = refusal(batch)
    assert (error.code, error.message) == (ErrorCode.INVALID_RECORD, f"{message} in topic partition t-3")
    assert not isinstance(error, RecordsRefusedError)
    check(batch, origin=AppendOrigin.COORDINATOR)


@pytest.mark.parametrize("codec", Codec)
def test_a_batch_whose_records_do_not_fill_it_is_refused(codec: Codec) -> None:
    batch = build_batch(RECORDS, now_ms=NOW_MS)
    fields = read_header(batch)._asdict()
    for name in ("batch_length", "magic", "crc"):
        del fields[name]
    fields["attributes"] = codec
    wrong = assemble_batch(compress(codec, batch[HEADER_SIZE_BYTES:-1]), **fields)
    assert refusal(wrong).code is ErrorCode.INVALID_RECORD


def test_damage_inside_a_compressed_block_has_no_code_of_its_own() -> None:
    batch = build_batch(RECORDS, now_ms=NOW_MS, codec=Codec.ZSTD)
    batch[HEADER_SIZE_BYTES] ^= 0xFF
    fix_crc(batch)
    assert refusal(batch).code is ErrorCode.UNKNOWN_SERVER_ERROR


def test_a_record_whose_size_does_not_end_has_no_code_of_its_own() -> None:
    fields = read_header(build_batch(RECORDS, now_ms=NOW_MS))._asdict()
    for name in ("batch_length", "magic", "crc"):
        del fields[name]
    wrong = assemble_batch(bytes([0xFF]) * 10, **fields)
    assert refusal(wrong).code is ErrorCode.UNKNOWN_SERVER_ERROR


def test_an_unknown_codec_has_no_code_of_its_own() -> None:
    error = refusal(batch_with(attributes=5))
    assert (error.code, error.message) == (ErrorCode.UNKNOWN_SERVER_ERROR, "Unknown compression type id: 5")


def test_offset_deltas_are_put_right_in_batches_that_are_not_too_large() -> None:
    config = topic(compression_type="gzip")
    for count in (MAX_RENUMBERED_RECORDS, MAX_RENUMBERED_RECORDS + 1):
        batch = build_batch([NewRecord(None, None, NOW_MS)] * 2, now_ms=NOW_MS)
        fields = read_header(batch)._asdict()
        for name in ("batch_length", "magic", "crc"):
            del fields[name]
        fields |= {"records_count": count, "last_offset_delta": count - 1}
        records = encode_record(NewRecord(None, None, None), 0, 0) * count
        batch = assemble_batch(records, **fields)
        if count > MAX_RENUMBERED_RECORDS:
            assert refusal(batch, config).code is ErrorCode.INVALID_RECORD
        else:
            stored = check(batch, config)
            assert [each.offset for each in iterate_records(stored.records, 0, stored.header)] == list(
                range(count)
            )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base_timestamp": -32768}, "Invalid negative timestamp -32768"),
        ({"producer_id": -2}, "Invalid negative producer epoch"),
        ({"producer_id": -2, "producer_epoch": 0}, "Invalid negative sequence number used"),
    ],
)
def test_what_no_builder_writes_is_refused_only_where_it_is_written_anew(
    changes: dict[str, int], message: str
) -> None:
    fields = read_header(build_batch([NewRecord(b"k", b"v", 0)], now_ms=NOW_MS))._asdict() | changes
    for name in ("batch_length", "magic", "crc"):
        del fields[name]
    batch = assemble_batch(encode_record(NewRecord(b"k", b"v", None), 0, 0), **fields)
    check(batch)
    error = refusal(batch, topic(compression_type="gzip"))
    assert (error.code, error.message) == (ErrorCode.UNKNOWN_SERVER_ERROR, message)


def test_a_size_that_is_no_number_is_told_apart_only_where_nothing_is_compressed() -> None:
    fields = read_header(build_batch([NewRecord(b"k", b"v", NOW_MS)], now_ms=NOW_MS))._asdict()
    for name in ("batch_length", "magic", "crc"):
        del fields[name]
    for codec in Codec:
        fields["attributes"] = codec
        wrong = assemble_batch(compress(codec, b"\xff" * 9 + b"\x01" + bytes(20)), **fields)
        expected = ErrorCode.INVALID_RECORD if codec else ErrorCode.UNKNOWN_SERVER_ERROR
        assert refusal(wrong).code is expected


@pytest.mark.parametrize("length", [2**31 - 12, 2**31 - 1])
def test_a_size_beyond_32_bits_has_no_code_of_its_own(length: int) -> None:
    batch = build_batch(RECORDS, now_ms=NOW_MS)
    batch[8:12] = length.to_bytes(4, "big")
    assert refusal(batch).code is ErrorCode.UNKNOWN_SERVER_ERROR


def test_a_topic_of_log_append_time_stamps_every_batch() -> None:
    config = topic(message_timestamp_type="LogAppendTime", message_timestamp_before_max_ms="0")
    checked = check(build_batch(RECORDS, now_ms=NOW_MS), config)
    assert checked.log_append_time_ms == checked.max_timestamp == checked.header.max_timestamp == NOW_MS
    assert checked.header.is_log_append_time
    assert values(checked) == [(record.key, record.value, NOW_MS) for record in RECORDS]


def test_a_claim_of_log_append_time_is_dropped_on_a_topic_of_create_time() -> None:
    checked = check(build_batch(RECORDS, now_ms=NOW_MS - 5, log_append_time=True))
    assert not checked.header.is_log_append_time
    assert checked.max_timestamp == checked.header.max_timestamp == NOW_MS - 5


def test_a_wrong_largest_timestamp_is_corrected() -> None:
    checked = check(batch_with(max_timestamp=NOW_MS - 19))
    assert checked.header.max_timestamp == checked.max_timestamp == NOW_MS
    values(checked)


@pytest.mark.parametrize("source", Codec)
@pytest.mark.parametrize("target", ["producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"])
@pytest.mark.parametrize("origin", AppendOrigin)
def test_batches_are_stored_with_the_topics_compression(
    source: Codec, target: str, origin: AppendOrigin
) -> None:
    batch = build_batch(
        RECORDS,
        now_ms=NOW_MS,
        codec=source,
        producer_id=5,
        producer_epoch=2,
        base_sequence=9,
        transactional=True,
    )
    checked = check(batch, topic(compression_type=target), origin)
    expected = {"producer": source, "uncompressed": Codec.NONE}.get(target)
    assert checked.header.codec is (Codec[target.upper()] if expected is None else expected)
    assert values(checked) == [(record.key, record.value, record.timestamp_ms) for record in RECORDS]
    kept = (
        "producer_id",
        "producer_epoch",
        "base_sequence",
        "records_count",
        "is_transactional",
        "max_timestamp",
    )
    assert [getattr(checked.header, name) for name in kept] == [5, 2, 9, 20, True, NOW_MS]


def test_control_batches_are_not_compressed_by_the_broker() -> None:
    batch = build_batch(RECORDS[:1], now_ms=NOW_MS, control=True)
    checked = check(batch, topic(compression_type="gzip"), AppendOrigin.COORDINATOR)
    assert bytes(checked.records) == bytes(batch)


def test_a_batch_that_grows_beyond_the_limit_is_refused() -> None:
    batch = build_batch(RECORDS, now_ms=NOW_MS, codec=Codec.GZIP)
    config = topic(compression_type="uncompressed", max_message_bytes=str(len(batch)))
    error = refusal(batch, config)
    assert error.code is ErrorCode.MESSAGE_TOO_LARGE
    assert error.message is not None
    assert "topartition t-3 which exceeds the maximum configured size of" in error.message


@pytest.mark.parametrize(
    ("source", "target", "deltas"),
    [
        (Codec.NONE, "producer", [0, 0, 0]),  # stored as it came
        (Codec.NONE, "lz4", [0, 1, 2]),
        (Codec.LZ4, "zstd", [0, 1, 2]),
        (Codec.LZ4, "uncompressed", [0, 1, 2]),
        (Codec.LZ4, "producer", None),
        (Codec.LZ4, "lz4", None),
    ],
)
def test_offset_deltas_with_gaps_are_put_right_where_a_batch_is_compressed_anew(
    source: Codec, target: str, deltas: list[int] | None
) -> None:
    payload = b"".join(encode_record(record, 0, 0) for record in RECORDS[:3])
    fields = BatchHeader(0, 0, -1, 2, 0, source, 2, NOW_MS, NOW_MS, -1, -1, -1, 3)._asdict()
    for name in ("batch_length", "magic", "crc"):
        del fields[name]
    batch = assemble_batch(compress(source, payload), **fields)
    config = topic(compression_type=target)
    if deltas is None:
        assert refusal(batch, config).code is ErrorCode.UNKNOWN_SERVER_ERROR
        return
    checked = check(batch, config)
    assert [record.offset for record in iterate_records(checked.records, 0, checked.header)] == deltas
    assert values(checked) == [(record.key, record.value, NOW_MS) for record in RECORDS[:3]]


def fix_crc(batch: bytearray) -> None:
    batch[17:21] = compute_crc(batch, 0, len(batch)).to_bytes(4, "big")


@pytest.mark.parametrize("codec", [Codec.NONE, Codec.ZSTD])
def test_a_producer_that_is_believed_is_checked_by_the_sizes_of_its_records(codec: Codec) -> None:
    believing = resolve_topic_config(embedded_broker_config({"ottla.record.check": "sizes"}), {})
    sound = build_batch(RECORDS, now_ms=NOW_MS, codec=codec)
    assert check(sound, believing) == check(bytes(sound))
    fields = read_header(sound)._asdict()
    for name in ("batch_length", "magic", "crc"):
        del fields[name]
    body = encode_record(RECORDS[0], 0, 0)
    damaged = body[:-1] + b"\x02"  # as if it had a header
    wrong = assemble_batch(compress(codec, damaged * len(RECORDS)), **fields)
    assert refusal(wrong).code is ErrorCode.INVALID_RECORD
    assert bytes(check(wrong, believing).records) == bytes(wrong)
    cut = assemble_batch(compress(codec, body * len(RECORDS) + b"\0"), **fields)
    assert refusal(cut, believing).code is ErrorCode.INVALID_RECORD
    compacted = resolve_topic_config(
        embedded_broker_config({"ottla.record.check": "sizes"}), {"cleanup.policy": "compact"}
    )
    assert refusal(wrong, compacted).code is ErrorCode.INVALID_RECORD
