"""What a client is told: Java property files, and the settings that every client has.

The law: keys, defaults, checks and error texts are those of Kafka's clients. What Kafka's clients know and this one
does not act upon is named in one warning; what nobody knows is kept in `unknown_keys`, which Kafka's tools do not show
either. A security protocol other than PLAINTEXT is refused, never answered with PLAINTEXT in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ottla.client import log_lines
from ottla.client.failures import ConfigurationError
from ottla.config.checks import at_least
from ottla.config.kinds import INT, LIST, LONG, STRING
from ottla.config.option import Check, ConfigError, OptionType, invalid_value, parse_type

SECURITY_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_LARGEST_PORT = 65535


class Row(NamedTuple):
    """One setting of a client: its key, type, default as Kafka prints it, and rule."""

    name: str
    type: OptionType
    default: str | None
    check: Check | None = None

    @property
    def attribute(self) -> str:
        """The name of the setting in Python."""
        return self.name.replace(".", "_")


COMMON_ROWS = (
    Row("bootstrap.servers", LIST, ""),
    Row("client.id", STRING, ""),
    Row("request.timeout.ms", INT, "30000", at_least(0)),
    Row("default.api.timeout.ms", INT, "60000", at_least(0)),
    Row("retry.backoff.ms", LONG, "100", at_least(0)),
    Row("retry.backoff.max.ms", LONG, "1000", at_least(0)),
    Row("reconnect.backoff.ms", LONG, "50", at_least(0)),
    Row("reconnect.backoff.max.ms", LONG, "1000", at_least(0)),
    Row("socket.connection.setup.timeout.ms", LONG, "10000"),
    Row("send.buffer.bytes", INT, "-1", at_least(-1)),
    Row("receive.buffer.bytes", INT, "-1", at_least(-1)),
    Row("metadata.max.age.ms", LONG, "300000", at_least(0)),
    Row("security.protocol", STRING, "PLAINTEXT"),
)
"""The settings that all clients have and that act here. The buffers are the system's by default, which grow with need;
Kafka's own defaults, 128 and 64 KiB, hold up fetches of a megabyte."""

WITHOUT_EFFECT = frozenset(
    {
        "client.dns.lookup",
        "connections.max.idle.ms",
        "socket.connection.setup.timeout.max.ms",
        "metadata.recovery.strategy",
        "metadata.recovery.rebootstrap.trigger.ms",
        "metadata.max.idle.ms",
        "metrics.num.samples",
        "metrics.recording.level",
        "metrics.sample.window.ms",
        "metric.reporters",
        "enable.metrics.push",
        "auto.include.jmx.reporter",
        "interceptor.classes",
        "config.providers",
        "security.providers",
        "client.rack",
        "key.serializer",
        "value.serializer",
        "key.deserializer",
        "value.deserializer",
        "bootstrap.controllers",
    }
)
"""Settings of Kafka's clients that change nothing here: there is no JMX, no class loading, and connections live as long
as their command."""

