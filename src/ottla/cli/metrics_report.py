"""The table of metrics that the perf tools print: `group:name:{tags}` in order, and the value.

A Java client has about a hundred metrics; here are those of them that the tool has really counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ottla.cli.java_numbers import decimal_text


class Metric(NamedTuple):
    """The name of a metric of Kafka's clients."""

    group: str
    name: str
    client_id: str

    def __str__(self) -> str:
        return f"{self.group}:{self.name}:{{client-id={self.client_id}}}"


def metrics_table(metrics: Mapping[Metric, float]) -> str:
    """Return the table, with three places for every number, as Kafka's tools print it."""
    rows = sorted((str(metric), value) for metric, value in metrics.items())
    width = max((len(name) for name, _ in rows), default=0)
    lines = [f"\n{'Metric Name':<{width}}   Value"]
    lines += [f"{name:<{width}} : {decimal_text(float(value), 3)}" for name, value in rows]
    return "\n".join(lines) + "\n"
