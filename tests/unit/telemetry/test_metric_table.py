"""The table as such: names and labels that Prometheus takes, and each row in the page."""

import re

from ottla.telemetry.metric_table import METRICS, Kind, metrics_page

KNOWN_BEGINNINGS = ("kafka_", "process_", "ottla_")


def test_names_and_labels_are_prometheus_names() -> None:
    for metric in METRICS.values():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", metric.name)
        assert metric.name.startswith(KNOWN_BEGINNINGS)
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", label) and label != "le" for label in metric.labels)


def test_counters_and_nothing_else_end_in_total() -> None:
    for metric in METRICS.values():
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER), metric.name


def test_the_page_has_a_row_for_each() -> None:
    rows = [line for line in metrics_page().splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == list(METRICS)
