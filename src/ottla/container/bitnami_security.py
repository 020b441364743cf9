"""The options for TLS and SASL that `bitnami/kafka` writes from users, passwords and mounted certificates.

`kafka_configure_ssl` and `kafka_configure_server_jaas` of Bitnami's library (container facts B.5). Whether listeners
like these can be served is the broker's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from ottla.container.bitnami_checks import (
    SASL_PROTOCOLS,
    SSL_PROTOCOLS,
    has_listener_of,
    protocol_map,
    split_words,
    truststore_file,
)
from ottla.container.bitnami_environment import CERTIFICATES_DIRECTORY, CONFIG_DIRECTORY
from ottla.container.container_files import ContainerFiles

LOGIN_FILE = f"{CONFIG_DIRECTORY}/kafka_jaas.conf"
_PLAIN_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule"
_SCRAM_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"
_MECHANISMS = "KAFKA_CFG_SASL_ENABLED_MECHANISMS"


def security_properties(environment: Mapping[str, str], files: ContainerFiles) -> dict[str, str]:
    """Return the options that come of the listeners' protocols."""
    properties: dict[str, str] = {}
    if has_listener_of(environment, SSL_PROTOCOLS):
        properties.update(_tls_properties(environment, files))
    if has_listener_of(environment, SASL_PROTOCOLS):
        properties["sasl.enabled.mechanisms"] = environment[_MECHANISMS]
    for name, protocol in protocol_map(environment):
        if protocol in SSL_PROTOCOLS:
            client_auth = environment.get(f"KAFKA_TLS_{name.upper()}_CLIENT_AUTH", "")
            if client_auth:
                properties[f"listener.name.{name.lower()}.ssl.client.auth"] = client_auth
        if protocol in SASL_PROTOCOLS:
            properties.update(
                _listener_properties(environment, name, has_login_file=files.is_file(LOGIN_FILE))
            )
    return properties


def _tls_properties(environment: Mapping[str, str], files: ContainerFiles) -> dict[str, str]:
    kind = environment["KAFKA_TLS_TYPE"]
    password = environment.get("KAFKA_CERTIFICATE_PASSWORD", "")
    properties = {
        "ssl.client.auth": environment["KAFKA_TLS_CLIENT_AUTH"],
        "ssl.keystore.type": kind,
        "ssl.truststore.type": kind,
    }
    if password:
        properties["ssl.key.password"] = password
    truststore = f"{CERTIFICATES_DIRECTORY}/{PurePosixPath(truststore_file(environment, files)).name}"
    if kind == "JKS":
        properties["ssl.keystore.location"] = f"{CERTIFICATES_DIRECTORY}/kafka.keystore.jks"
        properties["ssl.truststore.location"] = truststore
        if password:
            properties["ssl.keystore.password"] = password
            properties["ssl.truststore.password"] = password
        return properties
    properties["ssl.keystore.key"] = _joined(files, f"{CERTIFICATES_DIRECTORY}/kafka.keystore.key")
    properties["ssl.keystore.certificate.chain"] = _joined(
        files, f"{CERTIFICATES_DIRECTORY}/kafka.keystore.pem"
    )
    properties["ssl.truststore.certificates"] = _joined(files, truststore)
    return properties


def _joined(files: ContainerFiles, path: str) -> str:
    """Return a file of several lines as one value of a `.properties` file."""
    return "\\n\\\n".join(files.text(path).rstrip("\n").split("\n")) + " "


def _listener_properties(
    environment: Mapping[str, str], name: str, *, has_login_file: bool
) -> dict[str, str]:
    prefix = f"listener.name.{name.lower()}"
    properties: dict[str, str] = {}
    is_between_brokers = name == (environment.get("KAFKA_CFG_INTER_BROKER_LISTENER_NAME") or "INTERNAL")
    if is_between_brokers:
        properties["sasl.mechanism.inter.broker.protocol"] = environment[
            "KAFKA_CFG_SASL_MECHANISM_INTER_BROKER_PROTOCOL"
        ]
    elif name in (environment.get("KAFKA_CFG_CONTROLLER_LISTENER_NAMES") or "CONTROLLER"):
        mechanism = environment["KAFKA_CFG_SASL_MECHANISM_CONTROLLER_PROTOCOL"]
        properties["sasl.mechanism.controller.protocol"] = mechanism
        properties[f"{prefix}.sasl.enabled.mechanisms"] = mechanism
        if not has_login_file:
            properties[f"{prefix}.{mechanism.lower()}.sasl.jaas.config"] = _controller_login(
                environment, mechanism
            )
        return properties
    if not has_login_file:
        for mechanism in split_words(environment[_MECHANISMS]):
            properties[f"{prefix}.{mechanism.lower()}.sasl.jaas.config"] = _login(
                environment, mechanism, is_between_brokers=is_between_brokers
            )
    return properties


def _controller_login(environment: Mapping[str, str], mechanism: str) -> str:
    user, password = environment["KAFKA_CONTROLLER_USER"], environment["KAFKA_CONTROLLER_PASSWORD"]
    own = [("username", user), ("password", password)]
    if mechanism == "PLAIN":
        return _login_text(_PLAIN_MODULE, [*own, (f"user_{user}", password)])
    return _login_text(_SCRAM_MODULE, own) if "SCRAM" in mechanism else ""


def _login(environment: Mapping[str, str], mechanism: str, *, is_between_brokers: bool) -> str:
    user, password = environment["KAFKA_INTER_BROKER_USER"], environment["KAFKA_INTER_BROKER_PASSWORD"]
    own = [("username", user), ("password", password)] if is_between_brokers else []
    if "SCRAM" in mechanism:
        return _login_text(_SCRAM_MODULE, own)
    if mechanism != "PLAIN":
        return ""
    known = [*client_logins(environment), *([(user, password)] if is_between_brokers else [])]
    return _login_text(_PLAIN_MODULE, [*own, *((f"user_{name}", secret) for name, secret in known)])


def _login_text(module: str, options: Iterable[tuple[str, str]]) -> str:
    return " ".join([f"{module} required", *(f'{name}="{value}"' for name, value in options)]) + ";"


def client_logins(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the clients' users with their passwords."""
    users = split_words(environment["KAFKA_CLIENT_USERS"], ",;")
    passwords = split_words(environment["KAFKA_CLIENT_PASSWORDS"], ",;")
    return list(zip(users, passwords, strict=True))


def scram_arguments(environment: Mapping[str, str], properties: Mapping[str, str]) -> list[str]:
    """Return what the format of a new volume gets so that the SCRAM users are there from the start."""
    if not has_listener_of(environment, SASL_PROTOCOLS) or "SCRAM" not in environment[_MECHANISMS]:
        return []
    enabled = properties.get("sasl.enabled.mechanisms", "")
    wanted = [
        (mechanism, *login)
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
        if mechanism in enabled
        for login in client_logins(environment)
    ]
    for option, who in (("inter.broker", "INTER_BROKER"), ("controller", "CONTROLLER")):
        mechanism = properties.get(f"sasl.mechanism.{option}.protocol", "")
        if re.match("SCRAM-SHA-(256|512)", mechanism):
            user, password = environment[f"KAFKA_{who}_USER"], environment[f"KAFKA_{who}_PASSWORD"]
            wanted.append((mechanism, user, password))
    arguments = []
    for mechanism, user, password in wanted:
        arguments += ["--add-scram", f"{mechanism}=[name={user},password={password}]"]
    return arguments
