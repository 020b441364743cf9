"""What is scraped, as text: readings go in, and pieces of Prometheus' text format come out, one for each slice.

Ten thousand partitions make tens of thousands of lines, and whoever makes them holds the interpreter. So the text comes
in slices of a bounded number of lines, between which the caller lets others have their turn; readings are taken lazily,
so a line says what holds when its slice is made. Imported only where metrics are served, for the sake of the others'
start and memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple, Protocol, TypeAlias

from prometheus_client.core import Metric as Exposed
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector as ExposedCollector

from ottla.telemetry.metric_table import Kind, Metric
from ottla.telemetry.metrics import LATENCY_BOUNDS_S, Latencies

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SLICE_LINES = 150
"""Lines in one go: about a millisecond, as long as a large request takes."""


class Reading(NamedTuple):
    """One series: the values of its labels, and how it stands. Labels at the end may be left out."""

    labels: Sequence[str]
    value: float | Latencies


Family: TypeAlias = tuple[Metric, Iterable[Reading]]
"""A metric with all its series."""


class Collector(Protocol):
    """Something that can be read; it must bear that what it reads changes between two readings."""

    def families(self) -> Iterator[Family]:
        """Yield the metrics with their series."""


def text_slices(collectors: Sequence[Collector]) -> Iterator[bytes]:
    """Yield the text of everything that is collected, piece by piece."""
    for metric, readings in chain.from_iterable(each.families() for each in collectors):
        samples = chain.from_iterable(_samples(metric, reading) for reading in readings)
        is_first = True
        while lines := list(islice(samples, SLICE_LINES)):
            text = _text_of(metric, lines)
            yield text if is_first else _without_head(text)
            is_first = False


_Sample: TypeAlias = tuple[str, dict[str, str], float]


def _samples(metric: Metric, reading: Reading) -> Iterator[_Sample]:
    labels = dict(zip(metric.labels, reading.labels, strict=False))
    value = reading.value
    if not isinstance(value, Latencies):
        yield metric.name, labels, value
        return
    count = 0
    for bound, in_bucket in zip((*LATENCY_BOUNDS_S, float("inf")), value.counts, strict=True):
        count += in_bucket
        yield f"{metric.name}_bucket", {**labels, "le": _bound_text(bound)}, count
    yield f"{metric.name}_sum", labels, value.sum_s
    yield f"{metric.name}_count", labels, count


def _bound_text(bound: float) -> str:
    return "+Inf" if bound == float("inf") else str(bound)


class _Single(ExposedCollector):
    """A registry of one metric, which is what the library makes text of."""

    def __init__(self, exposed: Exposed) -> None:
        self._exposed = exposed

    def collect(self) -> Iterable[Exposed]:
        """Return the metric."""
        return (self._exposed,)


def _text_of(metric: Metric, samples: Iterable[_Sample]) -> bytes:
    # The library takes a counter's name without the ending that it then puts behind it.
    name = metric.name.removesuffix("_total") if metric.kind is Kind.COUNTER else metric.name
    exposed = Exposed(name, metric.tells, metric.kind.value)
    for sample in samples:
        exposed.add_sample(*sample)
    return generate_latest(_Single(exposed))


def _without_head(text: bytes) -> bytes:
    """Return the lines of a metric without its HELP and TYPE, which stand before its first slice."""
    return text.split(b"\n", 2)[2]
