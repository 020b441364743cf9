"""Every option refuses what its type and its validator exclude, with Kafka's text: bad values made from the tables."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.broker_quota_options import BROKER_QUOTA_OPTIONS
from ottla.config.client_metrics_options import CLIENT_METRICS_OPTIONS
from ottla.config.group_options import GROUP_OPTIONS
from ottla.config.option import ConfigError, Option, OptionType, parse_type, parse_value, value_text
from ottla.config.own_options import OWN_OPTIONS
from ottla.config.topic_options import TOPIC_OPTIONS

OPTIONS = [
    *BROKER_OPTIONS.values(),
    *BROKER_QUOTA_OPTIONS.values(),
    *TOPIC_OPTIONS.values(),
    *GROUP_OPTIONS.values(),
    *CLIENT_METRICS_OPTIONS.values(),
    *OWN_OPTIONS.values(),
]

TOO_LARGE = {OptionType.SHORT: 1 << 15, OptionType.INT: 1 << 31, OptionType.LONG: 1 << 63}
OF_WRONG_TYPE = {
    OptionType.BOOLEAN: ["maybe", ""],
    OptionType.SHORT: ["many", "", "1.5"],
    OptionType.INT: ["many", "", "1.5"],
    OptionType.LONG: ["many", "", "1.5"],
    OptionType.DOUBLE: ["many", ""],
}


@dataclass(frozen=True)
class Bad:
    """A value that an option must refuse, and the text with which it does."""

    option: Option
    text: str | None
    reason: str

    def __str__(self) -> str:
        return f"{self.option.scope.value}:{self.option.name}={self.text}"


def shown(option: Option, text: str) -> str | None:
    return value_text(parse_type(option.name, option.type, text))


def invalid(option: Option, value: str | None, reason: str) -> str:
    return f"Invalid value {'null' if value is None else value} for configuration {option.name}: {reason}"


def of_wrong_type(option: Option) -> Iterator[Bad]:
    if option.type is OptionType.BOOLEAN:
        reason = "Expected value to be either true or false"
    else:
        reason = f"Not a number of type {option.type.name}"
    for text in OF_WRONG_TYPE.get(option.type, ()):
        yield Bad(option, text, invalid(option, text, reason))
    if option.type in TOO_LARGE:
        for number in (TOO_LARGE[option.type], -TOO_LARGE[option.type] - 1):
            yield Bad(option, str(number), invalid(option, str(number), reason))


def outside(option: Option, match: re.Match[str]) -> Iterator[Bad]:
    """Values just beyond both ends of `[1,...,9]`, or the one end of `[1,...]`."""
    low, high = match[1], match[2]
    below = str(int(low) - 1)
    yield Bad(option, below, invalid(option, shown(option, below), f"Value must be at least {low}"))
    if high is not None:
        above = str(float(high) + 1 if "." in high else int(high) + 1)
        yield Bad(option, above, invalid(option, shown(option, above), f"Value must be no more than {high}"))


def other_words(option: Option, match: re.Match[str]) -> Iterator[Bad]:
    words = match[1].split(", ")
    for text in ("no-such-word", words[0] + "x", words[0].swapcase()):
        yield Bad(option, text, invalid(option, text, f"String must be one of: {match[1]}"))


def other_words_in_any_case(option: Option, match: re.Match[str]) -> Iterator[Bad]:
    reason = f"String must be one of (case insensitive): {match[1]}"
    yield Bad(option, "no-such-word", invalid(option, "no-such-word", reason))


def empty(option: Option, _: re.Match[str]) -> Iterator[Bad]:
    yield Bad(option, "", invalid(option, "", "String must be non-empty"))


def null(option: Option, _: re.Match[str]) -> Iterator[Bad]:
    yield Bad(option, None, invalid(option, None, "entry must be non null"))


def no_gzip_level(option: Option, _: re.Match[str]) -> Iterator[Bad]:
    for text in ("0", "10", "-2"):
        yield Bad(option, text, invalid(option, text, "Value must be between 1 and 9 or equal to -1"))


def no_addresses(option: Option, _: re.Match[str]) -> Iterator[Bad]:
    name = option.name
    if name == "controller.quorum.voters":
        form = "Each entry should be in the form `{id}@{host}:{port}`."
        yield Bad(option, "host:1", f"Invalid configuration value for {name}. {form}")
        yield Bad(option, "x@host:1", "Failed to parse voter ID as an integer from x")
        yield Bad(
            option,
            "1@host",
            f"Failed to parse host name from entry 1@host for the configuration {name}. {form}",
        )
    else:
        form = 'Each entry should be in the form "{host}:{port}"'
        for text in ("host", "1@host:1"):
            yield Bad(
                option, text, f"Failed to parse host name from {text} for the configuration {name}. {form}"
            )


def no_replicas(option: Option, match: re.Match[str]) -> Iterator[Bad]:
    reason = (
        f"{option.name} must be the literal '*' or a list of replicas in the following format: {match[0]}"
    )
    for text, value in (("1:x", "[1:x]"), ("1:1,*", "[1:1, *]"), ("1", "[1]")):
        yield Bad(option, text, invalid(option, value, reason))


def no_offset_reset(option: Option, _: re.Match[str]) -> Iterator[Bad]:
    for text in ("yesterday", "by_duration:1D", "by_duration:-PT1H", "by_duration:P0X"):
        reason = (
            f"Invalid value `{text}` for configuration {option.name}. The value must be either 'earliest', 'latest' "
            "or of the format 'by_duration:<PnDTnHnMn.nS>'."
        )
        yield Bad(option, text, invalid(option, text, reason))


MAKERS: dict[str, Callable[[Option, re.Match[str]], Iterator[Bad]]] = {
    r"\[(-?\d+),\.\.\.(?:,(-?[\d.]+))?\]": outside,
    r"\[([\w-]+(?:, [\w-]+)*)\]": other_words,
    r"\(case insensitive\) \[(\w+(?:, \w+)*)\]": other_words_in_any_case,
    r"non-empty string": empty,
    r"non-null string": null,
    r"\[1,\.\.\.,9\] or -1": no_gzip_level,
    r"non-empty list": no_addresses,
    r"\[partitionId\]:\[brokerId\],\[partitionId\]:\[brokerId\],\.\.\.": no_replicas,
    r"\[latest, earliest, by_duration:PnDTnHnMn\.nS\]": no_offset_reset,
}
"""What makes bad values, by the form in which a validator prints itself."""


def of_validator(option: Option) -> list[Bad]:
    if option.check is None:
        return []
    found = [
        (make, match) for form, make in MAKERS.items() if (match := re.fullmatch(form, option.check.text))
    ]
    ((make, match),) = found
    return list(make(option, match))


BAD = [bad for option in OPTIONS for bad in (*of_wrong_type(option), *of_validator(option))]


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_an_option_refuses_what_it_must_with_kafkas_words(bad: Bad) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_value(bad.option, bad.text)
    assert str(caught.value) == bad.reason


def test_every_option_that_can_be_wrong_has_a_value_that_is() -> None:
    refused = {(bad.option.scope, bad.option.name) for bad in BAD}
    free = [option for option in OPTIONS if (option.scope, option.name) not in refused]
    texts = {OptionType.STRING, OptionType.LIST, OptionType.CLASS, OptionType.PASSWORD}
    assert all(option.type in texts and option.check is None for option in free)
    assert all(of_validator(option) for option in OPTIONS if option.check is not None)
