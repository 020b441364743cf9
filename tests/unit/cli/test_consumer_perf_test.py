"""The lines of the consumer's perf test."""

from ottla.cli.consumer_perf_test import Interval, Progress, progress_line, total_line
from ottla.client.consumer import ConsumerRecord

MEGABYTE = 1024 * 1024


def show(time_ms: int) -> str:
    return f"<{time_ms}>"


def test_keys_and_values_are_counted():
    progress = Progress()
    progress.add(
        [
            ConsumerRecord("t", 0, 0, 0, False, b"key", b"value", (), -1),
            ConsumerRecord("t", 0, 1, 0, False, None, None, (), -1),
        ]
    )
    assert (progress.record_count, progress.size_bytes) == (2, 8)


def test_the_whole_run_is_a_line():
    progress = Progress(record_count=1000, size_bytes=3 * MEGABYTE, join_ms=500)
    assert total_line(progress, 1000, 3000, show) == (
        "<1000>, <3000>, 3.0000, 1.5000, 1000, 500.0000, 500, 1500, 2.0000, 666.6667"
    )


def test_a_run_of_no_time_divides_by_nothing():
    assert total_line(Progress(), 1000, 1000, show) == "<1000>, <1000>, 0.0000, NaN, 0, NaN, 0, 0, NaN, NaN"


def test_an_interval_is_a_line():
    progress = Progress(record_count=300, size_bytes=3 * MEGABYTE, join_ms=200)
    line = progress_line(progress, Interval(1000, 100, MEGABYTE), 2000, show)
    assert line == "<2000>, 0, 3.0000, 2.0000, 300, 200.0000, 200, 800, 2.5000, 250.0000"
    later = progress_line(progress, Interval(1000, 100, MEGABYTE, 0), 2000, show)
    assert later == "<2000>, 0, 3.0000, 2.0000, 300, 200.0000, 0, 1000, 2.0000, 200.0000"


def test_an_interval_that_the_group_has_taken_alone_fetched_nothing():
    progress = Progress(join_ms=5000)
    assert progress_line(progress, Interval(0), 5000, show).endswith(", 5000, 0, 0.0000, 0.0000")


def test_rebalances_are_timed():
    progress = Progress()
    progress.join_start_ms -= 70
    progress.on_assigned([])
    assert progress.join_ms >= 70
    assert progress.rebalance_count == 1
