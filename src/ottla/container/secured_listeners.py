"""What Apache's and Confluent's images ask for before a listener with TLS or SASL: files by name, and a login file.

Both go by the names of the advertised listeners, not by the protocols that these are mapped to; a listener that is
called EXTERNAL has to come with the broker's own options. Whether such a listener can be served is the broker's to
say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ottla.container.console import Console, RefusedError
from ottla.container.container_files import ContainerFiles

SECRETS = "/etc/kafka/secrets"
LOGIN_PROPERTY = "java.security.auth.login.config"

_SASL_NAME = re.compile(r"SASL_.*://", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Refusals:
    """How an image says that something is missing."""

    unset: Callable[[str], RefusedError]
    """Says that a variable is not set."""
    absent: Callable[[str], RefusedError]
    """Says that there is no file at a path."""


def secure_listeners(
    environment: dict[str, str], files: ContainerFiles, console: Console, refusals: Refusals
) -> None:
    """Check what TLS and SASL listeners need, and set what follows from it in the environment.

    Raises RefusedError.
    """
    advertised = environment.get("KAFKA_ADVERTISED_LISTENERS", "")
    if "SSL://" in advertised:
        console.say("SSL is enabled.")
        _take_stores(environment, files, refusals)
    if _SASL_NAME.search(advertised):
        console.say("SASL is enabled.")
        options = _ensured(environment, "KAFKA_OPTS", refusals)
        if LOGIN_PROPERTY not in options:
            console.say(f"KAFKA_OPTS should contain '{LOGIN_PROPERTY}' property.")


def mention_jmx(environment: dict[str, str], console: Console) -> None:
    """Say what JMX would need from outside, as both images do; nothing here is measured by JMX."""
    options = environment.get("KAFKA_JMX_OPTS", "")
    if options and "com.sun.management.jmxremote.rmi.port" not in options:
        console.say(
            "KAFKA_OPTS should contain 'com.sun.management.jmxremote.rmi.port' property. "
            "It is required for accessing the JMX metrics externally."
        )


def _take_stores(environment: dict[str, str], files: ContainerFiles, refusals: Refusals) -> None:
    def location(variable: str) -> str:
        path = f"{SECRETS}/{_ensured(environment, variable, refusals)}"
        if not files.exists(path):
            raise refusals.absent(path)
        return path

    environment["KAFKA_SSL_KEYSTORE_LOCATION"] = location("KAFKA_SSL_KEYSTORE_FILENAME")
    environment["KAFKA_SSL_KEY_PASSWORD"] = files.secret(location("KAFKA_SSL_KEY_CREDENTIALS"))
    environment["KAFKA_SSL_KEYSTORE_PASSWORD"] = files.secret(location("KAFKA_SSL_KEYSTORE_CREDENTIALS"))
    client_auth = environment.get("KAFKA_SSL_CLIENT_AUTH", "")
    if "required" in client_auth or "requested" in client_auth:
        environment["KAFKA_SSL_TRUSTSTORE_LOCATION"] = location("KAFKA_SSL_TRUSTSTORE_FILENAME")
        environment["KAFKA_SSL_TRUSTSTORE_PASSWORD"] = files.secret(
            location("KAFKA_SSL_TRUSTSTORE_CREDENTIALS")
        )


def _ensured(environment: dict[str, str], variable: str, refusals: Refusals) -> str:
    value = environment.get(variable, "")
    if not value:
        raise refusals.unset(variable)
    return value
