import pytest

from ottla.config.broker import embedded_broker_config
from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.broker_quota_options import BROKER_QUOTA_OPTIONS
from ottla.config.dynamic import (
    ONLY_PER_LISTENER,
    base_name,
    check_dynamic_settings,
    dynamic_option,
    usable_dynamic_settings,
)
from ottla.config.option import ConfigError, Scope

CONFIG = embedded_broker_config({"log.retention.hours": "48"})
WRAPPED = (
    "Invalid value org.apache.kafka.common.config.ConfigException: {} "
    "for configuration Invalid dynamic configuration"
)


def check(
    settings: dict[str, str],
    *,
    per_broker: bool = False,
    stored_default: dict[str, str] | None = None,
    stored_broker: dict[str, str] | None = None,
) -> None:
    check_dynamic_settings(
        CONFIG,
        settings,
        per_broker=per_broker,
        stored_default=stored_default or {},
        stored_broker=stored_broker or {},
    )


def refusal(settings: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        check(settings)
    return str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"log.retention.ms": "1000", "log.cleanup.policy": "compact"},
        {"message.max.bytes": "1"},
        {"num.io.threads": "16"},
        {"num.io.threads": "4"},
        {"log.cleaner.threads": "2"},
        {"leader.replication.throttled.rate": "1000"},
        {"listener.name.plaintext.max.connections": "5"},
        {"no.such.key": "x"},
        {"log.local.retention.ms": "1000"},
    ],
)
def test_what_all_brokers_may_have(settings: dict[str, str]) -> None:
    check(settings)
    check(settings, per_broker=True)


@pytest.mark.parametrize(
    "name", ["sasl.enabled.mechanisms", "listener.name.plaintext.ssl.keystore.type", "listener.name.x.y"]
)
def test_what_only_one_broker_may_have(name: str) -> None:
    check({name: "x"}, per_broker=True)
    assert refusal({name: "x"}) == (
        f"Cannot update these configs at default cluster level, broker id must be specified: Set({name})"
    )


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"process.roles": "broker"}, "Cannot update these configs dynamically: Set(process.roles)"),
        ({"log.roll.hours": "3"}, "Cannot update these configs dynamically: Set(log.roll.hours)"),
        ({"ottla.log.level": "DEBUG"}, "Cannot update these configs dynamically: Set(ottla.log.level)"),
        (
            {"node.id": "1", "process.roles": "x", "log.dirs": "x", "log.dir": "x", "broker.rack": "x"},
            "Cannot update these configs dynamically: HashSet(process.roles, log.dirs, node.id, broker.rack, log.dir)",
        ),
        (
            {"ssl.keystore.type": "JKS"},
            (
                "These security configs can be dynamically updated only per-listener using the listener prefix: "
                "HashSet(ssl.keystore.type)"
            ),
        ),
        (
            {"log.retention.ms": "soon"},
            "Invalid value soon for configuration log.retention.ms: Not a number of type LONG",
        ),
        (
            {"log.retention.ms": "x", "num.io.threads": "x", "background.threads": "x"},
            "Invalid value x for configuration background.threads: Not a number of type INT",
        ),
        (
            {"background.threads": "x", "replica.alter.log.dirs.io.max.bytes.per.second": "x"},
            (
                "Invalid value x for configuration replica.alter.log.dirs.io.max.bytes.per.second: "
                "Not a number of type LONG"
            ),
        ),
        (
            {"listener.name.plaintext.max.connections": "x"},
            "Invalid value x for configuration max.connections: Not a number of type INT",
        ),
        (
            {"replica.alter.log.dirs.io.max.bytes.per.second": "-1"},
            (
                "Invalid value -1 for configuration replica.alter.log.dirs.io.max.bytes.per.second: "
                "Value must be at least 0"
            ),
        ),
        (
            {"num.io.threads": "0"},
            "Invalid value 0 for configuration num.io.threads: Value must be at least 1",
        ),
        (
            {"log.retention.ms": "0"},
            "requirement failed: log.retention.ms must be unlimited (-1) or, greater than or equal to 1",
        ),
        (
            {"max.connections.per.ip": "0"},
            (
                "requirement failed: max.connections.per.ip can be set to zero only if "
                "max.connections.per.ip.overrides property is set."
            ),
        ),
        (
            {"num.io.threads": "17"},
            WRAPPED.format(
                "Dynamic thread count update validation failed for num.io.threads=17, "
                "value should not be greater than double the current value 8"
            ),
        ),
        (
            {"listener.name.plaintext.num.network.threads": "7"},
            WRAPPED.format(
                "Dynamic thread count update validation failed for num.network.threads=7, "
                "value should not be greater than double the current value 3"
            ),
        ),
        (
            {"background.threads": "4"},
            WRAPPED.format(
                "Dynamic thread count update validation failed for background.threads=4, "
                "value should be at least half the current value 10"
            ),
        ),
        (
            {"log.cleaner.threads": "3"},
            WRAPPED.format("Log cleaner threads cannot be increased to more than double the current value 1"),
        ),
        (
            {"remote.log.index.file.cache.total.size.bytes": "0"},
            (
                "Invalid value 0 for configuration remote.log.index.file.cache.total.size.bytes: "
                "Value must be at least 1"
            ),
        ),
        (
            {"log.local.retention.ms": "172800001"},
            WRAPPED.format(
                "Invalid value 172800001 for configuration log.local.retention.ms: "
                "Value must not be more than log.retention.ms property value: 172800000"
            ),
        ),
        (
            {"log.retention.bytes": "9", "log.local.retention.bytes": "-1"},
            WRAPPED.format(
                "Invalid value -1 for configuration log.local.retention.bytes: "
                "Value must not be -1 as log.retention.bytes value is set as 9."
            ),
        ),
    ],
)
def test_what_no_broker_may_have_is_refused_in_kafkas_words(settings: dict[str, str], text: str) -> None:
    assert refusal(settings) == text


