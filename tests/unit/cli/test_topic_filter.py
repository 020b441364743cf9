import pytest

from ottla.cli.failures import ToolError
from ottla.cli.topic_filter import (
    any_partition,
    any_topic,
    numbered_partitions,
    partition_rules,
    topic_filter,
)
from ottla.types import TopicPartition


def test_an_expression_has_to_fit_the_whole_name() -> None:
    wanted = topic_filter("order")
    assert wanted.fits("order")
    assert not wanted.fits("orders")


def test_commas_mean_or_and_blanks_and_outer_quotes_mean_nothing() -> None:
    wanted = topic_filter(" '\"a, b\"' ")
    assert wanted.fits("a")
    assert wanted.fits("b")
    assert not wanted.fits("a, b")


def test_internal_topics_can_be_left_out() -> None:
    wanted = topic_filter(".*")
    assert wanted.fits("__consumer_offsets")
    assert not wanted.fits("__consumer_offsets", excludes_internal=True)
    assert wanted.fits("__other", excludes_internal=True)


def test_what_is_no_expression_is_named_as_it_was_read() -> None:
    with pytest.raises(ToolError, match=r"^\[a\[b\]\]: a character class within another"):
        topic_filter("[a[b]]")
    with pytest.raises(ToolError, match=r"^\(\|a is an invalid regex\.$"):
        topic_filter("(, a")


def _chosen(rules: str) -> list[str]:
    filters = partition_rules(rules)
    offered = [TopicPartition(topic, number) for topic in ("a", "b") for number in range(4)]
    return [str(each) for each in offered if any_partition(filters, each)]


@pytest.mark.parametrize(
    ("rules", "chosen"),
    [
        ("a", ["a-0", "a-1", "a-2", "a-3"]),
        ("a:1", ["a-1"]),
        ("a:1-3", ["a-1", "a-2"]),
        ("a:2-,b:-1", ["a-2", "a-3", "b-0"]),
        (":3", ["a-3", "b-3"]),
        ("a:,", ["a-0", "a-1", "a-2", "a-3"]),
        (",", []),
        ("c", []),
    ],
)
def test_rules_choose_partitions_and_ranges_end_before_their_upper_bound(
    rules: str, chosen: list[str]
) -> None:
    assert _chosen(rules) == chosen


def test_a_rule_that_is_none_is_refused() -> None:
    with pytest.raises(ToolError, match="Invalid rule specification: a:x"):
        partition_rules("b,a:x")
    with pytest.raises(ToolError, match='For input string: "99999999999"'):
        partition_rules("a:99999999999")


def test_topics_are_asked_for_only_where_a_filter_can_fit() -> None:
    filters = (numbered_partitions("a.*", frozenset({1})), numbered_partitions("b", frozenset()))
    assert [name for name in ("a", "ab", "b", "c") if any_topic(filters, name)] == ["a", "ab", "b"]
    assert not any_partition(filters, TopicPartition("a", 0))
    assert any_partition(filters, TopicPartition("b", 7))
