"""How the topics that the broker itself needs are made: partitions and overrides as Kafka makes them.

Kafka's classes: DefaultAutoTopicCreationManager, and the coordinators' topic configurations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ottla.config.option import Value, value_text
from ottla.config.resolved import BrokerConfig
from ottla.protocol.messages.create_topics import CreatableTopic, CreatableTopicConfig
from ottla.types import CONSUMER_OFFSETS_TOPIC, SHARE_GROUP_STATE_TOPIC, TRANSACTION_STATE_TOPIC


class _Recipe(NamedTuple):
    """The options that shape one internal topic; an override is a fixed text or an option's value."""

    partitions_option: str
    replication_option: str
    fixed_overrides: Mapping[str, str]
    option_overrides: Mapping[str, str]


_RECIPES: Mapping[str, _Recipe] = {
    CONSUMER_OFFSETS_TOPIC: _Recipe(
        "offsets.topic.num.partitions",
        "offsets.topic.replication.factor",
        {"cleanup.policy": "compact", "compression.type": "producer"},
        {"segment.bytes": "offsets.topic.segment.bytes"},
    ),
    TRANSACTION_STATE_TOPIC: _Recipe(
        "transaction.state.log.num.partitions",
        "transaction.state.log.replication.factor",
        {
            "cleanup.policy": "compact",
            "compression.type": "uncompressed",
            "unclean.leader.election.enable": "false",
        },
        {
            "min.insync.replicas": "transaction.state.log.min.isr",
            "segment.bytes": "transaction.state.log.segment.bytes",
        },
    ),
    SHARE_GROUP_STATE_TOPIC: _Recipe(
        "share.coordinator.state.topic.num.partitions",
        "share.coordinator.state.topic.replication.factor",
        {"cleanup.policy": "delete", "compression.type": "producer", "retention.ms": "-1"},
        {
            "min.insync.replicas": "share.coordinator.state.topic.min.isr",
            "segment.bytes": "share.coordinator.state.topic.segment.bytes",
        },
    ),
}


def internal_topic(name: str, config: BrokerConfig, *, broker_count: int) -> tuple[CreatableTopic, int]:
    """Return the topic to create, and the replication factor that is configured for it.

    The topic's own factor is at most the number of brokers, unless `ottla.replication.factor.clamp` is off.
    """
    recipe = _RECIPES[name]
    wanted_factor = _number(config.values[recipe.replication_option])
    is_clamped = config.ottla_replication_factor_clamp
    overrides = dict(recipe.fixed_overrides)
    for override, option in recipe.option_overrides.items():
        overrides[override] = value_text(config.values[option]) or ""
    topic = CreatableTopic(
        name=name,
        num_partitions=_number(config.values[recipe.partitions_option]),
        replication_factor=max(1, min(wanted_factor, broker_count)) if is_clamped else wanted_factor,
        configs=[CreatableTopicConfig(name=key, value=overrides[key]) for key in sorted(overrides)],
    )
    return topic, wanted_factor


def _number(value: Value) -> int:
    assert isinstance(value, int), "counts are numbers"
    return value
