from pathlib import Path

import pytest

from ottla.config.broker import (
    embedded_broker_config,
    resolve_broker_config,
    setting_warnings,
    with_dynamic_settings,
)
from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.option import ConfigError, Effect
from ottla.config.own_options import OWN_OPTIONS
from ottla.config.resolved import BrokerConfig, QuorumVoter
from ottla.config.setting import Setting
from ottla.config.sources import EMBEDDED_SETTINGS

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "resolved_settings.tsv").read_text().split("\n")
    if line and not line.startswith("#")
]

BASE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": "1@localhost:9093",
    "listeners": "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
    "controller.listener.names": "CONTROLLER",
}


def resolve(changes: dict[str, str | None], **dynamic: dict[str, str]) -> BrokerConfig:
    texts = {name: text for name, text in {**BASE, **changes}.items() if text is not None}
    settings = {name: Setting(text, "test") for name, text in texts.items()}
    return resolve_broker_config(settings, lambda: "own.example", **dynamic)


def changed(changes: str) -> dict[str, str | None]:
    """Return what a row sets, None for what it leaves out."""
    parsed: dict[str, str | None] = {}
    for change in changes.split("|"):
        if change.startswith("-"):
            parsed[change[1:]] = None
        else:
            name, _, text = change.partition("=")
            parsed[name] = text
    return parsed


@pytest.mark.parametrize(("changes", "outcome", "expected"), ROWS)
def test_settings_are_taken_and_refused_as_kafka_does(changes: str, outcome: str, expected: str) -> None:
    parsed = changed(changes)
    if outcome == "err":
        with pytest.raises(ConfigError) as caught:
            resolve(parsed)
        assert str(caught.value).removesuffix(" (test)") == expected
        return
    config = resolve(parsed)
    listeners, advertised = expected.split(" | ")
    assert " ".join(map(str, config.listeners)).replace("[", "").replace("]", "") == listeners
    assert (
        " ".join(map(str, config.advertised_listeners))
        .replace("[", "")
        .replace("]", "")
        .replace("own.example", "")
        == advertised
    )


def test_every_acting_option_has_an_attribute_or_supplies_one() -> None:
    acting = {
        option.attribute
        for option in (*BROKER_OPTIONS.values(), *OWN_OPTIONS.values())
        if option.status.effect is Effect.ACTING and option.supplies is None
    }
    extra = {"values", "settings", "dynamic_default", "dynamic_broker"}
    assert set(BrokerConfig.__slots__) - extra == acting


def test_a_start_without_a_file_listens_on_this_machine_only() -> None:
    config = embedded_broker_config()
    assert list(map(str, config.broker_listeners)) == ["PLAINTEXT://localhost:9092"]
    assert list(map(str, config.controller_listeners)) == ["CONTROLLER://localhost:9093"]
    assert list(map(str, config.advertised_listeners)) == ["PLAINTEXT://localhost:9092"]
    assert config.controller_quorum_voters == (QuorumVoter(1, "localhost", 9093),)
    assert config.data_directory == "./ottla-data"
    assert (config.node_id, config.offsets_topic_replication_factor) == (1, 1)


def test_moving_the_embedded_listeners_moves_what_is_advertised() -> None:
    config = embedded_broker_config(
        {"listeners": "PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0", "log.dirs": "/data"}
    )
    assert list(map(str, config.advertised_listeners)) == ["PLAINTEXT://127.0.0.1:0"]
    assert config.log_dirs == ("/data",)


