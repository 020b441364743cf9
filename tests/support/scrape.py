"""Reading a scrape: the text of Prometheus' format by the library's own parser, as values by name and labels."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterable

from prometheus_client.parser import text_string_to_metric_families

from ottla.telemetry.prometheus import Collector, text_slices

ANSWER_TIMEOUT_S = 30.0

Values = dict[tuple[str, ...], float]


class Scrape:
    """What one scrape said."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = list(text_string_to_metric_families(text))
        self._samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in self.families
            for sample in family.samples
        }
        assert len(self._samples) == sum(len(family.samples) for family in self.families), (
            "a series came twice"
        )

    def value(self, name: str, **labels: str) -> float | None:
        """Return a series' value, None where there is no such series."""
        return self._samples.get((name, tuple(sorted(labels.items()))))

    def values(self, name: str, *labels: str) -> Values:
        """Return all values of a metric by those of its labels that are named, an absent one as empty text."""
        return {
            tuple(dict(found).get(label, "") for label in labels): value
            for (sample, found), value in self._samples.items()
            if sample == name
        }

    def names(self) -> set[str]:
        """Return the names of everything that has a series, and of a histogram its own name."""
        ending = {"counter": "_total"}
        return {family.name + ending.get(family.type, "") for family in self.families}


def scrape(port: int) -> Scrape:
    """Ask a broker for its metrics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=ANSWER_TIMEOUT_S) as answer:
        return Scrape(answer.read().decode())


def collected(collectors: Iterable[Collector]) -> Scrape:
    """Return what these collectors say, without a broker around them."""
    return Scrape(b"".join(text_slices(list(collectors))).decode())
