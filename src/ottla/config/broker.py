"""From settings to a `BrokerConfig`: parse every option, apply the rules between options, refuse what
cannot hold.

The rules and their texts are those of Kafka's `KafkaConfig`; the refusals of what a single node without
TLS, SASL and plug-ins cannot do are Ottla's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ottla.config.broker_options import BROKER_OPTIONS, LATER_OPTIONS, UNIT_GROUPS
from ottla.config.dynamic_effects import settings_that_count
from ottla.config.listeners import ListenerTexts, lay_out_listeners, split_csv
from ottla.config.option import (
    ConfigError,
    Effect,
    RequirementError,
    Scope,
    Value,
    default_value,
    parse_value,
    value_text,
)
from ottla.config.own_options import OWN_OPTIONS, own_fields
from ottla.config.resolved import BrokerConfig, QuorumVoter
from ottla.config.setting import Setting, Settings
from ottla.config.sources import EMBEDDED_SETTINGS, OVERRIDE_ORIGIN

_NO_DYNAMIC: Mapping[str, str] = MappingProxyType({})

ZOOKEEPER_PREFIX = "zookeeper."
"""The options of a mode that Kafka 4 no longer has."""

_MS_PER_MINUTE = 60_000
_MS_PER_HOUR = 3_600_000
_BYTES_PER_MIB = 1024 * 1024


def resolve_broker_config(
    settings: Settings,
    own_host_name: Callable[[], str],
    *,
    dynamic_default: Mapping[str, str] = _NO_DYNAMIC,
    dynamic_broker: Mapping[str, str] = _NO_DYNAMIC,
) -> BrokerConfig:
    """Build the configuration in effect.

    Dynamic settings of this broker go before those of all brokers, and these before static ones (facts 6);
    a dynamic setting of a read-only option does not count. `own_host_name` is asked when an address is
    advertised without a host. Raises ConfigError, with Kafka's text where Kafka refuses the same.
    """
    settings = _with_node_id_twins(settings)
    texts = {name: setting.text for name, setting in settings.items()}
    for dynamic in (dynamic_default, dynamic_broker):
        _overlay(texts, dynamic)
    values = _parse_values(texts, settings)
    _check_roles(values)
    _refuse_single_roles(values)
    _check_logs(values)
    _check_cleaner(values)
    _check_limits(values)
    _refuse_the_absent(values)
    fields: dict[str, Any] = {
        option.attribute: values[option.name]
        for option in BROKER_OPTIONS.values()
        if option.status.effect is Effect.ACTING and option.supplies is None
    }
    fields.update(_listener_fields(values, texts, own_host_name))
    fields.update(_directory_fields(values))
    fields.update(_time_fields(values))
    fields["max_connections_per_ip_overrides"] = _connection_overrides(values)
    fields["controller_quorum_voters"] = _single_voter(values)
    fields.update(own_fields(settings))
    return BrokerConfig(
        **fields,
        values=MappingProxyType(values),
        settings=MappingProxyType(dict(settings)),
        dynamic_default=MappingProxyType(dict(dynamic_default)),
        dynamic_broker=MappingProxyType(dict(dynamic_broker)),
    )


def broker_values(settings: Settings) -> dict[str, Value]:
    """Parse every option by its own rules, and apply those between options that hold for a node of any role.

    What this broker cannot do is not refused. Raises ConfigError with Kafka's text.
    """
    settings = _with_node_id_twins(settings)
    values = _parse_values({name: setting.text for name, setting in settings.items()}, settings)
    _check_roles(values)
    _check_logs(values)
    _check_cleaner(values)
    _check_limits(values)
    return values


def embedded_broker_config(
    overrides: Mapping[str, str] = _NO_DYNAMIC, own_host_name: Callable[[], str] = lambda: "localhost"
) -> BrokerConfig:
    """Build the configuration of a start without a file, with some options set differently.

    An override of `listeners` also replaces the embedded `advertised.listeners`. Raises ConfigError.
    """
    settings = embedded_settings({name: Setting(text, OVERRIDE_ORIGIN) for name, text in overrides.items()})
    return resolve_broker_config(settings, own_host_name)


def embedded_settings(overrides: Settings) -> dict[str, Setting]:
    """Return the settings of a start without a file under these overrides.

    Whoever moves the listeners means the advertised addresses to follow, so the embedded ones give way.
    """
    settings = dict(EMBEDDED_SETTINGS)
    if "listeners" in overrides:
        del settings["advertised.listeners"]
    if "log.dir" in overrides:
        del settings["log.dirs"]
    return {**settings, **overrides}


def apply_dynamic_settings(
    config: BrokerConfig, dynamic_default: Mapping[str, str], dynamic_broker: Mapping[str, str]
) -> BrokerConfig:
    """Return the configuration under other dynamic settings: those of all brokers, and those of this one.

    A setting that does not count (`config.dynamic_effects`) keeps to itself, and listeners stay as they are. Raises
    ConfigError where the settings contradict each other.
    """
    resolved = resolve_broker_config(
        config.settings,
        lambda: "",
        dynamic_default=settings_that_count(dynamic_default, for_all_brokers=True),
        dynamic_broker=settings_that_count(dynamic_broker, for_all_brokers=False),
    )
    resolved = replace(resolved, listeners=config.listeners, advertised_listeners=config.advertised_listeners)
    return with_described_settings(resolved, dynamic_default, dynamic_broker)


def with_described_settings(
    config: BrokerConfig, dynamic_default: Mapping[str, str], dynamic_broker: Mapping[str, str]
) -> BrokerConfig:
    """Return the configuration as it is, with the dynamic settings that DescribeConfigs shows."""
    return replace(
        config,
        dynamic_default=MappingProxyType(dict(dynamic_default)),
        dynamic_broker=MappingProxyType(dict(dynamic_broker)),
    )


def with_dynamic_settings(
    config: BrokerConfig, dynamic_default: Mapping[str, str], dynamic_broker: Mapping[str, str]
) -> BrokerConfig:
    """Return the configuration under other dynamic settings, as `apply_dynamic_settings` does, but never fail.

    Where the settings contradict each other what was in effect before stays, as in Kafka.
    """
    try:
        return apply_dynamic_settings(config, dynamic_default, dynamic_broker)
    except ConfigError:
        return with_described_settings(config, dynamic_default, dynamic_broker)


def setting_warnings(settings: Settings) -> tuple[str, ...]:
    """Return a line for each kind of setting that changes nothing: unknown names, options without effect."""
    zookeeper = sorted(name for name in settings if name.startswith(ZOOKEEPER_PREFIX))
    unknown = sorted(
        name
        for name in settings
        if name not in BROKER_OPTIONS and name not in OWN_OPTIONS and name not in zookeeper
    )
    inert = sorted(
        name
        for name, setting in settings.items()
        if name in BROKER_OPTIONS
        and BROKER_OPTIONS[name].status.effect is Effect.INERT
        and setting.origin != EMBEDDED_SETTINGS["node.id"].origin
        and setting.text != BROKER_OPTIONS[name].default
    )
    lines = []
    if zookeeper:
        described = ", ".join(f"{name} ({settings[name].origin})" for name in zookeeper)
        lines.append(
            f"There is no ZooKeeper mode: this node is broker and controller at once, and ignores {described}"
        )
    if unknown:
        described = ", ".join(_describe_unknown(name, settings[name]) for name in unknown)
        lines.append(f"These configurations are not known and have no effect: {described}")
    if inert:
        described = ", ".join(f"{name} ({BROKER_OPTIONS[name].status.reason})" for name in inert)
        lines.append(f"These configurations are accepted but have no effect: {described}")
    return tuple(lines)


def _describe_unknown(name: str, setting: Setting) -> str:
    since = LATER_OPTIONS.get(name)
    return f"{name} ({setting.origin}{f', new in Kafka {since}' if since else ''})"


def _with_node_id_twins(settings: Settings) -> Settings:
    """Let `node.id` and `broker.id` stand for each other where one is missing, as Kafka does."""
    for given, missing in (("broker.id", "node.id"), ("node.id", "broker.id")):
        if given in settings and missing not in settings:
            return {**settings, missing: settings[given]}
    return settings


def _overlay(texts: dict[str, str], dynamic: Mapping[str, str]) -> None:
    """Lay dynamic settings over others; one in any unit replaces what was set in its other units."""
    for name, text in dynamic.items():
        option = BROKER_OPTIONS.get(name)
        if option is None or option.scope is Scope.READ_ONLY:
            continue
        for group in UNIT_GROUPS:
            if name in group:
                for other in group:
                    texts.pop(other, None)
        texts[name] = text


_PARSED_FIRST = ("process.roles", "node.id")
"""Kafka's order of definition: without either, it is `process.roles` that is missed."""


