"""The header of a batch: reading, refusing, and changing in place."""

import pytest

from ottla.errors import ErrorCode
from ottla.records.batch import (
    HEADER_SIZE_BYTES,
    BatchHeader,
    CorruptBatchError,
    UnsupportedMagicError,
    add_to_sequence,
    check_crc,
    iterate_batches,
    read_header,
    read_size_prefix,
    stamp,
    stamp_log_append_time,
    stamp_max_timestamp,
)
from ottla.records.builder import NewRecord, build_batch
from ottla.records.compression import Codec
from ottla.records.record import iterate_records


def a_batch(count: int = 3) -> bytearray:
    return build_batch(
        [NewRecord(b"k%d" % index, b"v" * index, 1000 + index) for index in range(count)],
        now_ms=5,
        base_offset=40,
        leader_epoch=7,
        producer_id=11,
        producer_epoch=2,
        base_sequence=100,
    )


def test_every_header_field_is_read_where_it_lies() -> None:
    batch = a_batch()
    header = read_header(batch)
    assert header == BatchHeader(40, len(batch) - 12, 7, 2, header.crc, 0, 2, 1000, 1002, 11, 2, 100, 3)
    assert header.size_bytes == len(batch)
    assert (header.last_offset, header.next_offset, header.last_sequence) == (42, 43, 102)
    assert header.codec is Codec.NONE
    assert header.has_producer_id
    assert not header.is_control
    assert not header.is_transactional
    assert not header.is_log_append_time
    assert read_size_prefix(batch) == (40, len(batch))


def test_a_header_is_read_at_a_position_and_without_its_records() -> None:
    batch = a_batch()
    assert read_header(b"xyz" + batch[:HEADER_SIZE_BYTES], 3) == read_header(batch)


@pytest.mark.parametrize("size", range(HEADER_SIZE_BYTES))
def test_a_cut_header_is_corrupt(size: int) -> None:
    with pytest.raises(CorruptBatchError):
        read_header(a_batch()[:size])


def test_an_impossible_length_is_corrupt_and_so_are_zeros() -> None:
    batch = a_batch()
    batch[8:12] = (48).to_bytes(4, "big")
    with pytest.raises(CorruptBatchError, match="48"):
        read_header(batch)
    with pytest.raises(CorruptBatchError) as caught:
        read_header(bytes(100))
    assert not isinstance(caught.value, UnsupportedMagicError)


@pytest.mark.parametrize("magic", [0, 1, 3])
def test_other_formats_are_named(magic: int) -> None:
    batch = a_batch()
    batch[16] = magic
    with pytest.raises(UnsupportedMagicError) as caught:
        read_header(batch)
    assert caught.value.magic == magic


def test_a_flipped_bit_after_the_crc_is_noticed_wherever_it_is() -> None:
    batch = a_batch()
    header = read_header(batch)
    check_crc(batch, 0, header)
    for index in range(21, len(batch)):
        batch[index] ^= 0x10
        with pytest.raises(CorruptBatchError) as caught:
            check_crc(batch, 0, header)
        assert caught.value.code is ErrorCode.CORRUPT_MESSAGE
        batch[index] ^= 0x10


def test_a_batch_that_claims_more_bytes_than_there_are_has_no_valid_crc() -> None:
    batch = a_batch()
    with pytest.raises(CorruptBatchError, match="only"):
        check_crc(batch[:-1], 0, read_header(batch))


def test_offset_and_epoch_are_stamped_without_touching_the_crc() -> None:
    batch = a_batch()
    stamp(batch, 0, 2**40, 9)
    header = read_header(batch)
    assert (header.base_offset, header.leader_epoch) == (2**40, 9)
    check_crc(batch, 0, header)


def test_stamping_goes_through_a_view_at_a_position() -> None:
    buffer = bytearray(b"abc") + a_batch()
    stamp(memoryview(buffer), 3, 1, 2)
    assert read_header(buffer, 3).base_offset == 1
    assert buffer[:3] == b"abc"


def test_log_append_time_is_what_every_record_reads() -> None:
    batch = a_batch()
    stamp_log_append_time(batch, 0, read_header(batch), 777)
    header = read_header(batch)
    check_crc(batch, 0, header)
    assert header.is_log_append_time
    assert (header.max_timestamp, header.base_timestamp) == (777, 1000)
    assert {record.timestamp_ms for record in iterate_records(batch, 0, header)} == {777}


def test_a_max_timestamp_is_corrected_with_its_crc() -> None:
    batch = a_batch()
    stamp_max_timestamp(batch, 0, read_header(batch), 1234)
    header = read_header(batch)
    check_crc(batch, 0, header)
    assert header.max_timestamp == 1234
    assert not header.is_log_append_time


def test_batches_are_walked_and_a_cut_one_is_corrupt() -> None:
    both = a_batch(1) + a_batch(4)
    assert [(position, header.records_count) for position, header in iterate_batches(both)] == [
        (0, 1),
        (len(a_batch(1)), 4),
    ]
    with pytest.raises(CorruptBatchError, match="claims"):
        list(iterate_batches(both[:-1]))


def test_sequences_wrap_to_zero() -> None:
    assert add_to_sequence(2**31 - 1, 0) == 2**31 - 1
    assert add_to_sequence(2**31 - 1, 1) == 0
    assert add_to_sequence(2**31 - 2, 3) == 1


def test_codec_numbers_without_meaning_are_corrupt() -> None:
    header = read_header(a_batch())
    with pytest.raises(CorruptBatchError, match="Unknown compression type id: 5"):
        _ = header._replace(attributes=5).codec
