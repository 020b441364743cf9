"""The broker's options: the rows of every area under one name, and names that only later releases know."""

from __future__ import annotations

from ottla.config.option import Option
from ottla.config.tables import (
    groups,
    instruments,
    log,
    metadata,
    replication,
    security,
    server,
    tiered,
    transactions,
)

BROKER_AREAS: dict[str, tuple[Option, ...]] = {
    (area.__doc__ or "").rstrip("."): area.OPTIONS
    for area in (server, log, groups, transactions, metadata, replication, tiered, security, instruments)
}
"""The options by what they are about, in the order in which the documentation shows them."""

BROKER_OPTIONS: dict[str, Option] = {
    option.name: option
    for option in sorted(
        (option for options in BROKER_AREAS.values() for option in options), key=lambda option: option.name
    )
}
"""Every broker option of Apache Kafka 4.1.1, by name, in alphabetical order."""

UNIT_GROUPS = (
    ("log.roll.ms", "log.roll.hours"),
    ("log.roll.jitter.ms", "log.roll.jitter.hours"),
    ("log.flush.interval.ms", "log.flush.scheduler.interval.ms"),
    ("log.retention.ms", "log.retention.minutes", "log.retention.hours"),
)
"""Options that set one value in different units, the strongest first (`DynamicBrokerConfig.brokerConfigSynonyms`)."""

LATER_OPTIONS = {
    "config.providers": "4.2.1",
    "controller.quorum.auto.join.enable": "4.2.1",
    "controller.quorum.fetch.max.bytes": "4.3.1",
    "controller.quorum.fetch.snapshot.max.bytes": "4.3.1",
    "cordoned.log.dirs": "4.3.1",
    "errors.deadletterqueue.auto.create.topics.enable": "4.4",
    "errors.deadletterqueue.topic.name.prefix": "4.4",
    "follower.fetch.last.tiered.offset.enable": "4.3.1",
    "group.consumer.assignment.interval.ms": "4.3.1",
    "group.consumer.assignor.offload.enable": "4.4",
    "group.consumer.max.assignment.interval.ms": "4.3.1",
    "group.consumer.min.assignment.interval.ms": "4.3.1",
    "group.coordinator.background.threads": "4.3.1",
    "group.coordinator.cached.buffer.max.bytes": "4.3.1",
    "group.share.assignment.interval.ms": "4.3.1",
    "group.share.assignor.offload.enable": "4.4",
    "group.share.dlq.manager.class.name": "4.4",
    "group.share.initialize.retry.interval.ms": "4.2.1",
    "group.share.max.assignment.interval.ms": "4.3.1",
    "group.share.max.delivery.count.limit": "4.3.1",
    "group.share.max.partition.max.record.locks": "4.3.1",
    "group.share.min.assignment.interval.ms": "4.3.1",
    "group.share.min.delivery.count.limit": "4.3.1",
    "group.share.min.partition.max.record.locks": "4.3.1",
    "group.streams.acceptable.recovery.lag": "4.4",
    "group.streams.assignment.interval.ms": "4.3.1",
    "group.streams.assignor.offload.enable": "4.4",
    "group.streams.assignors": "4.4",
    "group.streams.initial.rebalance.delay.ms": "4.2.1",
    "group.streams.max.assignment.interval.ms": "4.3.1",
    "group.streams.max.warmup.replicas": "4.4",
    "group.streams.min.assignment.interval.ms": "4.3.1",
    "group.streams.min.task.offset.interval.ms": "4.4",
    "group.streams.num.warmup.replicas": "4.4",
    "group.streams.rack.aware.assignment.tags": "4.4",
    "group.streams.task.offset.interval.ms": "4.4",
    "group.streams.topology.description.plugin.class": "4.4",
    "log.remote.copy.lag.bytes": "4.4",
    "log.remote.copy.lag.ms": "4.4",
    "remote.log.index.file.cache.ttl.ms": "4.3.1",
    "remote.log.manager.follower.thread.pool.size": "4.2.1",
    "sasl.oauthbearer.allow.unverified.audience": "4.4",
    "sasl.oauthbearer.allow.unverified.issuer": "4.4",
    "share.coordinator.cached.buffer.max.bytes": "4.3.1",
}
"""Options that Kafka has only since a later release, with that release: unknown here as they are to 4.1.1."""