def test_listeners_stay_as_they_were_at_the_start() -> None:
    listeners = CONFIG.values["listeners"]
    assert isinstance(listeners, str)
    check({"listeners": listeners}, per_broker=True)
    with pytest.raises(ConfigError, match="Listeners are opened at the start"):
        check({"listeners": listeners.replace("9092", "9095")}, per_broker=True)


def test_a_change_is_judged_beside_what_is_stored() -> None:
    check({"num.io.threads": "32"}, stored_default={"num.io.threads": "16"})
    check({"num.io.threads": "32"}, per_broker=True, stored_default={"num.io.threads": "16"})
    assert "double the current value 8" in refusal({"num.io.threads": "32"})
    # What one broker has hides what all are told.
    check({"num.io.threads": "32"}, stored_broker={"num.io.threads": "8"})


def test_a_stored_setting_that_could_not_have_been_made_does_not_count() -> None:
    stored = {
        "process.roles": "broker",
        "ssl.keystore.type": "JKS",
        "log.retention.ms": "soon",
        "sasl.enabled.mechanisms": "PLAIN",
        "log.roll.ms": "9",
        "no.such.key": "x",
    }
    all_brokers = {"log.roll.ms": "9", "no.such.key": "x"}
    assert usable_dynamic_settings(stored, per_broker=False) == all_brokers
    assert usable_dynamic_settings(stored, per_broker=True) == {
        **all_brokers,
        "sasl.enabled.mechanisms": "PLAIN",
    }


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("listener.name.plaintext.max.connections", "max.connections"),
        ("listener.name.sasl.scram-sha-256.sasl.jaas.config", "sasl.jaas.config"),
        ("listener.name.plaintext", None),
        ("max.connections", None),
    ],
)
def test_a_listeners_setting_stands_for_an_option(name: str, base: str | None) -> None:
    assert base_name(name) == base


def test_only_dynamic_options_judge_settings() -> None:
    assert dynamic_option("listener.name.x.max.connections") is BROKER_OPTIONS["max.connections"]
    assert dynamic_option("leader.replication.throttled.rate") is not None
    assert dynamic_option("process.roles") is None
    assert dynamic_option("no.such.key") is None


def test_the_names_are_options_of_the_scopes_that_they_need() -> None:
    assert all(BROKER_OPTIONS[name].scope is Scope.PER_BROKER for name in ONLY_PER_LISTENER)
    assert not BROKER_QUOTA_OPTIONS.keys() & BROKER_OPTIONS.keys()
