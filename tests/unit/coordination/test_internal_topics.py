import pytest

from ottla.config.broker import embedded_broker_config
from ottla.coordination.internal_topics import internal_topic
from ottla.types import CONSUMER_OFFSETS_TOPIC, SHARE_GROUP_STATE_TOPIC, TRANSACTION_STATE_TOPIC

CONFIG = embedded_broker_config()


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        (
            CONSUMER_OFFSETS_TOPIC,
            {"cleanup.policy": "compact", "compression.type": "producer", "segment.bytes": "104857600"},
        ),
        (
            TRANSACTION_STATE_TOPIC,
            {
                "cleanup.policy": "compact",
                "compression.type": "uncompressed",
                "min.insync.replicas": "1",
                "segment.bytes": "104857600",
                "unclean.leader.election.enable": "false",
            },
        ),
        (
            SHARE_GROUP_STATE_TOPIC,
            {
                "cleanup.policy": "delete",
                "compression.type": "producer",
                "min.insync.replicas": "1",
                "retention.ms": "-1",
                "segment.bytes": "104857600",
            },
        ),
    ],
)
def test_internal_topics_are_made_as_kafka_makes_them(name: str, overrides: dict[str, str]) -> None:
    topic, _ = internal_topic(name, CONFIG, broker_count=1)
    assert (topic.name, topic.num_partitions, topic.replication_factor) == (name, 50, 1)
    assert {item.name: item.value for item in topic.configs} == overrides


def test_the_configured_factor_is_told_and_bounded() -> None:
    config = embedded_broker_config({"offsets.topic.replication.factor": "3"})
    topic, wanted = internal_topic(CONSUMER_OFFSETS_TOPIC, config, broker_count=2)
    assert (topic.replication_factor, wanted) == (2, 3)
    topic, _ = internal_topic(CONSUMER_OFFSETS_TOPIC, config, broker_count=0)
    assert topic.replication_factor == 1


def test_the_configured_factor_is_kept_where_it_is_not_to_be_bounded() -> None:
    config = embedded_broker_config(
        {"offsets.topic.replication.factor": "3", "ottla.replication.factor.clamp": "false"}
    )
    topic, wanted = internal_topic(CONSUMER_OFFSETS_TOPIC, config, broker_count=1)
    assert (topic.replication_factor, wanted) == (3, 3)
