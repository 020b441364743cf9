"""The rules that option rows name: ranges, allowed words and the few odd ones of Kafka's validators.

Each function returns a `Check` whose text is what Kafka's documentation prints for the validator.
"""

from __future__ import annotations

import re

from ottla.config.option import Check, ConfigError, Value, invalid_value, value_text


def _number(name: str, value: Value) -> int | float:
    if not isinstance(value, int | float):
        raise invalid_value(name, value, "Value must be non-null")
    return value


def at_least(minimum: int) -> Check:
    """Require a number of `minimum` or more."""

    def test(name: str, value: Value) -> None:
        if _number(name, value) < minimum:
            raise invalid_value(name, value_text(value), f"Value must be at least {minimum}")

    return Check(f"[{minimum},...]", test)


def between(minimum: float, maximum: float) -> Check:
    """Require a number from `minimum` to `maximum`, both allowed."""

    def test(name: str, value: Value) -> None:
        number = _number(name, value)
        if number < minimum:
            raise invalid_value(name, value_text(value), f"Value must be at least {minimum}")
        if number > maximum:
            raise invalid_value(name, value_text(value), f"Value must be no more than {maximum}")

    return Check(f"[{minimum},...,{maximum}]", test)


def one_of(*allowed: str) -> Check:
    """Require one of the words, case and all. A null value is not one of them."""
    words = ", ".join(allowed)

    def test(name: str, value: Value) -> None:
        if value not in allowed:
            raise invalid_value(name, value, f"String must be one of: {words}")

    return Check(f"[{words}]", test)


def one_of_ignoring_case(*allowed: str) -> Check:
    """Require one of the words in any case."""
    words = ", ".join(allowed)

    def test(name: str, value: Value) -> None:
        if not isinstance(value, str) or value.upper() not in allowed:
            raise invalid_value(name, value, f"String must be one of (case insensitive): {words}")

    return Check(f"(case insensitive) [{words}]", test)


def each_one_of(*allowed: str) -> Check:
    """Require every item of a list to be one of the words."""
    words = ", ".join(allowed)

    def test(name: str, value: Value) -> None:
        if not isinstance(value, tuple):
            raise invalid_value(name, value)
        for item in value:
            if item not in allowed:
                raise invalid_value(name, item, f"String must be one of: {words}")

    return Check(f"[{words}]", test)


def non_empty() -> Check:
    """Refuse the empty string; null is allowed."""

    def test(name: str, value: Value) -> None:
        if value == "":
            raise invalid_value(name, value, "String must be non-empty")

    return Check("non-empty string", test)


def non_null() -> Check:
    """Refuse null."""

    def test(name: str, value: Value) -> None:
        if value is None:
            raise invalid_value(name, value, "entry must be non null")

    return Check("non-null string", test)


def gzip_level() -> Check:
    """Require a level that gzip knows: 1 to 9, or -1 for its default."""

    def test(name: str, value: Value) -> None:
        if value != -1 and not 1 <= _number(name, value) <= 9:
            raise invalid_value(name, value, "Value must be between 1 and 9 or equal to -1")

    return Check("[1,...,9] or -1", test)


_VOTER_PORT = re.compile(r"(?:[0-9a-zA-Z\-%._]*://)?\[?([0-9a-zA-Z\-%._:]*)\]?:([0-9]+)", re.ASCII)


def quorum_voters() -> Check:
    """Require entries of the form `{id}@{host}:{port}`, as Kafka's QuorumConfig reads them."""
    form = "Each entry should be in the form `{id}@{host}:{port}`."

    def test(name: str, value: Value) -> None:
        if not isinstance(value, tuple):
            raise invalid_value(name, value)
        for entry in value:
            identifier, at, address = entry.partition("@")
            if not at or "@" in address:
                raise ConfigError(f"Invalid configuration value for {name}. {form}")
            if not re.fullmatch(r"[+-]?[0-9]{1,10}", identifier, re.ASCII):
                raise ConfigError(f"Failed to parse voter ID as an integer from {identifier}")
            if not _VOTER_PORT.fullmatch(address):
                raise ConfigError(
                    f"Failed to parse host name from entry {entry} for the configuration {name}. {form}"
                )

    return Check("non-empty list", test)


def bootstrap_servers() -> Check:
    """Require entries of the form `{host}:{port}`."""

    def test(name: str, value: Value) -> None:
        if not isinstance(value, tuple):
            raise invalid_value(name, value)
        for entry in value:
            if not _VOTER_PORT.fullmatch(entry):
                raise ConfigError(
                    f"Failed to parse host name from {entry} for the configuration {name}. "
                    'Each entry should be in the form "{host}:{port}"'
                )

    return Check("non-empty list", test)


_DURATION = re.compile(
    r"by_duration:P(?=[0-9T])([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+([.,][0-9]{0,9})?S)?)?",
    re.ASCII | re.IGNORECASE,
)


def share_offset_reset() -> Check:
    """Require `latest`, `earliest` or `by_duration:` with an ISO 8601 duration that is not negative."""

    def test(name: str, value: Value) -> None:
        if value in {"latest", "earliest"} or (isinstance(value, str) and _DURATION.fullmatch(value)):
            return
        shown = "null" if value is None else value
        raise invalid_value(
            name,
            value,
            f"Invalid value `{shown}` for configuration {name}. The value must be either "
            "'earliest', 'latest' "
            "or of the format 'by_duration:<PnDTnHnMn.nS>'.",
        )

    return Check("[latest, earliest, by_duration:PnDTnHnMn.nS]", test)


_REPLICA_ENTRY = re.compile(r"([0-9]+:[0-9]+)?", re.ASCII)
_REPLICAS_TEXT = "[partitionId]:[brokerId],[partitionId]:[brokerId],..."


def throttled_replicas() -> Check:
    """Require `*` alone, or pairs of partition and broker; Kafka lets empty entries pass between commas."""

    def test(name: str, value: Value) -> None:
        if not isinstance(value, tuple):
            raise invalid_value(name, value)
        if value != ("*",) and not all(_REPLICA_ENTRY.fullmatch(item) for item in value):
            raise invalid_value(
                name,
                f"[{', '.join(value)}]",
                f"{name} must be the literal '*' or a list of replicas in the following format: "
                f"{_REPLICAS_TEXT}",
            )

    return Check(_REPLICAS_TEXT, test)
