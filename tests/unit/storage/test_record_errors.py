from __future__ import annotations

import pytest
from tests.support.appends import HOUR_MS, NOW_MS, RECORDS, check, refusal, topic

from ottla.errors import ErrorCode
from ottla.records.builder import NewRecord, build_batch
from ottla.records.compression import Codec
from ottla.storage.record_errors import MAX_RECORD_ERRORS, RecordError, RecordsRefusedError


@pytest.mark.parametrize("codec", Codec)
def test_a_compacted_topic_wants_keys(codec: Codec) -> None:
    records = [NewRecord(None if index in {1, 3} else b"k", b"v", NOW_MS) for index in range(5)]
    config = topic(cleanup_policy="compact,delete")
    error = refusal(build_batch(records, now_ms=NOW_MS, codec=codec), config)
    assert isinstance(error, RecordsRefusedError)
    text = "Compacted topic cannot accept message without key in topic partition t-3"
    assert error.code is ErrorCode.INVALID_RECORD
    assert error.record_errors == [RecordError(1, text), RecordError(3, text)]
    assert error.message == (
        "One or more records have been rejected due to 2 record errors in total, and only showing the first "
        f"three errors at most: [RecordError(batchIndex=1, message='{text}'), "
        f"RecordError(batchIndex=3, message='{text}')]"
    )
    check(build_batch(records, now_ms=NOW_MS, codec=codec))


def test_an_answer_names_so_many_refused_records_and_no_more() -> None:
    records = [NewRecord(None, b"", NOW_MS)] * (MAX_RECORD_ERRORS + 5)
    error = refusal(build_batch(records, now_ms=NOW_MS, codec=Codec.ZSTD), topic(cleanup_policy="compact"))
    assert isinstance(error, RecordsRefusedError)
    assert [index for index, _ in error.record_errors] == list(range(MAX_RECORD_ERRORS))


@pytest.mark.parametrize("codec", [Codec.NONE, Codec.LZ4])
def test_one_timestamp_out_of_range_makes_the_whole_error_a_timestamp_error(codec: Codec) -> None:
    records = [NewRecord(None, b"v", NOW_MS), NewRecord(b"k", b"v", NOW_MS + HOUR_MS + 1)]
    error = refusal(build_batch(records, now_ms=NOW_MS, codec=codec), topic(cleanup_policy="compact"))
    assert isinstance(error, RecordsRefusedError)
    assert error.code is ErrorCode.INVALID_TIMESTAMP
    assert error.message == "One or more records have been rejected due to invalid timestamp"
    assert [index for index, _ in error.record_errors] == [0, 1]
    assert error.record_errors[1].message == (
        f"Timestamp {NOW_MS + HOUR_MS + 1} of message with offset 1 is out of range. The timestamp should be "
        f"within [{NOW_MS - 2**63 + 1}, {NOW_MS + HOUR_MS}]"
    )


def test_the_timestamp_limits_are_inclusive_and_spare_records_without_timestamp() -> None:
    config = topic(message_timestamp_before_max_ms="1000")
    edge = [
        NewRecord(b"k", b"v", NOW_MS - 1000),
        NewRecord(b"k", b"v", NOW_MS + HOUR_MS),
        NewRecord(b"k", b"v", -1),
    ]
    assert check(build_batch(edge, now_ms=NOW_MS), config).max_timestamp == NOW_MS + HOUR_MS
    early = [NewRecord(b"k", b"v", -1), NewRecord(b"k", b"v", NOW_MS - 1001)]
    assert refusal(build_batch(early, now_ms=NOW_MS), config).code is ErrorCode.INVALID_TIMESTAMP


def test_a_producer_may_not_claim_log_append_time_on_such_a_topic() -> None:
    batch = build_batch(RECORDS[:1], now_ms=NOW_MS, log_append_time=True)
    error = refusal(batch, topic(message_timestamp_type="LogAppendTime"))
    assert isinstance(error, RecordsRefusedError)
    assert error.code is ErrorCode.INVALID_TIMESTAMP
    assert error.record_errors == [
        RecordError(
            0,
            f"Invalid timestamp type in message DefaultRecord(offset=0, timestamp={NOW_MS}, key=2 bytes, value=50 "
            "bytes). Producer should not set timestamp type to LogAppendTime.",
        )
    ]
