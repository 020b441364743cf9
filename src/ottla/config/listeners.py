"""Listener settings: from the texts of `listeners` and its relatives to typed addresses, with Kafka's
validation.

The rules and the texts are those of Kafka's `KafkaConfig.validateValues` (container facts A.5). Only
PLAINTEXT is served: a listener that asks for TLS or SASL is refused, and never served in plaintext instead.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ottla.config.option import ConfigError, RequirementError

SECURITY_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
"""Kafka's security protocols, in the order of their numbers in Metadata records: 0 to 3."""

_ENDPOINT = re.compile(r"(.*)://\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)", re.ASCII | re.DOTALL)
_META_ADDRESS = "0.0.0.0"  # noqa: S104 - compared with, never bound


@dataclass(frozen=True, slots=True)
class Listener:
    """An address to listen on. An empty host is every interface; port 0 takes a free one."""

    name: str
    host: str
    port: int
    security_protocol: str

    def __str__(self) -> str:
        return f"{self.name}://{url_host(self.host)}:{self.port}"


@dataclass(frozen=True, slots=True)
class AdvertisedListener:
    """An address that clients are told. Port 0 stands for the port that the listener of that name got."""

    name: str
    host: str
    port: int
    security_protocol: str

    def __str__(self) -> str:
        return f"{self.name}://{url_host(self.host)}:{self.port}"


@dataclass(frozen=True, slots=True)
class ListenerTexts:
    """The settings that decide about listeners, as they were given; None where not set."""

    listeners: str
    advertised_listeners: str | None
    security_protocol_map: str
    security_protocol_map_is_set: bool
    controller_listener_names: str | None
    inter_broker_listener_name: str | None
    security_inter_broker_protocol: str
    security_inter_broker_protocol_is_set: bool


@dataclass(frozen=True, slots=True)
class ListenerLayout:
    """All listeners of the node, who they are for, and what is told about them."""

    listeners: tuple[Listener, ...]
    advertised: tuple[AdvertisedListener, ...]
    security_protocols: Mapping[str, str]
    controller_names: tuple[str, ...]
    inter_broker_name: str


def url_host(host: str) -> str:
    """Return a host as it stands before a port: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def split_csv(text: str | None) -> tuple[str, ...]:
    """Split a comma-separated text as Kafka's `Csv` does: trimmed, without empty items."""
    return tuple(item for item in (part.strip() for part in (text or "").split(",")) if item)


def lay_out_listeners(
    texts: ListenerTexts, own_host_name: Callable[[], str], *, refuses_unserved: bool = True
) -> ListenerLayout:
    """Parse and validate the listener settings.

    `own_host_name` is asked only when an address is advertised without a host; `refuses_unserved` also refuses the
    security protocols that are not served. Raises ConfigError, with Kafka's text where Kafka refuses the same.
    """
    controller_names = split_csv(texts.controller_listener_names)
    protocols = _security_protocols(texts, controller_names)
    listeners = _parse_endpoints(texts.listeners, protocols)
    _check_ports(texts.listeners, listeners)
    inter_broker_name = _inter_broker_name(texts, protocols)
    if not any(listener.name in controller_names for listener in listeners):
        raise RequirementError(
            "controller.listener.names must contain at least one value appearing in the 'listeners' "
            "configuration when running the KRaft controller role"
        )
    advertised_text = texts.listeners if texts.advertised_listeners is None else texts.advertised_listeners
    advertised = _parse_endpoints(advertised_text, protocols)
    _check_advertised(texts, listeners, advertised, controller_names, inter_broker_name)
    if refuses_unserved:
        _refuse_unserved(listeners)
    return ListenerLayout(
        listeners,
        tuple(
            AdvertisedListener(each.name, each.host or own_host_name(), each.port, each.security_protocol)
            for each in advertised
            if each.name not in controller_names
        ),
        protocols,
        controller_names,
        inter_broker_name,
    )


def controller_address(texts: ListenerTexts) -> tuple[str, int] | None:
    """Return host and port at which others reach the first controller listener; None where there is none.

    That is where it is advertised, else where it listens, and `localhost` where it listens on every address (Kafka's
    `StorageTool.createStandaloneDynamicVoters`). Raises ConfigError.
    """
    names = split_csv(texts.controller_listener_names)
    protocols = _security_protocols(texts, names)
    endpoints = (
        *_parse_endpoints(texts.advertised_listeners or "", protocols),
        *_parse_endpoints(texts.listeners, protocols),
    )
    for name in names:
        for endpoint in endpoints:
            if endpoint.name == name.upper():
                is_everywhere = endpoint.host in {"", _META_ADDRESS}
                return ("localhost" if is_everywhere else endpoint.host), endpoint.port
    return None


