"""What may be set on brokers while they run, and what of the stored settings counts (Kafka's `DynamicBrokerConfig`).

The settings of one broker, or those of all, are judged together, as they would be after a change. Names that nobody
knows are taken and kept, since a plug-in might read them; Kafka's texts name the first rule that does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from ottla.config.broker import resolve_broker_config, with_dynamic_settings
from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.broker_quota_options import BROKER_QUOTA_OPTIONS
from ottla.config.option import (
    ConfigError,
    Option,
    RequirementError,
    Scope,
    invalid_value,
    parse_value,
)
from ottla.config.own_options import OWN_PREFIX
from ottla.config.resolved import BrokerConfig
from ottla.jvm_order import scala_order, string_place, strings_in_hash_order

_LISTENER_NAME = re.compile(r"listener\.name\.[^.]*\.(.*)")

_LISTENER_MECHANISM_OPTIONS = (
    "sasl.jaas.config",
    "sasl.login.callback.handler.class",
    "sasl.login.class",
    "sasl.server.callback.handler.class",
    "connections.max.reauth.ms",
)
"""Options that a SASL mechanism of a listener has: their names end in these, after the mechanism's."""

ONLY_PER_LISTENER = frozenset(
    {
        "ssl.key.password",
        "ssl.keystore.certificate.chain",
        "ssl.keystore.key",
        "ssl.keystore.location",
        "ssl.keystore.password",
        "ssl.keystore.type",
        "ssl.truststore.certificates",
        "ssl.truststore.location",
        "ssl.truststore.password",
        "ssl.truststore.type",
    }
)
"""Security options that are dynamic only under the name of a listener."""

_LISTENER_OPTIONS_OF_ALL = frozenset(
    {"max.connections", "max.connection.creation.rate", "num.network.threads"}
)
"""What may be set for a listener of that name on all brokers together."""

_THREAD_COUNTS = (
    "background.threads",
    "num.io.threads",
    "num.network.threads",
    "num.recovery.threads.per.data.dir",
    "num.replica.fetchers",
    "remote.log.manager.copier.thread.pool.size",
    "remote.log.manager.expiration.thread.pool.size",
    "remote.log.reader.threads",
)
"""Sizes of thread pools, which may be halved or doubled in one step and not more."""

_ADDRESSES = ("listeners", "listener.security.protocol.map")

_DEFINITION_PLACES = 128
"""The size of the hash map from which Kafka defines its dynamic options, as seen by what it names of several that are
wrong. Where two share a place, which 26 of them do, the alphabet decides here."""

_MOST_NAMES_OF_A_PLAIN_SET = 4
"""Scala prints a set of up to four elements as `Set(...)`, and a larger one as `HashSet(...)`."""


def base_name(name: str) -> str | None:
    """Return the option that a listener's setting stands for (`listener.name.x.OPTION`), None for any other name."""
    match = _LISTENER_NAME.fullmatch(name)
    if match is None:
        return None
    for option in _LISTENER_MECHANISM_OPTIONS:
        if match[1].endswith(option):
            return option
    return match[1]


def dynamic_option(name: str) -> Option | None:
    """Return the option by whose rules a dynamic setting is judged, None where there is none."""
    match = _LISTENER_NAME.fullmatch(name)
    looked_up = name if match is None else match[1]
    option = BROKER_OPTIONS.get(looked_up) or BROKER_QUOTA_OPTIONS.get(looked_up)
    return None if option is None or option.scope is Scope.READ_ONLY else option


def usable_dynamic_settings(stored: Mapping[str, str], *, per_broker: bool) -> dict[str, str]:
    """Return what counts of the settings that the metadata holds for one broker, or for all.

    A setting that could not have been made is passed over: an older broker, or a format, may have stored it.
    """
    unusable = {*_fixed(stored), *ONLY_PER_LISTENER.intersection(stored)}
    if not per_broker:
        unusable.update(_only_per_broker(stored))
    return {
        name: text
        for name, text in stored.items()
        if name not in unusable and _type_error(name, text) is None
    }


def check_dynamic_settings(
    config: BrokerConfig,
    settings: Mapping[str, str],
    *,
    per_broker: bool,
    stored_default: Mapping[str, str],
    stored_broker: Mapping[str, str],
) -> None:
    """Check the settings that one broker, or all of them, would have after a change.

    `config` has the static settings, `stored_*` is what the metadata holds now. Raises ConfigError with Kafka's text
    for the first rule that does not hold.
    """
    _refuse("Cannot update these configs dynamically", scala_order(_fixed(strings_in_hash_order(settings))))
    _refuse(
        "These security configs can be dynamically updated only per-listener using the listener prefix",
        strings_in_hash_order(ONLY_PER_LISTENER.intersection(settings)),
        word="HashSet",
    )
    for name in sorted(settings, key=_place_of_definition):
        error = _type_error(name, settings[name])
        if error is not None:
            raise error
    if not per_broker:
        _refuse(
            "Cannot update these configs at default cluster level, broker id must be specified",
            strings_in_hash_order(_only_per_broker(settings)),
        )
    default = usable_dynamic_settings(stored_default, per_broker=False)
    broker = usable_dynamic_settings(stored_broker, per_broker=True)
    current = with_dynamic_settings(config, default, broker)
    if per_broker:
        broker = dict(settings)
    else:
        default = dict(settings)
    try:
        changed = resolve_broker_config(
            config.settings, lambda: "", dynamic_default=default, dynamic_broker=broker
        )
    except RequirementError as error:
        raise ConfigError(f"requirement failed: {error}") from error
    _check_change(current, changed, settings)


