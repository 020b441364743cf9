import pytest

from ottla.cli.consumer_groups_topics import parse_topic_partitions
from ottla.cli.failures import ToolError
from ottla.types import TopicPartition


def test_partitions_are_named_behind_a_colon() -> None:
    assert parse_topic_partitions("t:0") == [TopicPartition("t", 0)]
    assert parse_topic_partitions("t:2,+1,") == [TopicPartition("t", 2), TopicPartition("t", 1)]


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("t:", "Invalid topic arg 't:', expected topic name and partitions"),
        ("t:1:2", "Invalid topic arg 't:1:2', expected topic name and partitions"),
        ("t:x", "Invalid partition 'x' specified in topic arg 't:x''"),
        ("t:1,,2", "Invalid partition '' specified in topic arg 't:1,,2''"),
        ("t:2147483648", "Invalid partition '2147483648' specified in topic arg 't:2147483648''"),
    ],
)
def test_what_names_none_is_refused_with_kafkas_words(argument: str, words: str) -> None:
    with pytest.raises(ToolError) as caught:
        parse_topic_partitions(argument)
    assert caught.value.java_text() == f"java.lang.IllegalArgumentException: {words}"
