import pytest

from ottla.config.alterations import (
    Alteration,
    AlterOperation,
    apply_alterations,
    check_alterations,
    check_value_size,
)
from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.option import Option
from ottla.config.topic_options import TOPIC_OPTIONS
from ottla.errors import ErrorCode, KafkaError

SET, DELETE, APPEND, SUBTRACT = AlterOperation
REPLICAS = "leader.replication.throttled.replicas"


def alter(
    current: dict[str, str],
    name: str,
    operation: AlterOperation,
    value: str | None,
    options: dict[str, Option] = TOPIC_OPTIONS,
) -> dict[str, str]:
    return apply_alterations(current, [Alteration(name, operation, value)], options)


def test_append_starts_from_the_default_and_skips_what_is_there() -> None:
    policy = alter({}, "cleanup.policy", APPEND, "compact")
    assert policy == {"cleanup.policy": "delete,compact"}
    assert alter(policy, "cleanup.policy", APPEND, "compact") == policy
    assert alter({}, "log.cleanup.policy", APPEND, "compact", BROKER_OPTIONS) == {
        "log.cleanup.policy": "delete,compact"
    }


def test_an_option_that_has_to_be_set_starts_from_nothing() -> None:
    assert alter({}, "process.roles", APPEND, "broker", BROKER_OPTIONS) == {"process.roles": "broker"}


def test_subtract_removes_first_occurrences_and_leaves_the_empty_list() -> None:
    assert alter({REPLICAS: "0:1,0:2,0:1"}, REPLICAS, SUBTRACT, "0:1,,0:2") == {REPLICAS: "0:1"}
    assert alter({REPLICAS: "0:1"}, REPLICAS, SUBTRACT, "0:1") == {REPLICAS: ""}


@pytest.mark.parametrize(
    ("change", "result"),
    [("b,,", "a,b"), (",b", "a,,b"), ("", "a,"), (",", "a")],
)
def test_empty_items_at_the_end_are_none_as_in_java(change: str, result: str) -> None:
    assert alter({REPLICAS: "a"}, REPLICAS, APPEND, change) == {REPLICAS: result}


def test_deleting_what_is_not_there_changes_nothing() -> None:
    assert alter({"retention.ms": "1"}, "foo", DELETE, None) == {"retention.ms": "1"}


@pytest.mark.parametrize(
    ("name", "operation"), [("retention.ms", APPEND), ("foo", APPEND), ("retention.ms", SUBTRACT)]
)
def test_only_lists_grow_and_shrink(name: str, operation: AlterOperation) -> None:
    with pytest.raises(KafkaError) as caught:
        alter({}, name, operation, "1")
    assert (caught.value.code, caught.value.message) == (
        ErrorCode.INVALID_CONFIG,
        f"Can't {operation.name} to key {name} because its type is not LIST.",
    )


def test_all_keys_without_a_value_are_named() -> None:
    with pytest.raises(KafkaError) as caught:
        check_alterations([("a", SET, None), ("b", DELETE, None), ("c", 9, None)])
    assert (caught.value.code, caught.value.message) == (
        ErrorCode.INVALID_REQUEST,
        "Null value not supported for : a, c",
    )


def test_a_key_is_changed_once_per_request() -> None:
    with pytest.raises(KafkaError) as caught:
        check_alterations([("a", SET, None), ("a", DELETE, None)])
    assert (caught.value.code, caught.value.message) == (
        ErrorCode.INVALID_REQUEST,
        "Error due to duplicate config keys",
    )


def test_a_value_has_the_length_that_a_record_can_hold() -> None:
    check_value_size(None)
    check_value_size("x" * 32767)
    with pytest.raises(KafkaError) as caught:
        check_value_size("x" * 32768)
    assert (caught.value.code, caught.value.message) == (
        ErrorCode.INVALID_CONFIG,
        "The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes.",
    )