def _parse_values(texts: Mapping[str, str], settings: Settings) -> dict[str, Value]:
    parsed: dict[str, Value] = {}
    for name in (*_PARSED_FIRST, *BROKER_OPTIONS):
        if name not in texts:
            parsed[name] = default_value(BROKER_OPTIONS[name])
            continue
        try:
            parsed[name] = parse_value(BROKER_OPTIONS[name], texts[name])
        except ConfigError as error:
            if name in settings and settings[name].text == texts[name]:
                raise ConfigError(f"{error} ({settings[name].origin})") from error
            raise
    return {name: parsed[name] for name in BROKER_OPTIONS}


def _integer(values: Mapping[str, Value], name: str) -> int:
    value = values[name]
    assert isinstance(value, int)
    return value


def _text(values: Mapping[str, Value], name: str) -> str | None:
    value = values[name]
    assert value is None or isinstance(value, str)
    return value


def _items(values: Mapping[str, Value], name: str) -> tuple[str, ...]:
    value = values[name]
    assert isinstance(value, tuple)
    return value


def _check_roles(values: Mapping[str, Value]) -> None:
    if values["node.id"] != values["broker.id"]:
        raise ConfigError("You must set `node.id` to the same value as `broker.id`.")
    roles = _items(values, "process.roles")
    if len(set(roles)) < len(roles):
        raise ConfigError(f"Duplicate role names found in `process.roles`: {', '.join(roles)}")


