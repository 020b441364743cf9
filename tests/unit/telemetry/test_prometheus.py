from __future__ import annotations

from collections.abc import Iterator

from tests.support.scrape import Scrape

from ottla.telemetry.metric_table import Kind, Metric
from ottla.telemetry.metrics import LATENCY_BOUNDS_S, Latencies
from ottla.telemetry.prometheus import SLICE_LINES, Family, Reading, text_slices

COUNTER = Metric("some_total", Kind.COUNTER, ("topic", "partition"), "Counts.")
GAUGE = Metric("level", Kind.GAUGE, (), "Stands.")
HISTOGRAM = Metric("took_seconds", Kind.HISTOGRAM, ("request",), "Lasts.")


class Fixed:
    """A collector of what it was given."""

    def __init__(self, *families: Family) -> None:
        self._families = families

    def families(self) -> Iterator[Family]:
        yield from self._families


def text_of(*families: Family) -> str:
    return b"".join(text_slices([Fixed(*families)])).decode()


def test_a_metric_has_its_help_its_type_and_its_series() -> None:
    readings = [Reading(("a", "0"), 5), Reading((), 7)]
    assert text_of((COUNTER, readings), (GAUGE, [Reading((), 0.5)])) == (
        "# HELP some_total Counts.\n"
        "# TYPE some_total counter\n"
        'some_total{partition="0",topic="a"} 5.0\n'
        "some_total 7.0\n"
        "# HELP level Stands.\n"
        "# TYPE level gauge\n"
        "level 0.5\n"
    )


def test_a_metric_without_series_is_left_out() -> None:
    assert text_of((COUNTER, [])) == ""


def test_label_values_are_escaped() -> None:
    name = 'quo"te\\back\nline'
    scrape = Scrape(text_of((HISTOGRAM._replace(kind=Kind.GAUGE), [Reading((name,), 1)])))
    assert scrape.value("took_seconds", request=name) == 1


def test_a_histogram_is_cumulative_and_has_sum_and_count() -> None:
    latencies = Latencies()
    for took_s in (0.0001, 0.002, 60.0):
        latencies.add(took_s)
    scrape = Scrape(text_of((HISTOGRAM, [Reading(("Fetch",), latencies)])))
    buckets = scrape.values("took_seconds_bucket", "le")
    assert len(buckets) == len(LATENCY_BOUNDS_S) + 1
    assert list(buckets.values()) == sorted(buckets.values())
    assert (buckets["0.0001",], buckets["0.0025",], buckets["10.0",], buckets["+Inf",]) == (1, 2, 2, 3)
    assert scrape.value("took_seconds_count", request="Fetch") == 3
    assert scrape.value("took_seconds_sum", request="Fetch") == latencies.sum_s


def test_many_series_come_in_slices_under_one_head() -> None:
    count = 2 * SLICE_LINES + 1
    slices = list(text_slices([Fixed((COUNTER, [Reading(("t", str(n)), n) for n in range(count)]))]))
    assert [text.count(b"\nsome_total{") for text in (b"\n" + each for each in slices)] == [
        SLICE_LINES,
        SLICE_LINES,
        1,
    ]
    text = b"".join(slices).decode()
    assert text.count("# HELP") == text.count("# TYPE") == 1
    assert Scrape(text).values("some_total", "partition") == {(str(n),): n for n in range(count)}


def test_a_reading_is_taken_when_its_slice_is_made() -> None:
    taken: list[int] = []

    def read() -> Iterator[Reading]:
        for number in range(2 * SLICE_LINES):
            taken.append(number)
            yield Reading(("t", str(number)), 0)

    slices = text_slices([Fixed((COUNTER, read()))])
    next(slices)
    assert len(taken) == SLICE_LINES


def test_large_numbers_keep_every_digit() -> None:
    offset = 2**53 - 1
    assert Scrape(text_of((GAUGE, [Reading((), offset)]))).value("level") == offset
