"""Every option that Kafka lets change while it runs is in effect at once here, or says why it is not."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ottla.config.broker import embedded_broker_config
from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.dynamic_effects import LISTENER_OPTIONS
from ottla.config.option import Effect, Option, OptionType, Scope, parse_value
from ottla.config.resolved import BrokerConfig
from ottla.config.tables import reasons
from ottla.coordination.broker_config import LiveBrokerConfig
from ottla.metadata.aspects.configs import ResourceType
from ottla.metadata.image import EMPTY, apply_records
from ottla.metadata.records import ConfigRecord

ROOT = Path(__file__).parents[3]

DYNAMIC_OPTIONS = [
    option for option in BROKER_OPTIONS.values() if option.scope in {Scope.PER_BROKER, Scope.CLUSTER_WIDE}
]

OTHER_TEXTS = {
    "compression.gzip.level": "1",
    "compression.type": "zstd",
    "log.cleanup.policy": "compact",
    "log.message.timestamp.type": "LogAppendTime",
    "max.connections.per.ip.overrides": "127.0.0.1:3",
    "sasl.login.refresh.window.jitter": "0.1",
    "ssl.client.auth": "required",
}
"""Values other than the default, where they do not follow from the type."""

SHOWN_WHERE_IT_ACTS = {
    **dict.fromkeys(
        (option.name for option in DYNAMIC_OPTIONS if option.name.startswith(("compression.", "log."))),
        "tests/unit/partitions/test_partition_set_dynamic.py",
    ),
    **dict.fromkeys(
        (
            "log.cleaner.backoff.ms",
            "log.cleaner.dedupe.buffer.size",
            "log.cleaner.io.buffer.load.factor",
            "log.cleaner.io.buffer.size",
            "log.cleaner.io.max.bytes.per.second",
            "log.cleaner.threads",
        ),
        "tests/unit/partitions/test_cleaning_dynamic.py",
    ),
    **dict.fromkeys(
        ("message.max.bytes", "min.insync.replicas", "producer.id.expiration.ms"),
        "tests/unit/partitions/test_partition_set_dynamic.py",
    ),
    **dict.fromkeys(
        (
            "max.connection.creation.rate",
            "max.connections",
            "max.connections.per.ip",
            "max.connections.per.ip.overrides",
            "num.recovery.threads.per.data.dir",
        ),
        "tests/unit/server/test_broker_dynamic.py",
    ),
}
"""Where each of the options that act is seen acting."""


@dataclass
class Follower:
    configs: list[BrokerConfig] = field(default_factory=list)

    def update_broker_config(self, config: BrokerConfig) -> None:
        self.configs.append(config)


class Node:
    """A configuration that follows an image, and what it hands on."""

    def __init__(self, **overrides: str) -> None:
        self.image = EMPTY
        self.live = LiveBrokerConfig(
            embedded_broker_config({name.replace("_", "."): text for name, text in overrides.items()})
        )
        self.follower = Follower()
        self.live.follow(self.follower)

    def put(self, name: str, value: str | None, resource: str = "", kind: int = ResourceType.BROKER) -> None:
        record = ConfigRecord(resource_type=kind, resource_name=resource, name=name, value=value)
        self.image, delta = apply_records(self.image, [record])
        self.live.on_image(self.image, delta)

    @property
    def told(self) -> BrokerConfig:
        """What the follower was told last."""
        return self.follower.configs[-1]


def other_text(option: Option) -> str:
    """Return a value that is not the option's default."""
    if option.name in OTHER_TEXTS:
        return OTHER_TEXTS[option.name]
    default = option.default
    if option.type is OptionType.BOOLEAN:
        return "false" if default == "true" else "true"
    if option.type is OptionType.DOUBLE:
        return "0.75" if default == "0.5" else "0.5"
    if option.type in {OptionType.INT, OptionType.SHORT, OptionType.LONG}:
        number = int(str(default)) if default is not None else 3_600_000
        return str(number - 1 if number > 1 << 30 else number + 1)
    return "other"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.parametrize("option", DYNAMIC_OPTIONS, ids=lambda option: option.name)