def _fixed(names: Iterable[str]) -> list[str]:
    """Return the names that no broker takes while it runs: Kafka's other options, and all of our own."""
    return [
        name
        for name in names
        if name.startswith(OWN_PREFIX)
        or (name in BROKER_OPTIONS and BROKER_OPTIONS[name].scope is Scope.READ_ONLY)
    ]


def _only_per_broker(names: Iterable[str]) -> list[str]:
    found = []
    for name in names:
        match = _LISTENER_NAME.fullmatch(name)
        option = BROKER_OPTIONS.get(name)
        is_listeners = match is not None and match[1] not in _LISTENER_OPTIONS_OF_ALL
        if is_listeners or (option is not None and option.scope is Scope.PER_BROKER):
            found.append(name)
    return found


def _place_of_definition(name: str) -> tuple[int, int, str]:
    """Return where Kafka's definition of dynamic options has one: of several that are wrong it names the first."""
    if name in BROKER_QUOTA_OPTIONS:
        return 0, list(BROKER_QUOTA_OPTIONS).index(name), name
    return 1, string_place(name, _DEFINITION_PLACES), name


def _type_error(name: str, text: str) -> ConfigError | None:
    option = dynamic_option(name)
    if option is None:
        return None
    try:
        parse_value(option, text)
    except ConfigError as error:
        return error
    return None


def _refuse(reason: str, names: Iterable[str], word: str | None = None) -> None:
    """Refuse names, if there are any, as Scala prints a set: most are made the way that has two words for them."""
    found = list(names)
    if found:
        plain_word = "Set" if len(found) <= _MOST_NAMES_OF_A_PLAIN_SET else "HashSet"
        raise ConfigError(f"{reason}: {word or plain_word}({', '.join(found)})")


def _check_change(current: BrokerConfig, changed: BrokerConfig, settings: Mapping[str, str]) -> None:
    """Check what depends on the values in effect; Kafka tells of these rules in the words of another error."""
    if any(name in settings and current.values[name] != changed.values[name] for name in _ADDRESSES):
        raise ConfigError(
            "Listeners are opened at the start: set them in the broker's file and start it again"
        )
    try:
        for name in _THREAD_COUNTS:
            _check_thread_count(name, current.values[name], changed.values[name])
        for name in _listener_thread_counts(current, settings):
            value = parse_value(BROKER_OPTIONS["num.network.threads"], settings[name])
            _check_thread_count("num.network.threads", current.values["num.network.threads"], value)
        _check_cleaner_threads(current.log_cleaner_threads, changed.log_cleaner_threads)
        _check_local_retention(changed)
    except ConfigError as error:
        raise invalid_value(
            "Invalid dynamic configuration", f"org.apache.kafka.common.config.ConfigException: {error}"
        ) from error


def _listener_thread_counts(current: BrokerConfig, settings: Mapping[str, str]) -> Iterable[str]:
    for listener in current.broker_listeners:
        name = f"listener.name.{listener.name.lower()}.num.network.threads"
        if name in settings:
            yield name


def _check_thread_count(name: str, current: object, changed: object) -> None:
    assert isinstance(current, int)
    assert isinstance(changed, int)
    if changed == current:
        return
    problem = f"Dynamic thread count update validation failed for {name}={changed}"
    if changed <= 0:
        raise ConfigError(f"{problem}, value should be at least 1")
    if changed < current // 2:
        raise ConfigError(f"{problem}, value should be at least half the current value {current}")
    if changed > current * 2:
        raise ConfigError(f"{problem}, value should not be greater than double the current value {current}")


def _check_cleaner_threads(current: int, changed: int) -> None:
    if changed < current // 2:
        raise ConfigError(
            f"Log cleaner threads cannot be reduced to less than half the current value {current}"
        )
    if changed > current * 2:
        raise ConfigError(
            f"Log cleaner threads cannot be increased to more than double the current value {current}"
        )


_UNLIMITED = -1
_FOLLOWS_RETENTION = -2


def _check_local_retention(changed: BrokerConfig) -> None:
    """Check that what stays on the local disk of tiered storage is no more than what stays at all."""
    rows: tuple[tuple[str, str, Callable[[BrokerConfig], int]], ...] = (
        ("log.local.retention.ms", "log.retention.ms", lambda config: config.log_retention_ms),
        ("log.local.retention.bytes", "log.retention.bytes", lambda config: config.log_retention_bytes),
    )
    for name, whole_name, whole_of in rows:
        whole, local = whole_of(changed), changed.values[name]
        assert isinstance(local, int)
        if whole == _UNLIMITED or local == _FOLLOWS_RETENTION:
            continue
        if local == _UNLIMITED:
            raise invalid_value(name, local, f"Value must not be -1 as {whole_name} value is set as {whole}.")
        if local > whole:
            raise invalid_value(
                name, local, f"Value must not be more than {whole_name} property value: {whole}"
            )