_SILENT = frozenset(
    {"key.serializer", "value.serializer", "key.deserializer", "value.deserializer", "bootstrap.controllers"}
)
"""Settings that the tools themselves give; what they say is done by the tools."""


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """How to reach a cluster, and how long to try; times in ms."""

    bootstrap_servers: tuple[tuple[str, int], ...]
    client_id: str = ""
    request_timeout_ms: int = 30_000
    default_api_timeout_ms: int = 60_000
    retry_backoff_ms: int = 100
    retry_backoff_max_ms: int = 1_000
    reconnect_backoff_ms: int = 50
    reconnect_backoff_max_ms: int = 1_000
    socket_connection_setup_timeout_ms: int = 10_000
    send_buffer_bytes: int = -1
    receive_buffer_bytes: int = -1
    metadata_max_age_ms: int = 300_000
    log_context: str = ""
    """What Kafka's clients put before their log lines, such as `[AdminClient clientId=adminclient-1] `."""
    unknown_keys: tuple[str, ...] = field(default=())
    """Keys that no client of Kafka's knows."""

    @classmethod
    def from_properties(
        cls,
        properties: Mapping[str, str],
        *,
        bootstrap_servers: str | None = None,
        client_id: str = "adminclient-1",
        kind: str = "AdminClient",
        more_rows: Iterable[Row] = (),
    ) -> ClientConfig:
        """Resolve the settings of a client of a `kind` (AdminClient, Producer, Consumer).

        `bootstrap_servers` and `client_id` are what the command line says; a `client.id` in the properties wins over
        the latter. `more_rows` are the settings that the kind has beside these. Raises ConfigurationError.
        """
        chosen = dict(properties)
        if bootstrap_servers is not None:
            chosen["bootstrap.servers"] = bootstrap_servers
        values = read_rows(COMMON_ROWS, chosen)
        _require_plaintext(values.pop("security_protocol"))
        values["bootstrap_servers"] = parse_bootstrap(values["bootstrap_servers"])
        values["client_id"] = values["client_id"] or client_id
        context = f"[{kind} clientId={values['client_id']}"
        if kind == "Consumer" and chosen.get("group.id"):
            context += f", groupId={chosen['group.id']}"
        known = {row.name for row in COMMON_ROWS} | {row.name for row in more_rows}
        _warn_of_idle_keys(chosen, known, f"{context}] ")
        unknown = tuple(sorted(chosen.keys() - known - WITHOUT_EFFECT))
        return cls(**values, log_context=f"{context}] ", unknown_keys=unknown)


def read_client_properties(path: str) -> dict[str, str]:
    """Return the settings of a .properties file, read as Java reads it: Latin-1, escapes, continued lines.

    Raises OSError where the file cannot be read, ConfigurationError for a malformed escape.
    """
    from ottla.config.sources import read_properties  # noqa: PLC0415 - many commands have no file

    with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs a tenth of a command's start
        text = file.read().decode("latin-1")
    try:
        return {key: setting.text for key, setting in read_properties(text, path).items()}
    except ConfigError as error:
        raise ConfigurationError(str(error)) from error


def read_rows(rows: Iterable[Row], properties: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of settings by their names in Python, checked. Raises ConfigurationError."""
    values: dict[str, Any] = {}
    try:
        for row in rows:
            text = properties.get(row.name, row.default)
            value = None if text is None else parse_type(row.name, row.type, text)
            if row.check is not None:
                row.check.test(row.name, value)
            values[row.attribute] = value
    except ConfigError as error:
        raise ConfigurationError(str(error)) from error
    return values


def parse_bootstrap(addresses: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Return hosts and ports of `bootstrap.servers`, as Kafka's `ClientUtils.parseAndValidateAddresses` reads it.

    Raises ConfigurationError for a text that is no address, and where there is none at all.
    """
    parsed = []
    for address in addresses:
        if not address:
            continue
        host, colon, port_text = address.rpartition(":")
        host = host.rpartition("://")[2]
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        if not colon or not host or not port_text.isascii() or not port_text.isdigit():
            raise ConfigurationError(f"Invalid url in bootstrap.servers: {address}")
        if int(port_text) > _LARGEST_PORT:
            raise ConfigurationError(f"Invalid port in bootstrap.servers: {address}")
        parsed.append((host, int(port_text)))
    if not parsed:
        raise ConfigurationError("No resolvable bootstrap urls given in bootstrap.servers")
    return tuple(parsed)


def _require_plaintext(protocol: str) -> None:
    if protocol.upper() not in SECURITY_PROTOCOLS:
        reason = f"String must be one of (case insensitive): {', '.join(sorted(SECURITY_PROTOCOLS))}"
        raise ConfigurationError(str(invalid_value("security.protocol", protocol, reason)))
    if protocol.upper() != "PLAINTEXT":
        raise ConfigurationError(
            f"security.protocol={protocol} is not supported here yet; only PLAINTEXT is, and is not taken in its place"
        )


def _warn_of_idle_keys(properties: Mapping[str, str], known: set[str], context: str) -> None:
    idle = sorted((properties.keys() & WITHOUT_EFFECT) - known - _SILENT)
    if idle:
        log_lines.warn(
            "org.apache.kafka.common.config.AbstractConfig",
            f"{context}These configurations change nothing here: {', '.join(idle)}",
        )