def _refuse_single_roles(values: Mapping[str, Value]) -> None:
    roles = _items(values, "process.roles")
    if set(roles) != {"broker", "controller"}:
        raise ConfigError(
            f"process.roles={','.join(roles)} is not supported: this node is always both, "
            "so process.roles must be broker,controller"
        )


def _check_logs(values: Mapping[str, Value]) -> None:
    times = _time_fields(values)
    if times["log_roll_ms"] < 1:
        raise RequirementError("log.roll.ms must be greater than or equal to 1")
    if times["log_roll_jitter_ms"] < 0:
        raise RequirementError("log.roll.jitter.ms must be greater than or equal to 0")
    if times["log_retention_ms"] == 0:
        raise RequirementError("log.retention.ms must be unlimited (-1) or, greater than or equal to 1")


def _check_cleaner(values: Mapping[str, Value]) -> None:
    threads = _integer(values, "log.cleaner.threads")
    if threads == 0:
        raise ConfigError("log.cleaner.threads must be at least 1; log.cleaner.enable=false cleans nothing")
    if _integer(values, "log.cleaner.dedupe.buffer.size") // threads <= _BYTES_PER_MIB:
        raise RequirementError("log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.")


def _check_limits(values: Mapping[str, Value]) -> None:
    request_bytes = _integer(values, "queued.max.request.bytes")
    if 0 < request_bytes < _integer(values, "socket.request.max.bytes"):
        raise ConfigError("queued.max.request.bytes must be larger or equal to socket.request.max.bytes")
    if values["max.connections.per.ip"] == 0 and not values["max.connections.per.ip.overrides"]:
        raise RequirementError(
            "max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides "
            "property is set."
        )
    codec = _integer(values, "offsets.topic.compression.codec")
    if not 0 <= codec <= 4:
        raise ConfigError(f"Unknown compression type id: {codec}")
    if "classic" not in _items(values, "group.coordinator.rebalance.protocols"):
        raise ConfigError("Disabling the 'classic' protocol is not supported.")


def _refuse_the_absent(values: Mapping[str, Value]) -> None:
    for name, option in BROKER_OPTIONS.items():
        if option.status.effect is Effect.REFUSED and values[name] != default_value(option):
            raise ConfigError(f"{name}={value_text(values[name])} is not supported: {option.status.reason}")


def listener_texts(values: Mapping[str, Value], given: Container[str]) -> ListenerTexts:
    """Return what decides about listeners; `given` are the names of the options that are set."""
    return ListenerTexts(
        listeners=_text(values, "listeners") or "",
        advertised_listeners=_text(values, "advertised.listeners"),
        security_protocol_map=_text(values, "listener.security.protocol.map") or "",
        security_protocol_map_is_set="listener.security.protocol.map" in given,
        controller_listener_names=_text(values, "controller.listener.names"),
        inter_broker_listener_name=_text(values, "inter.broker.listener.name"),
        security_inter_broker_protocol=_text(values, "security.inter.broker.protocol") or "",
        security_inter_broker_protocol_is_set="security.inter.broker.protocol" in given,
    )


def _listener_fields(
    values: Mapping[str, Value], texts: Mapping[str, str], own_host_name: Callable[[], str]
) -> dict[str, Any]:
    layout = lay_out_listeners(listener_texts(values, texts), own_host_name)
    return {
        "listeners": layout.listeners,
        "advertised_listeners": layout.advertised,
        "listener_security_protocol_map": MappingProxyType(dict(layout.security_protocols)),
        "controller_listener_names": layout.controller_names,
        "inter_broker_listener_name": layout.inter_broker_name,
    }


