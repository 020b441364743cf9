"""Which dynamic settings of a broker count, and why the others change nothing.

The metadata log may hold what no request can set here: Apache Kafka may have written it, or an earlier release. Such a
setting keeps to itself and is told of; it never keeps a broker from starting (Kafka's `DynamicBrokerConfig`).
"""

from __future__ import annotations

from collections.abc import Mapping

from ottla.config.broker_options import BROKER_OPTIONS, LATER_OPTIONS
from ottla.config.broker_quota_options import BROKER_QUOTA_OPTIONS
from ottla.config.option import ConfigError, Effect, Scope, default_value, parse_value
from ottla.config.tables import reasons

LISTENER_PREFIX = "listener.name."
"""What the options of one listener alone begin with."""

LISTENER_OPTIONS = frozenset({"listeners", "listener.security.protocol.map"})
"""Options that Kafka lets change while it runs, and that are read at the start alone here."""


def settings_that_count(texts: Mapping[str, str], *, for_all_brokers: bool) -> dict[str, str]:
    """Return the dynamic settings that the configuration in effect is made of."""
    return {
        name: text
        for name, text in texts.items()
        if reason_left_out(name, text, for_all_brokers=for_all_brokers) is None
    }


def settings_without_effect(texts: Mapping[str, str], *, for_all_brokers: bool) -> dict[str, str]:
    """Return why dynamic settings change nothing, by name; those of inert options are among them.

    An inert option that is set to its default is what it would be anyway, and is left out.
    """
    without = {}
    for name, text in texts.items():
        reason = reason_left_out(name, text, for_all_brokers=for_all_brokers)
        if reason is not None:
            without[name] = reason
        elif BROKER_OPTIONS[name].status.effect is Effect.INERT and text != BROKER_OPTIONS[name].default:
            without[name] = BROKER_OPTIONS[name].status.reason
    return without


def reason_left_out(name: str, text: str, *, for_all_brokers: bool) -> str | None:
    """Return why a dynamic setting does not count, None where it does."""
    option = BROKER_OPTIONS.get(name)
    if option is None:
        return _reason_unknown(name)
    if option.scope is Scope.READ_ONLY:
        return "it cannot be changed while a broker runs"
    if name in LISTENER_OPTIONS:
        return reasons.FIXED_LISTENERS
    if for_all_brokers and option.scope is Scope.PER_BROKER:
        return "it must be set for a broker by its id"
    try:
        value = parse_value(option, text)
    except ConfigError as error:
        return str(error)
    if option.status.effect is Effect.REFUSED and value != default_value(option):
        return option.status.reason
    return None


def _reason_unknown(name: str) -> str:
    if name.startswith(LISTENER_PREFIX):
        return reasons.ONE_LISTENER
    if name in BROKER_QUOTA_OPTIONS:
        return reasons.ONE_NODE
    since = LATER_OPTIONS.get(name)
    return f"it is new in Kafka {since}" if since else "it is not known"