def test_an_address_without_a_host_advertises_the_machine() -> None:
    config = resolve({"listeners": "PLAINTEXT://:9092,CONTROLLER://:9093"})
    assert config.broker_listeners[0].host == ""
    assert config.advertised_listeners[0].host == "own.example"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {
                "listeners": "SSL://:9094,CONTROLLER://:9093",
                "listener.security.protocol.map": "SSL:SSL,CONTROLLER:PLAINTEXT",
                "inter.broker.listener.name": "SSL",
            },
            (
                "The listener SSL://:9094 asks for SSL, which is not served: remove it from `listeners`, "
                "or give its name PLAINTEXT in `listener.security.protocol.map`"
            ),
        ),
        (
            {"log.dirs": "/a,/b"},
            "log.dirs names 2 directories (/a, /b): only one is supported, so name one",
        ),
        (
            {"metadata.log.dir": "/m"},
            (
                "metadata.log.dir=/m is not supported: the metadata log stays in the log directory "
                "/tmp/kafka-logs, so remove it"
            ),
        ),
        (
            {"process.roles": "broker"},
            (
                "process.roles=broker is not supported: this node is always both, "
                "so process.roles must be broker,controller"
            ),
        ),
        (
            {"controller.quorum.voters": "1@a:1,2@b:1"},
            "controller.quorum.voters names 2 controllers: only a quorum of this one node is supported",
        ),
        (
            {"authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer"},
            (
                "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer is not supported: "
                "no authorizer is there, and without it every client may do everything"
            ),
        ),
        (
            {"listeners": "PLAINTEXT://:70000,CONTROLLER://:9093"},
            (
                "Error creating broker listeners from 'PLAINTEXT://:70000,CONTROLLER://:9093': "
                "PLAINTEXT://:70000 has no port from 0 to 65535"
            ),
        ),
        (
            {"max.connections.per.ip.overrides": "127.0.0.1:x"},
            (
                "Error parsing configuration property 'max.connections.per.ip.overrides': "
                "'127.0.0.1:x' is not address:count"
            ),
        ),
        (
            {"listener.security.protocol.map": "PLAINTEXT"},
            (
                "Error parsing configuration property 'listener.security.protocol.map': "
                "'PLAINTEXT' is not NAME:PROTOCOL"
            ),
        ),
    ],
)
def test_what_is_not_there_is_refused_in_one_clear_line(changes: dict[str, str | None], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(changes)
    assert str(caught.value) == text


def test_a_finer_unit_goes_before_a_coarser_one() -> None:
    assert resolve({"log.retention.hours": "1"}).log_retention_ms == 3_600_000
    assert resolve({"log.retention.hours": "1", "log.retention.minutes": "2"}).log_retention_ms == 120_000
    assert resolve({"log.retention.minutes": "2", "log.retention.ms": "3"}).log_retention_ms == 3
    assert resolve({"log.retention.hours": "-7"}).log_retention_ms == -1
    assert resolve({"log.roll.hours": "1", "log.roll.jitter.hours": "2"}).log_roll_ms == 3_600_000
    assert resolve({"log.flush.scheduler.interval.ms": "9"}).log_flush_interval_ms == 9


def test_dynamic_settings_go_before_static_ones_and_never_reach_read_only_options() -> None:
    config = resolve(
        {"log.segment.bytes": "2000000", "log.retention.ms": "1"},
        dynamic_default={"log.segment.bytes": "3000000", "num.partitions": "9", "unknown": "x"},
        dynamic_broker={"log.retention.ms": "4000000"},
    )
    assert (config.log_segment_bytes, config.log_retention_ms, config.num_partitions) == (3000000, 4000000, 1)


def test_dynamic_settings_change_a_configuration_and_never_fail() -> None:
    static = resolve({"listeners": "PLAINTEXT://:9092,CONTROLLER://:9093"})
    config = with_dynamic_settings(
        static, {"message.max.bytes": "5", "log.roll.ms": "x", "log.retention.hours": "1"}, {"no.such": "1"}
    )
    assert (config.message_max_bytes, config.log_roll_ms) == (5, static.log_roll_ms)
    assert config.log_retention_ms == static.log_retention_ms
    assert config.advertised_listeners == static.advertised_listeners
    assert config.dynamic_broker == {"no.such": "1"}
    contradicting = with_dynamic_settings(
        static, {}, {"max.connections.per.ip": "0", "message.max.bytes": "5"}
    )
    assert contradicting.values == static.values


def test_an_error_says_where_the_setting_was_written() -> None:
    settings = {**EMBEDDED_SETTINGS, "num.partitions": Setting("x", "server.properties:7")}
    with pytest.raises(ConfigError) as caught:
        resolve_broker_config(settings, lambda: "own.example")
    assert str(caught.value) == (
        "Invalid value x for configuration num.partitions: Not a number of type INT (server.properties:7)"
    )


def test_settings_without_effect_are_named_with_their_reasons() -> None:
    assert setting_warnings(EMBEDDED_SETTINGS) == ()
    lines = setting_warnings(
        {
            "foo": Setting("1", "f:1"),
            "group.streams.assignors": Setting("sticky", "f:2"),
            "num.io.threads": Setting("16", "f:3"),
            "num.network.threads": Setting("3", "f:4"),
        }
    )
    assert lines == (
        (
            "These configurations are not known and have no effect: foo (f:1), "
            "group.streams.assignors (f:2, new in Kafka 4.4)"
        ),
        (
            "These configurations are accepted but have no effect: num.io.threads "
            "(one event loop serves all requests, so there is no thread pool to size)"
        ),
    )


def test_a_zookeeper_is_told_of_once_and_apart_from_what_is_not_known() -> None:
    lines = setting_warnings(
        {
            "zookeeper.connect": Setting("zookeeper:2181", "f:1"),
            "zookeeper.session.timeout.ms": Setting("6000", "f:2"),
        }
    )
    assert lines == (
        (
            "There is no ZooKeeper mode: this node is broker and controller at once, and ignores "
            "zookeeper.connect (f:1), zookeeper.session.timeout.ms (f:2)"
        ),
    )


def test_addresses_may_have_connection_limits_of_their_own() -> None:
    config = resolve({"max.connections.per.ip.overrides": "127.0.0.1:5, host:7"})
    assert config.max_connections_per_ip_overrides == {"127.0.0.1": 5, "host": 7}