def log_directories(values: Mapping[str, Value]) -> tuple[str, ...]:
    """Return the log directories in the order given. Raises ConfigError where there is none."""
    listed = _text(values, "log.dirs")
    directories = split_csv(_text(values, "log.dir") if listed is None else listed)
    if not directories:
        raise ConfigError("At least one log directory must be defined via log.dirs or log.dir.")
    return directories


def _directory_fields(values: Mapping[str, Value]) -> dict[str, Any]:
    directories = log_directories(values)
    if len(directories) > 1:
        raise ConfigError(
            f"log.dirs names {len(directories)} directories ({', '.join(directories)}): only one is "
            "supported, "
            "so name one"
        )
    metadata_directory = _text(values, "metadata.log.dir") or directories[0]
    if metadata_directory != directories[0]:
        raise ConfigError(
            f"metadata.log.dir={metadata_directory} is not supported: the metadata log stays in the "
            "log directory "
            f"{directories[0]}, so remove it"
        )
    return {"log_dirs": directories, "metadata_log_dir": metadata_directory}


def _time_fields(values: Mapping[str, Value]) -> dict[str, int]:
    """Apply the precedence of the finer units over the coarser ones (facts 6)."""
    retention_ms = values["log.retention.ms"]
    if retention_ms is None and values["log.retention.minutes"] is not None:
        retention_ms = _integer(values, "log.retention.minutes") * _MS_PER_MINUTE
    elif retention_ms is None:
        retention_ms = _integer(values, "log.retention.hours") * _MS_PER_HOUR
    assert isinstance(retention_ms, int)

    def first_set(name: str, fallback: str, unit_ms: int) -> int:
        return _integer(values, name) if values[name] is not None else _integer(values, fallback) * unit_ms

    return {
        "log_retention_ms": max(retention_ms, -1),
        "log_roll_ms": first_set("log.roll.ms", "log.roll.hours", _MS_PER_HOUR),
        "log_roll_jitter_ms": first_set("log.roll.jitter.ms", "log.roll.jitter.hours", _MS_PER_HOUR),
        "log_flush_interval_ms": first_set("log.flush.interval.ms", "log.flush.scheduler.interval.ms", 1),
    }


_CONNECTION_OVERRIDE = re.compile(r"(.+):([+-]?[0-9]+)", re.ASCII)


def _connection_overrides(values: Mapping[str, Value]) -> Mapping[str, int]:
    name = "max.connections.per.ip.overrides"
    overrides = {}
    for entry in split_csv(_text(values, name)):
        match = _CONNECTION_OVERRIDE.fullmatch(entry)
        if match is None:
            raise ConfigError(
                f"Error parsing configuration property '{name}': {entry!r} is not address:count"
            )
        overrides[match[1].strip()] = int(match[2])
    return MappingProxyType(overrides)


def quorum_voters(values: Mapping[str, Value]) -> tuple[QuorumVoter, ...]:
    """Return the configured voters, none where formatting the directory forms the quorum. Raises ConfigError."""
    name = "controller.quorum.voters"
    voters = []
    for entry in _items(values, name):
        identifier, _, address = entry.partition("@")
        host, _, port = address.rpartition(":")
        voters.append(QuorumVoter(int(identifier), host.strip("[]"), int(port)))
    if not voters and not _items(values, "controller.quorum.bootstrap.servers"):
        raise ConfigError(
            "If using process.roles, either controller.quorum.bootstrap.servers must contain the "
            "set of bootstrap "
            "controllers or controller.quorum.voters must contain a parseable set of controllers."
        )
    node_id = values["node.id"]
    identifiers = ", ".join(str(voter.node_id) for voter in voters)
    is_voter = any(voter.node_id == node_id for voter in voters)
    if "controller" not in _items(values, "process.roles"):
        if is_voter:
            raise ConfigError(
                f"If process.roles contains just the 'broker' role, the node id {node_id} must not be included in the "
                f"set of voters {name}=Set({identifiers})"
            )
    elif voters and not is_voter:
        raise ConfigError(
            f"If process.roles contains the 'controller' role, the node id {node_id} must be "
            "included in the set of "
            f"voters controller.quorum.voters=Set({identifiers})"
        )
    return tuple(voters)


def _single_voter(values: Mapping[str, Value]) -> tuple[QuorumVoter, ...]:
    voters = quorum_voters(values)
    if len(voters) > 1:
        raise ConfigError(
            f"controller.quorum.voters names {len(voters)} controllers: only a quorum of this one node is supported"
        )
    return voters
