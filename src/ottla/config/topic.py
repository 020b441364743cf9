"""Which overrides a topic may have.

Texts and their order are those of Kafka's controller (facts 6.2): unknown names first, then each option's own rule,
then the rules between options.
"""

from __future__ import annotations

from collections.abc import Mapping

from ottla.config.option import ConfigError, Option, Value, default_value, parse_value
from ottla.config.resolved import BrokerConfig, topic_default
from ottla.config.topic_options import TOPIC_OPTIONS
from ottla.errors import ErrorCode, KafkaError
from ottla.jvm_order import strings_in_hash_order

CHECK_ORDER = (
    "segment.bytes",
    "segment.ms",
    "segment.jitter.ms",
    "segment.index.bytes",
    "flush.messages",
    "flush.ms",
    "retention.bytes",
    "retention.ms",
    "max.message.bytes",
    "index.interval.bytes",
    "delete.retention.ms",
    "min.compaction.lag.ms",
    "max.compaction.lag.ms",
    "file.delete.delay.ms",
    "min.cleanable.dirty.ratio",
    "cleanup.policy",
    "unclean.leader.election.enable",
    "min.insync.replicas",
    "compression.type",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.zstd.level",
    "preallocate",
    "message.timestamp.type",
    "message.timestamp.before.max.ms",
    "message.timestamp.after.max.ms",
    "leader.replication.throttled.replicas",
    "follower.replication.throttled.replicas",
    "remote.storage.enable",
    "local.retention.ms",
    "local.retention.bytes",
    "remote.log.copy.disable",
    "remote.log.delete.on.disable",
    "internal.segment.bytes",
)
"""The topic options in the order in which Kafka's LogConfig defines them: the first that is wrong is named."""


def validate_topic_overrides(
    overrides: Mapping[str, str | None], broker_config: BrokerConfig | None = None
) -> None:
    """Check the overrides of a topic, all of them together and beside what holds where they say nothing.

    That is what the broker's configuration says, or Kafka's default for whoever knows no broker. Raises KafkaError
    INVALID_CONFIG with Kafka's text for the first that cannot stand.
    """
    missing = [name for name, text in overrides.items() if text is None]
    if missing:
        raise _invalid(f"Null value not supported for topic configs: {','.join(missing)}")
    for name in strings_in_hash_order(overrides):
        if name not in TOPIC_OPTIONS:
            raise _invalid(f"Unknown topic config name: {name}")
    values: dict[str, Value] = {}
    for name in CHECK_ORDER:
        if name in overrides:
            try:
                values[name] = parse_value(TOPIC_OPTIONS[name], overrides[name])
            except ConfigError as error:
                raise _invalid(str(error)) from error
    least, most = (
        values[name] if name in values else _default(TOPIC_OPTIONS[name], broker_config)
        for name in ("min.compaction.lag.ms", "max.compaction.lag.ms")
    )
    if isinstance(least, int) and isinstance(most, int) and least > most:
        raise _invalid(
            f"conflict topic config setting min.compaction.lag.ms ({least}) > max.compaction.lag.ms ({most})"
        )
    if values.get("remote.storage.enable") is True:
        raise _invalid(
            "Tiered Storage functionality is disabled in the broker. "
            "Topic cannot be configured with remote log storage."
        )


def _default(option: Option, broker_config: BrokerConfig | None) -> Value:
    return default_value(option) if broker_config is None else topic_default(broker_config, option)


def _invalid(message: str) -> KafkaError:
    return KafkaError(ErrorCode.INVALID_CONFIG, message)
