"""The table of metrics."""

from ottla.cli.metrics_report import Metric, metrics_table


def test_metrics_are_in_order_and_aligned():
    metrics = {Metric("producer-metrics", "b-total", "me"): 2, Metric("a", "rate", "me"): 0.12345}
    assert metrics_table(metrics).splitlines() == [
        "",
        f"{'Metric Name':<39}   Value",
        f"{'a:rate:{client-id=me}':<39} : 0.123",
        "producer-metrics:b-total:{client-id=me} : 2.000",
    ]
