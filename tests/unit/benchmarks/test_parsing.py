import pytest
from tests.benchmarks.compare.parsing import parse_consumed, parse_produced
from tests.benchmarks.compare.run import RunFailedError

PRODUCED = """\
200001 records sent, 40000.2 records/sec (3.81 MB/sec), 1.9 ms avg latency, 251.0 ms max latency.
500000 records sent, 83056.478405 records/sec (7.92 MB/sec), 1234.53 ms avg latency, 2021.00 ms max latency, \
1280 ms 50th, 1943 ms 95th, 1993 ms 99th, 2018 ms 99.9th.
"""
HEADER = (
    "start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, "
    "rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec\n"
)
CONSUMED = (
    HEADER
    + "2026-01-02 03:04:05:100, 2026-01-02 03:04:09:100, "
    + "38.1470, 9.5367, 400000, 100000.0, 1500, 2500, 15.2588, 160000.0\n"
)


def test_the_last_line_of_the_producer_counts() -> None:
    produced = parse_produced(PRODUCED, 500_000)
    assert (produced.records, produced.records_per_s) == (500_000, 83056.478405)
    assert (produced.average_ms, produced.p99_ms) == (1234.53, 1993.0)


def test_records_that_were_not_acknowledged_fail_the_run() -> None:
    with pytest.raises(RunFailedError, match="500000 of 500001"):
        parse_produced(PRODUCED, 500_001)


def test_a_producer_without_a_last_line_fails_the_run() -> None:
    with pytest.raises(RunFailedError, match="no last line"):
        parse_produced(PRODUCED.splitlines()[0], 200_001)


def test_the_consumer_tells_both_rates() -> None:
    consumed = parse_consumed(CONSUMED, 400_000)
    assert (consumed.records, consumed.mb) == (400_000, 38.147)
    assert (consumed.mb_per_s, consumed.fetch_mb_per_s) == (9.5367, 15.2588)


def test_records_that_did_not_come_fail_the_run() -> None:
    with pytest.raises(RunFailedError, match="400000 of 400001"):
        parse_consumed(CONSUMED, 400_001)


@pytest.mark.parametrize(
    "printed", ["", HEADER, "WARNING: Exiting before consuming the expected number\n" + CONSUMED]
)
def test_a_consumer_without_a_clean_result_fails_the_run(printed: str) -> None:
    with pytest.raises(RunFailedError):
        parse_consumed(printed, 1)
