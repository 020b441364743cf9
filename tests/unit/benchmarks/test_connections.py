import pytest
from tests.benchmarks.compare.loads.connections import past_whole_batches, slowest_tenth

from ottla.records.builder import NewRecord, build_batch


def test_the_slowest_tenth_is_the_mean_of_the_lowest() -> None:
    assert slowest_tenth([float(number) for number in range(20, 0, -1)]) == pytest.approx(1.5)


def test_of_a_few_connections_the_slowest_one_counts() -> None:
    assert slowest_tenth([3.0, 1.0, 2.0]) == 1.0


def test_a_batch_that_a_limit_has_cut_is_not_read() -> None:
    first = build_batch([NewRecord(None, b"a"), NewRecord(None, b"b")], now_ms=1, base_offset=7)
    second = build_batch([NewRecord(None, b"c")], now_ms=1, base_offset=9)
    whole = bytes(first + second)
    assert past_whole_batches(whole, 7) == (10, len(whole))
    for cut in range(1, len(second) + 1):
        assert past_whole_batches(whole[:-cut], 7) == (9, len(first))
    assert past_whole_batches(whole[: len(first) - 1], 7) == (7, 0)