def test_every_dynamic_option_is_in_effect_at_once_or_says_why_not(
    option: Option, caplog: pytest.LogCaptureFixture
) -> None:
    node = Node()
    text = other_text(option)
    resource = "1" if option.scope is Scope.PER_BROKER else ""
    node.put(option.name, text, resource)
    if option.status.effect is Effect.ACTING and option.name not in LISTENER_OPTIONS:
        value = parse_value(option, text)
        assert node.told.values[option.name] == value != embedded_broker_config().values[option.name]
        assert node.live.config is node.told
        assert warnings(caplog) == []
        node.put(option.name, None, resource)
        assert node.told.values == embedded_broker_config().values
        return
    reason = reasons.FIXED_LISTENERS if option.name in LISTENER_OPTIONS else option.status.reason
    (line,) = warnings(caplog)
    assert line.startswith(f"{option.name}, which is set for ")
    assert line.endswith(f"has no effect: {reason}")
    assert option.type is not OptionType.PASSWORD or text not in caplog.text


def test_every_option_that_acts_is_in_the_test_that_sees_it_act() -> None:
    unseen = []
    for option in DYNAMIC_OPTIONS:
        if option.status.effect is Effect.ACTING and option.name not in LISTENER_OPTIONS:
            where = SHOWN_WHERE_IT_ACTS.get(option.name)
            if where is None or f'"{option.name}"' not in (ROOT / where).read_text():
                unseen.append(option.name)
    assert unseen == []


def test_only_this_broker_and_the_default_of_all_count() -> None:
    node = Node()
    node.put("message.max.bytes", "7", "7")
    assert node.follower.configs == []
    node.put("message.max.bytes", "5")
    assert node.told.message_max_bytes == 5
    node.put("message.max.bytes", "6", "1")
    assert node.told.message_max_bytes == 6
    node.put("message.max.bytes", None, "1")
    assert node.told.message_max_bytes == 5
    assert node.told.dynamic_default == {"message.max.bytes": "5"}


def test_changes_of_other_resources_are_passed_over() -> None:
    node = Node()
    node.put("retention.ms", "5", "t", ResourceType.TOPIC)
    assert node.follower.configs == []


def test_what_has_changed_is_told_and_secrets_are_not(caplog: pytest.LogCaptureFixture) -> None:
    node = Node()
    with caplog.at_level("INFO", "kafka.server"):
        node.put("message.max.bytes", "5")
        node.put("message.max.bytes", "5", "1")
        node.put("sasl.jaas.config", "a secret", "1")
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    assert told == ["In effect from now on: message.max.bytes=5", "In effect from now on: sasl.jaas.config"]


def test_what_changes_nothing_is_told_once_for_as_long_as_it_is_set(
    caplog: pytest.LogCaptureFixture,
) -> None:
    node = Node()
    node.put("num.io.threads", "9")
    node.put("no.such.option", "1", "1")
    node.put("message.max.bytes", "5")
    assert warnings(caplog) == [
        f"num.io.threads, which is set for all brokers, has no effect: {reasons.EVENT_LOOP}",
        "no.such.option, which is set for broker 1, has no effect: it is not known",
    ]
    node.put("num.io.threads", None)
    node.put("num.io.threads", "9")
    assert len(warnings(caplog)) == 3


def test_settings_that_contradict_each_other_leave_what_was_in_effect(
    caplog: pytest.LogCaptureFixture,
) -> None:
    node = Node()
    node.put("message.max.bytes", "5")
    node.put("max.connections.per.ip", "0")
    assert (node.told.message_max_bytes, node.told.max_connections_per_ip) == (5, 0x7FFFFFFF)
    reason = "max.connections.per.ip can be set to zero only if"
    assert f"The dynamic settings contradict each other, and nothing changes: {reason}" in caplog.text
    assert node.told.dynamic_default["max.connections.per.ip"] == "0"
    node.put("max.connections.per.ip.overrides", "127.0.0.1:1")
    assert node.told.max_connections_per_ip == 0


def test_listeners_stay_as_they_are() -> None:
    node = Node(listeners="PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0")
    before = node.live.config
    node.put("listeners", "PLAINTEXT://127.0.0.1:1", "1")
    assert node.told.listeners == before.listeners
    assert node.told.values["listeners"] == before.values["listeners"]
    assert node.told.advertised_listeners == before.advertised_listeners


def test_options_of_groups_say_once_that_they_do_nothing(caplog: pytest.LogCaptureFixture) -> None:
    node = Node()
    for group in ("a", "b"):
        node.put("consumer.session.timeout.ms", "50000", group, ResourceType.GROUP)
    node.put("share.isolation.level", "read_committed", "a", ResourceType.GROUP)
    assert warnings(caplog) == [
        f"consumer.session.timeout.ms of a group is accepted but has no effect: {reasons.CONSUMER_PROTOCOL}",
        f"share.isolation.level of a group is accepted but has no effect: {reasons.SHARE_GROUPS}",
    ]
