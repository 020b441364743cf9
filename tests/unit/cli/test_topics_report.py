from dataclasses import replace

from ottla.cli.resource_configs import ConfigEntry
from ottla.cli.topic_metadata import PartitionState, TopicDescription
from ottla.cli.topic_moves import Move
from ottla.cli.topics_report import Wanted, topic_lines
from ottla.types import ZERO_UUID, TopicPartition, Uuid, uuid_from_text

ID = uuid_from_text("S5ZBEYxmTfOdVv9ZdW5nOw")
HEALTHY = PartitionState(0, 1, (1, 2), (1, 2), (), ())
ALONE = PartitionState(1, None, (1, 2), (2,))
CONFIGS = (
    ConfigEntry("retention.ms", "5", "DYNAMIC_TOPIC_CONFIG", False, ()),
    ConfigEntry("min.insync.replicas", "2", "DEFAULT_CONFIG", False, ()),
    ConfigEntry("cleanup.policy", "compact", "DYNAMIC_TOPIC_CONFIG", False, ()),
)
EVERYTHING = Wanted({1, 2})


def _lines(wanted: Wanted, moves: dict[TopicPartition, Move] | None = None, topic_id: Uuid = ID) -> list[str]:
    topic = TopicDescription("t", topic_id, (HEALTHY, ALONE))
    return list(topic_lines(topic, CONFIGS, moves or {}, wanted))


def test_a_topic_is_a_line_and_one_for_each_partition() -> None:
    assert _lines(EVERYTHING) == [
        (
            "Topic: t\tTopicId: S5ZBEYxmTfOdVv9ZdW5nOw\tPartitionCount: 2\tReplicationFactor: 2\t"
            "Configs: cleanup.policy=compact,retention.ms=5"
        ),
        "\tTopic: t\tPartition: 0\tLeader: 1\tReplicas: 1,2\tIsr: 1,2\tElr: \tLastKnownElr: ",
        "\tTopic: t\tPartition: 1\tLeader: none\tReplicas: 1,2\tIsr: 2\tElr: N/A\tLastKnownElr: N/A",
    ]


def test_a_topic_without_an_id_is_shown_without() -> None:
    assert _lines(EVERYTHING, topic_id=ZERO_UUID)[0].startswith("Topic: t\tPartitionCount: 2\t")


def test_topics_with_settings_of_their_own_are_shown_without_partitions() -> None:
    assert len(_lines(replace(EVERYTHING, only_overridden=True))) == 1


def test_only_the_partitions_that_are_asked_for_are_shown() -> None:
    assert [line[:24] for line in _lines(replace(EVERYTHING, only_under_replicated=True))] == [
        "\tTopic: t\tPartition: 1\tL"
    ]
    assert len(_lines(replace(EVERYTHING, only_unavailable=True))) == 1
    assert len(_lines(replace(EVERYTHING, only_under_min_isr=True))) == 1
    assert "Partition: 0" in _lines(replace(EVERYTHING, only_at_min_isr=True))[0]
    assert len(_lines(replace(EVERYTHING, only_at_min_isr=True, only_unavailable=True))) == 2


def test_a_leader_that_is_not_alive_is_unavailable() -> None:
    assert len(_lines(Wanted({2}, only_unavailable=True))) == 2


def test_a_partition_that_moves_shows_what_comes_and_goes_and_counts_without_what_comes() -> None:
    moves = {TopicPartition("t", 0): Move((1, 2), (2,), (1,))}
    lines = _lines(EVERYTHING, moves)
    assert "\tReplicationFactor: 1\t" in lines[0]
    assert "\tIsr: 1,2\tAdding Replicas: 2\tRemoving Replicas: 1\tElr: " in lines[1]
    assert len(_lines(replace(EVERYTHING, only_under_replicated=True), moves)) == 1