def _security_protocols(texts: ListenerTexts, controller_names: tuple[str, ...]) -> dict[str, str]:
    """Return the protocol of each listener name.

    Where the map is not set, controller listeners are PLAINTEXT, unless TLS or SASL is in use somewhere
    (`KafkaConfig.effectiveListenerSecurityProtocolMap`).
    """
    protocols: dict[str, str] = {}
    for entry in split_csv(texts.security_protocol_map):
        name, colon, protocol = (part.strip() for part in entry.rpartition(":"))
        if not colon:
            raise ConfigError(
                f"Error parsing configuration property 'listener.security.protocol.map': {entry!r} "
                "is not NAME:PROTOCOL"
            )
        if protocol.upper() not in SECURITY_PROTOCOLS:
            raise ConfigError(
                f"Invalid security protocol `{protocol}` defined in listener.security.protocol.map"
            )
        protocols[name.upper()] = protocol.upper()
    if not texts.security_protocol_map_is_set:
        names = [
            *controller_names,
            *(text.partition("://")[0].upper() for text in split_csv(texts.listeners)),
        ]
        if not any(name in SECURITY_PROTOCOLS[1:] for name in names):
            protocols.update(dict.fromkeys(controller_names, "PLAINTEXT"))
    return protocols


def _parse_endpoints(text: str, protocols: Mapping[str, str]) -> tuple[Listener, ...]:
    listeners = []
    for entry in split_csv(text):
        match = _ENDPOINT.fullmatch(entry)
        if match is None:
            raise ConfigError(
                f"Error creating broker listeners from '{text}': Unable to parse {entry} to a broker endpoint"
            )
        name = match[1].upper()
        if name not in protocols:
            raise ConfigError(
                f"Error creating broker listeners from '{text}': No security protocol defined for "
                f"listener {name}"
            )
        port = int(match[3][:12])
        if not 0 <= port <= 65535:
            raise ConfigError(
                f"Error creating broker listeners from '{text}': {entry} has no port from 0 to 65535"
            )
        listeners.append(Listener(name, match[2], port, protocols[name]))
    if len({listener.name for listener in listeners}) < len(listeners):
        raise ConfigError(f"Each listener must have a different name, listeners: {text}")
    return tuple(listeners)


def _check_ports(text: str, listeners: tuple[Listener, ...]) -> None:
    """Allow a port twice only when one listener has an IPv4 address and the other an IPv6 address."""
    by_port: dict[int, list[str]] = {}
    for listener in listeners:
        if listener.port:
            by_port.setdefault(listener.port, []).append(listener.host)
    for port, hosts in by_port.items():
        if len(hosts) == 1:
            continue
        versions = [_address_version(host) for host in hosts]
        if len(hosts) > 2 or 0 in versions:
            raise ConfigError(f"Each listener must have a different port, listeners: {text}")
        if versions[0] == versions[1]:
            raise ConfigError(
                "If you have two listeners on the same port then one needs to be IPv4 and the other IPv6, "
                f"listeners: {text}, port: {port}"
            )


def _address_version(host: str) -> int:
    """Return 4 or 6 for an address, 0 for a name."""
    try:
        return ipaddress.ip_address(host).version
    except ValueError:
        return 0


def _inter_broker_name(texts: ListenerTexts, protocols: Mapping[str, str]) -> str:
    if texts.inter_broker_listener_name is None:
        return texts.security_inter_broker_protocol
    if texts.security_inter_broker_protocol_is_set:
        raise ConfigError(
            "Only one of inter.broker.listener.name and security.inter.broker.protocol should be set."
        )
    name = texts.inter_broker_listener_name.upper()
    if name not in protocols:
        raise ConfigError(
            f"Listener with name {name} defined in inter.broker.listener.name not found in "
            "listener.security.protocol.map."
        )
    return name


def _check_advertised(
    texts: ListenerTexts,
    listeners: tuple[Listener, ...],
    advertised: tuple[Listener, ...],
    controller_names: tuple[str, ...],
    inter_broker_name: str,
) -> None:
    names = [listener.name for listener in listeners]
    found = [listener.name for listener in advertised]
    if texts.advertised_listeners is not None and not set(found) <= set(names):
        raise RequirementError(
            "advertised.listeners listener names must be equal to or a subset of the ones defined "
            "in listeners. "
            f"Found {','.join(found)}. The valid options based on the current configuration are "
            f"{','.join(names)}"
        )
    for listener in advertised:
        is_broker_listener = listener.name not in controller_names
        if listener.host == _META_ADDRESS and (texts.advertised_listeners is not None or is_broker_listener):
            raise RequirementError(
                "advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a "
                "routable IP address."
            )
    told = [name for name in found if name not in controller_names]
    if not told:
        raise RequirementError(
            "There must be at least one broker advertised listener. "
            "Perhaps all listeners appear in controller.listener.names?"
        )
    if inter_broker_name not in told:
        raise RequirementError(
            "inter.broker.listener.name must be a listener name defined in advertised.listeners. "
            f"The valid options based on currently configured listeners are {','.join(told)}"
        )


def _refuse_unserved(listeners: tuple[Listener, ...]) -> None:
    for listener in listeners:
        if listener.security_protocol != "PLAINTEXT":
            raise ConfigError(
                f"The listener {listener} asks for {listener.security_protocol}, which is not "
                "served: remove it from "
                "`listeners`, or give its name PLAINTEXT in `listener.security.protocol.map`"
            )
