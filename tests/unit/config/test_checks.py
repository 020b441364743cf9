"""What the golden rows of test_option do not reach: the printed form of each rule, and null."""

import pytest

from ottla.config import checks
from ottla.config.option import Check, ConfigError, Value


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (checks.at_least(-1), "[-1,...]"),
        (checks.between(0, 0.5), "[0,...,0.5]"),
        (checks.one_of("a", "b"), "[a, b]"),
        (checks.each_one_of("a", "b"), "[a, b]"),
        (checks.one_of_ignoring_case("A", "B"), "(case insensitive) [A, B]"),
        (checks.gzip_level(), "[1,...,9] or -1"),
        (checks.throttled_replicas(), "[partitionId]:[brokerId],[partitionId]:[brokerId],..."),
    ],
)
def test_a_rule_prints_as_kafkas_validator_does(check: Check, text: str) -> None:
    assert check.text == text


@pytest.mark.parametrize(
    ("check", "value", "text"),
    [
        (checks.at_least(1), None, "Invalid value null for configuration k: Value must be non-null"),
        (checks.between(0, 1), 1.5, "Invalid value 1.5 for configuration k: Value must be no more than 1"),
        (checks.each_one_of("a"), None, "Invalid value null for configuration k"),
        (checks.quorum_voters(), None, "Invalid value null for configuration k"),
        (checks.bootstrap_servers(), None, "Invalid value null for configuration k"),
        (checks.throttled_replicas(), None, "Invalid value null for configuration k"),
    ],
)
def test_a_rule_refuses_with_the_value_in_its_text(check: Check, value: Value, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check.test("k", value)
    assert str(caught.value) == text


@pytest.mark.parametrize("pairs", [("*",), (), ("1:1", "20:30"), ("1:1", ""), ("", "")])
def test_throttled_replicas_are_pairs_and_may_have_nothing_between_commas(pairs: tuple[str, ...]) -> None:
    checks.throttled_replicas().test("k", pairs)


@pytest.mark.parametrize("duration", ["P1D", "PT1H", "PT0.5S", "P1DT2H3M4.5S", "pt1h"])
def test_share_groups_may_start_at_a_duration(duration: str) -> None:
    checks.share_offset_reset().test("k", f"by_duration:{duration}")


@pytest.mark.parametrize("duration", ["", "P", "PT", "P1DT", "1D", "-PT1H", "PT1X"])
def test_a_malformed_duration_is_refused(duration: str) -> None:
    with pytest.raises(ConfigError):
        checks.share_offset_reset().test("k", f"by_duration:{duration}")
