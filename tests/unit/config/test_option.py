from pathlib import Path

import pytest

from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.group_options import GROUP_OPTIONS
from ottla.config.option import (
    REQUIRED,
    ConfigError,
    OptionType,
    default_value,
    java_double_text,
    parse_type,
    parse_value,
    value_text,
)
from ottla.config.topic_options import TOPIC_OPTIONS

TABLES = {"broker": BROKER_OPTIONS, "topic": TOPIC_OPTIONS, "group": GROUP_OPTIONS}
ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "parsed_values.tsv").read_text().split("\n")
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("scope", "name", "text", "outcome", "expected"), ROWS)
def test_a_value_is_parsed_and_refused_as_kafka_does(
    scope: str, name: str, text: str, outcome: str, expected: str
) -> None:
    option = TABLES[scope][name]
    given = None if text == "\\N" else text.replace("\\s", " ")
    if outcome == "ok":
        assert (value_text(parse_value(option, given)) or "null" * (given is None)) == expected
    else:
        with pytest.raises(ConfigError) as caught:
            parse_value(option, given)
        assert str(caught.value) == expected


@pytest.mark.parametrize("scope", TABLES)
def test_every_default_prints_as_it_is_written_and_passes_its_own_check(scope: str) -> None:
    for option in TABLES[scope].values():
        if isinstance(option.default, str):
            assert value_text(parse_value(option, option.default)) == option.default


def test_an_option_without_a_default_must_be_set() -> None:
    assert BROKER_OPTIONS["process.roles"].default is REQUIRED
    with pytest.raises(ConfigError) as caught:
        default_value(BROKER_OPTIONS["process.roles"])
    assert str(caught.value) == 'Missing required configuration "process.roles" which has no default value.'


def test_a_number_of_any_length_is_refused_in_bounded_time() -> None:
    with pytest.raises(ConfigError, match="Not a number of type INT"):
        parse_type("k", OptionType.INT, "9" * 100_000)


def test_a_whole_number_may_have_the_digits_of_any_script() -> None:
    assert parse_type("n", OptionType.INT, "-\N{ARABIC-INDIC DIGIT ONE}2") == -12
    for text in ("\N{MATHEMATICAL BOLD DIGIT ONE}", "\N{SUPERSCRIPT TWO}"):
        with pytest.raises(ConfigError):
            parse_type("n", OptionType.INT, text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (12345678.9, "1.23456789E7"),
        (-12345678.9, "-1.23456789E7"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
        (1e-5, "1.0E-5"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_a_double_is_printed_as_java_prints_it(value: float, text: str) -> None:
    assert java_double_text(value) == text
