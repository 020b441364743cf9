"""Several batches get their offsets at once."""

import pytest

from ottla.records.batch import CorruptBatchError, iterate_batches
from ottla.records.builder import NewRecord, build_batch
from ottla.storage.stamping import stamp_batches


def batches() -> bytearray:
    return build_batch([NewRecord(None, b"a")] * 3, now_ms=7) + build_batch([NewRecord(None, b"b")], now_ms=9)


def test_batches_follow_each_other() -> None:
    records = batches()
    stamped = stamp_batches(records, 40, 6)
    assert stamped.records is records
    found = [(header.base_offset, header.leader_epoch) for _, header in iterate_batches(records)]
    assert found == [(40, 6), (43, 6)]
    assert [(batch.last_offset, batch.max_timestamp) for batch in stamped.batches] == [(42, 7), (43, 9)]
    assert sum(batch.size_bytes for batch in stamped.batches) == len(records)


def test_what_cannot_be_written_to_is_copied() -> None:
    records = bytes(batches())
    assert bytes(stamp_batches(memoryview(records), 40, 6).records) != records
    assert records == bytes(batches())


def test_damage_is_refused() -> None:
    records = batches()
    records[-1] ^= 1
    with pytest.raises(CorruptBatchError):
        stamp_batches(records, 0, 0)
