"""Subscriptions to the metrics of clients: what they say, and how they are described (Kafka's `ClientMetricsConfigs`).

They are kept for whoever asks for them; clients are not told of them, since nothing here receives what they would push.
"""

from __future__ import annotations

from collections.abc import Mapping

from ottla.config.client_metrics_options import CLIENT_METRICS_OPTIONS
from ottla.config.describe import ConfigEntry, ConfigSource, ConfigSynonym, printed
from ottla.config.option import ConfigError, Value, default_value, java_trim, parse_value, value_text
from ottla.errors import ErrorCode, KafkaError
from ottla.java_regex import UnsupportedRegexError, compile_java_regex

CHECK_ORDER = ("metrics", "interval.ms", "match")
"""The options in the order in which Kafka defines them: the first that is wrong is named."""

MIN_INTERVAL_MS = 100
MAX_INTERVAL_MS = 3_600_000

_MATCHED = frozenset(
    {
        "client_instance_id",
        "client_id",
        "client_software_name",
        "client_software_version",
        "client_source_address",
        "client_source_port",
    }
)
"""What of a client a pattern may be about."""


def validate_client_metrics(name: str, settings: Mapping[str, str]) -> None:
    """Check the settings of a subscription, all of them together.

    Raises KafkaError with Kafka's text for the first that cannot stand: INVALID_CONFIG for what cannot be read and for
    a pattern, else INVALID_REQUEST.
    """
    if not name:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "Subscription name can't be empty")
    for key in settings:
        if key not in CLIENT_METRICS_OPTIONS:
            raise KafkaError(ErrorCode.INVALID_REQUEST, f"Unknown client metrics configuration: {key}")
    values: dict[str, Value] = {}
    for key in CHECK_ORDER:
        if key in settings:
            try:
                values[key] = parse_value(CLIENT_METRICS_OPTIONS[key], settings[key])
            except ConfigError as error:
                raise KafkaError(ErrorCode.INVALID_CONFIG, str(error)) from error
    interval_ms = values.get("interval.ms")
    if isinstance(interval_ms, int) and not MIN_INTERVAL_MS <= interval_ms <= MAX_INTERVAL_MS:
        raise KafkaError(
            ErrorCode.INVALID_REQUEST,
            f"Invalid value {interval_ms} for interval.ms, interval must be between {MIN_INTERVAL_MS} and "
            f"{MAX_INTERVAL_MS} (1 hour)",
        )
    patterns = values.get("match", ())
    assert isinstance(patterns, tuple)
    for pattern in patterns:
        if not _is_pattern(pattern):
            raise KafkaError(ErrorCode.INVALID_CONFIG, f"Illegal client matching pattern: {pattern}")


def describe_client_metrics(settings: Mapping[str, str]) -> list[ConfigEntry]:
    """Describe all options of a subscription, in alphabetical order; one that nobody made has the defaults."""
    entries = []
    for name, option in CLIENT_METRICS_OPTIONS.items():
        is_set = name in settings
        value = printed(option, settings[name]) if is_set else value_text(default_value(option))
        entries.append(
            ConfigEntry(
                name=name,
                value=value,
                read_only=False,
                source=ConfigSource.CLIENT_METRICS if is_set else ConfigSource.DEFAULT,
                sensitive=False,
                synonyms=(ConfigSynonym(name, value, ConfigSource.CLIENT_METRICS),) if is_set else (),
                type=option.type,
                documentation=option.documentation,
            )
        )
    return entries


def _is_pattern(text: str) -> bool:
    """Tell whether a text says which attribute of a client has to match which regular expression."""
    parts = text.split("=")
    while parts and not parts[-1]:
        parts.pop()  # as Java's String.split does
    if len(parts) != 2 or java_trim(parts[0]) not in _MATCHED:
        return False
    try:
        compile_java_regex(java_trim(parts[1]))
    except UnsupportedRegexError:
        return True
    except ValueError:
        return False
    return True
