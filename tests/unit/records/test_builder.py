"""Batches that the broker writes: attributes, timestamps and sound CRCs."""

import pytest

from ottla.records.batch import check_crc, read_header
from ottla.records.builder import NewRecord, build_batch
from ottla.records.compression import Codec
from ottla.records.record import iterate_records


@pytest.mark.parametrize("codec", list(Codec))
def test_the_crc_is_right(codec: Codec) -> None:
    batch = build_batch([NewRecord(None, b"v" * 1000)], now_ms=17, codec=codec)
    check_crc(batch, 0, read_header(batch))


def test_records_without_a_time_get_that_of_the_batch() -> None:
    batch = build_batch([NewRecord(b"a", None), NewRecord(b"b", None, 9)], now_ms=17)
    header = read_header(batch)
    assert [record.timestamp_ms for record in iterate_records(batch, 0, header)] == [17, 9]
    assert (header.base_timestamp, header.max_timestamp) == (17, 17)


def test_log_append_time_overrides_the_times_of_the_records() -> None:
    batch = build_batch([NewRecord(b"a", None, 3)], now_ms=17, log_append_time=True)
    header = read_header(batch)
    assert header.is_log_append_time
    assert [record.timestamp_ms for record in iterate_records(batch, 0, header)] == [17]


def test_control_and_transactional_bits() -> None:
    header = read_header(build_batch([NewRecord(b"", b"")], now_ms=0, transactional=True, control=True))
    assert header.attributes == 0x30
