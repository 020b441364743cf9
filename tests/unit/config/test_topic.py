import pytest

from ottla.config.broker import embedded_broker_config
from ottla.config.topic import CHECK_ORDER, validate_topic_overrides
from ottla.config.topic_options import TOPIC_OPTIONS
from ottla.errors import ErrorCode, KafkaError


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        ({"foo": "1", "retention.ms": "-2"}, "Unknown topic config name: foo"),
        (
            {"retention.ms": "-2"},
            "Invalid value -2 for configuration retention.ms: Value must be at least -1",
        ),
        (
            {"segment.ms": None, "foo": "1", "retention.ms": None},
            "Null value not supported for topic configs: segment.ms,retention.ms",
        ),
        (
            {"min.compaction.lag.ms": "10", "max.compaction.lag.ms": "5"},
            "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)",
        ),
        (
            {"remote.storage.enable": "true"},
            (
                "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log "
                "storage."
            ),
        ),
        (
            {"cleanup.policy": "compact,foo"},
            "Invalid value foo for configuration cleanup.policy: String must be one of: compact, delete",
        ),
    ],
)
def test_an_override_that_cannot_stand_is_refused_with_kafkas_text(
    overrides: dict[str, str | None], text: str
) -> None:
    with pytest.raises(KafkaError) as caught:
        validate_topic_overrides(overrides)
    assert (caught.value.code, caught.value.message) == (ErrorCode.INVALID_CONFIG, text)


def test_what_an_override_does_not_say_is_the_brokers() -> None:
    broker = embedded_broker_config({"log.cleaner.min.compaction.lag.ms": "60000"})
    validate_topic_overrides({"max.compaction.lag.ms": "60000"}, broker)
    with pytest.raises(KafkaError) as caught:
        validate_topic_overrides({"max.compaction.lag.ms": "59999"}, broker)
    assert caught.value.message == (
        "conflict topic config setting min.compaction.lag.ms (60000) > max.compaction.lag.ms (59999)"
    )
    validate_topic_overrides({"max.compaction.lag.ms": "59999"})


def test_of_several_unknown_names_the_first_in_kafkas_hash_map_is_told() -> None:
    with pytest.raises(KafkaError) as caught:
        validate_topic_overrides({"no.such": "1", "": "1"})
    assert caught.value.message == "Unknown topic config name: "


def test_every_option_is_checked() -> None:
    assert sorted(CHECK_ORDER) == list(TOPIC_OPTIONS)


def test_the_option_that_kafka_defines_first_is_named() -> None:
    with pytest.raises(KafkaError, match=r"segment\.bytes"):
        validate_topic_overrides({"retention.ms": "x", "segment.bytes": "14"})


def test_overrides_that_can_stand_pass() -> None:
    validate_topic_overrides({"cleanup.policy": "", "retention.ms": " 7 ", "local.retention.ms": "100"})
