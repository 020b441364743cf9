import pytest

from ottla.config.topic import (
    CHECK_ORDER,
    Alteration,
    AlterOperation,
    apply_alterations,
    validate_topic_overrides,
)
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


def test_every_option_is_checked() -> None:
    assert sorted(CHECK_ORDER) == list(TOPIC_OPTIONS)


def test_the_option_that_kafka_defines_first_is_named() -> None:
    with pytest.raises(KafkaError, match=r"segment\.bytes"):
        validate_topic_overrides({"retention.ms": "x", "segment.bytes": "14"})


def test_overrides_that_can_stand_pass() -> None:
    validate_topic_overrides({"cleanup.policy": "", "retention.ms": " 7 ", "local.retention.ms": "100"})


def alter(current: dict[str, str], name: str, operation: AlterOperation, value: str | None) -> dict[str, str]:
    return apply_alterations(current, [Alteration(name, operation, value)])


def test_append_starts_from_the_default_and_skips_what_is_there() -> None:
    policy = alter({}, "cleanup.policy", AlterOperation.APPEND, "compact")
    assert policy == {"cleanup.policy": "delete,compact"}
    assert alter(policy, "cleanup.policy", AlterOperation.APPEND, "compact") == policy


def test_subtract_removes_first_occurrences_and_leaves_the_empty_list() -> None:
    name = "leader.replication.throttled.replicas"
    assert alter({name: "0:1,0:2,0:1"}, name, AlterOperation.SUBTRACT, "0:1,,0:2") == {name: "0:1"}
    assert alter({name: "0:1"}, name, AlterOperation.SUBTRACT, "0:1") == {name: ""}


def test_deleting_what_is_not_there_changes_nothing() -> None:
    assert alter({"retention.ms": "1"}, "foo", AlterOperation.DELETE, None) == {"retention.ms": "1"}


@pytest.mark.parametrize(
    ("alteration", "code", "text"),
    [
        (
            Alteration("retention.ms", AlterOperation.APPEND, "1"),
            ErrorCode.INVALID_CONFIG,
            "Can't APPEND to key retention.ms because its type is not LIST.",
        ),
        (
            Alteration("foo", AlterOperation.SUBTRACT, "1"),
            ErrorCode.INVALID_CONFIG,
            "Can't SUBTRACT to key foo because its type is not LIST.",
        ),
        (
            Alteration("retention.ms", AlterOperation.SET, None),
            ErrorCode.INVALID_REQUEST,
            "Null value not supported for : retention.ms",
        ),
        (
            Alteration("cleanup.policy", AlterOperation.SET, "x" * 32768),
            ErrorCode.INVALID_CONFIG,
            "The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes.",
        ),
    ],
)
def test_an_alteration_that_cannot_be_made_is_refused(
    alteration: Alteration, code: ErrorCode, text: str
) -> None:
    with pytest.raises(KafkaError) as caught:
        apply_alterations({}, [alteration])
    assert (caught.value.code, caught.value.message) == (code, text)


def test_all_keys_without_a_value_are_named() -> None:
    changes = [Alteration(name, AlterOperation.SET, None) for name in ("segment.ms", "retention.ms")]
    with pytest.raises(KafkaError, match=r"Null value not supported for : segment\.ms, retention\.ms$"):
        apply_alterations({}, changes)


def test_a_key_is_changed_once_per_request() -> None:
    twice = [
        Alteration("retention.ms", AlterOperation.SET, "1"),
        Alteration("retention.ms", AlterOperation.DELETE, None),
    ]
    with pytest.raises(KafkaError, match="Error due to duplicate config keys"):
        apply_alterations({}, twice)
