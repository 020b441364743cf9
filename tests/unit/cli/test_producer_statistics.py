"""The lines of the producer's perf test."""

import io

from ottla.cli import producer_statistics
from ottla.cli.producer_statistics import ProducerStatistics


def lines_of(out: io.StringIO) -> list[str]:
    return out.getvalue().splitlines()


def test_the_whole_run_is_a_line():
    out = io.StringIO()
    statistics = ProducerStatistics(4, 0, out, 5000)
    for latency_ms in (1, 2, 3, 10):
        statistics.add(latency_ms, 1024 * 1024, 100)
    statistics.print_total(2000)
    assert lines_of(out) == [
        (
            "4 records sent, 2.0 records/sec (2.00 MB/sec), 4.00 ms avg latency, 10.00 ms max latency, "
            "3 ms 50th, 10 ms 95th, 10 ms 99th, 10 ms 99.9th."
        )
    ]


def test_a_run_of_which_nothing_was_delivered_has_no_average():
    out = io.StringIO()
    ProducerStatistics(4, 0, out, 5000).print_total(1000)
    assert lines_of(out) == [
        (
            "0 records sent, 0.0 records/sec (0.00 MB/sec), NaN ms avg latency, 0.00 ms max latency, "
            "0 ms 50th, 0 ms 95th, 0 ms 99th, 0 ms 99.9th."
        )
    ]


def test_each_window_has_a_line_of_its_own():
    out = io.StringIO()
    statistics = ProducerStatistics(10, 0, out, 5000)
    statistics.add(5, 100, 4000)
    assert lines_of(out) == []
    statistics.add(7, 100, 5000)
    statistics.add(9, 100, 9999)
    statistics.add(20, 100, 10_000)
    assert lines_of(out) == [
        "2 records sent, 0.4 records/sec (0.00 MB/sec), 6.0 ms avg latency, 7.0 ms max latency.",
        "2 records sent, 0.4 records/sec (0.00 MB/sec), 14.5 ms avg latency, 20.0 ms max latency.",
    ]
    assert statistics.count == 4


def test_windows_are_as_long_as_they_are_wanted():
    out = io.StringIO()
    statistics = ProducerStatistics(10, 0, out, 100)
    statistics.add(5, 100, 99)
    statistics.add(5, 100, 100)
    statistics.add(5, 100, 199)
    assert [line.split(",")[0] for line in lines_of(out)] == ["2 records sent"]


def test_the_steady_state_tells_when_it_is_there_and_has_a_line_of_its_own():
    out = io.StringIO()
    total = ProducerStatistics(10, 0, out, 100)
    total.add(5, 100, 50)
    total.stop_printing_windows()
    steady = ProducerStatistics(9, 60, out, 100, is_steady_state=True)
    for now in (150, 200, 300):
        total.add(5, 100, now)
        steady.add(5, 100, now)
    total.print_total(400)
    steady.print_total(400)
    assert [line.split(",")[0] for line in lines_of(out)] == [
        "In steady state.",
        "2 records sent",
        "1 records sent",
        "4 records sent",
        "3 steady state records sent",
    ]


def test_a_long_run_keeps_some_of_its_latencies(monkeypatch):
    monkeypatch.setattr(producer_statistics, "MOST_LATENCIES", 10)
    out = io.StringIO()
    statistics = ProducerStatistics(100, 0, out, 5000)
    for number in range(100):
        statistics.add(number, 1, 0)
    statistics.print_total(1000)
    assert "50 ms 50th, 90 ms 95th, 90 ms 99th, 90 ms 99.9th." in lines_of(out)[0]
