import pytest

from ottla.config.broker import embedded_broker_config
from ottla.config.describe import ConfigSource
from ottla.config.group import CHECK_ORDER, describe_group, group_defaults, validate_group_settings
from ottla.config.group_options import GROUP_OPTIONS
from ottla.config.option import OptionType
from ottla.errors import ErrorCode, KafkaError

CONFIG = embedded_broker_config({"group.consumer.session.timeout.ms": "46000"})


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"consumer.session.timeout.ms": "45000", "consumer.heartbeat.interval.ms": "5000"},
        {"share.auto.offset.reset": "by_duration:PT1H", "share.isolation.level": "read_committed"},
        {"streams.num.standby.replicas": "2"},
    ],
)
def test_settings_within_the_brokers_bounds_may_be_made(settings: dict[str, str]) -> None:
    validate_group_settings(CONFIG, "g", settings)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"consumer.session.timeout.ms": "x", "foo": "1"}, "Unknown group config name: foo"),
        (
            {"consumer.heartbeat.interval.ms": "0", "consumer.session.timeout.ms": "x"},
            "Invalid value x for configuration consumer.session.timeout.ms: Not a number of type INT",
        ),
        (
            {"share.record.lock.duration.ms": "999"},
            "Invalid value 999 for configuration share.record.lock.duration.ms: Value must be at least 1000",
        ),
        (
            {"consumer.session.timeout.ms": "5"},
            "consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms",
        ),
        (
            {"consumer.session.timeout.ms": "60001"},
            "consumer.session.timeout.ms must be less than or equal to group.consumer.max.session.timeout.ms",
        ),
        (
            {"share.heartbeat.interval.ms": "4999"},
            "share.heartbeat.interval.ms must be greater than or equal to group.share.min.heartbeat.interval.ms",
        ),
        (
            {"streams.num.standby.replicas": "3"},
            "streams.num.standby.replicas must be less than or equal to group.streams.max.standby.replicas",
        ),
        (
            {"streams.num.standby.replicas": "-1", "share.isolation.level": "x"},
            (
                "Invalid value x for configuration share.isolation.level: "
                "String must be one of: read_committed, read_uncommitted"
            ),
        ),
    ],
)
def test_a_setting_that_cannot_stand_is_refused_in_kafkas_words(settings: dict[str, str], text: str) -> None:
    with pytest.raises(KafkaError) as caught:
        validate_group_settings(CONFIG, "g", settings)
    assert (caught.value.code, caught.value.message) == (ErrorCode.INVALID_CONFIG, text)


def test_sessions_are_longer_than_the_time_between_heartbeats() -> None:
    config = embedded_broker_config(
        {
            "group.consumer.max.heartbeat.interval.ms": "50000",
            "group.consumer.max.session.timeout.ms": "60000",
        }
    )
    with pytest.raises(KafkaError) as caught:
        validate_group_settings(config, "g", {"consumer.heartbeat.interval.ms": "45000"})
    assert (
        caught.value.message
        == "consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms"
    )


def test_a_group_has_a_name() -> None:
    with pytest.raises(KafkaError) as caught:
        validate_group_settings(CONFIG, "", {"foo": "1"})
    assert (caught.value.code, caught.value.message) == (
        ErrorCode.INVALID_REQUEST,
        "Default group resources are not allowed.",
    )


def test_what_a_group_does_not_set_is_the_brokers() -> None:
    defaults = group_defaults(CONFIG)
    assert defaults["consumer.session.timeout.ms"] == 46000
    assert defaults["share.isolation.level"] == "read_uncommitted"
    assert defaults.keys() == GROUP_OPTIONS.keys()


def test_every_option_is_described_with_its_source() -> None:
    entries = {entry.name: entry for entry in describe_group(CONFIG, {"share.session.timeout.ms": " 46 "})}
    assert list(entries) == sorted(GROUP_OPTIONS)
    session = entries["share.session.timeout.ms"]
    assert (session.value, session.source, session.type) == ("46", ConfigSource.GROUP, OptionType.INT)
    assert session.synonyms == (("share.session.timeout.ms", "46", ConfigSource.GROUP),)
    consumer = entries["consumer.session.timeout.ms"]
    assert (consumer.value, consumer.source, consumer.read_only) == ("46000", ConfigSource.DEFAULT, False)
    assert consumer.synonyms == (("consumer.session.timeout.ms", "46000", ConfigSource.DEFAULT),)


def test_every_option_is_checked() -> None:
    assert sorted(CHECK_ORDER) == list(GROUP_OPTIONS)
