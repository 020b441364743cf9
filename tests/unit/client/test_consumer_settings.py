"""A consumer's settings: defaults, reset policies, assignors and what rules out what."""

import pytest

from ottla.client.consumer_settings import (
    READ_COMMITTED,
    ConsumerSettings,
    ResetPolicy,
    parse_duration_ms,
    parse_reset,
)
from ottla.client.failures import ApiError, ConfigurationError


def test_the_defaults_of_the_table_are_those_of_the_class() -> None:
    assert ConsumerSettings.from_properties({"group.id": "g"}) == ConsumerSettings(group_id="g")


def test_without_a_group_nothing_is_committed() -> None:
    assert not ConsumerSettings.from_properties({}).enable_auto_commit
    with pytest.raises(ApiError, match="default group id"):
        ConsumerSettings.from_properties({"enable.auto.commit": "true"})


def test_the_isolation_level_is_a_number_on_the_wire() -> None:
    assert (
        ConsumerSettings.from_properties({"isolation.level": "read_committed"}).isolation_level
        == READ_COMMITTED
    )


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("earliest", ResetPolicy("earliest")),
        ("LATEST", ResetPolicy("latest")),
        ("none", ResetPolicy("none")),
        ("by_duration:PT1H30M", ResetPolicy("by_duration", 5_400_000)),
        ("by_duration:P1DT0.5S", ResetPolicy("by_duration", 86_400_500)),
    ],
)
def test_reset_policies(text: str, policy: ResetPolicy) -> None:
    assert parse_reset(text) == policy


@pytest.mark.parametrize("text", ["smallest", "by_duration:", "by_duration:1h", "by_duration:PT"])
def test_other_policies_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"auto\.offset\.reset"):
        parse_reset(text)


@pytest.mark.parametrize("text", ["P", "PT", "P1H", "T1S", "PT1", "P-1D", ""])
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration_ms(text) is None


def test_assignors_go_by_the_names_of_the_protocol() -> None:
    package = "org.apache.kafka.clients.consumer"
    names = f"{package}.StickyAssignor, {package}.RoundRobinAssignor"
    settings = ConsumerSettings.from_properties({"partition.assignment.strategy": names})
    assert settings.assignors == ("sticky", "roundrobin")
    with pytest.raises(ConfigurationError, match="ClassNotFoundException"):
        ConsumerSettings.from_properties({"partition.assignment.strategy": "com.example.Mine"})


@pytest.mark.parametrize(
    "properties",
    [
        {"group.protocol": "consumer"},
        {"group.instance.id": ""},
        {"group.id": "g", "session.timeout.ms": "3000"},
    ],
)
def test_what_cannot_be_is_refused(properties: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        ConsumerSettings.from_properties(properties)
