"""The checks of `bitnami/kafka` before a start, with its own texts: all of them are made, then the start ends.

`kafka_validate` of Bitnami's library (container facts B.6). The broker makes Kafka's own checks after these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ottla.container.bitnami_environment import (
    BOOTSTRAP_SERVERS,
    CERTIFICATES_DIRECTORY,
    DEFAULT_BOOTSTRAP_SERVERS,
    VOTERS,
)
from ottla.container.bitnami_log import BitnamiLog
from ottla.container.console import RefusedError
from ottla.container.container_files import ContainerFiles

SASL_PROTOCOLS = ("SASL_PLAINTEXT", "SASL_SSL")
SSL_PROTOCOLS = ("SSL", "SASL_SSL")
_PROTOCOLS = "PLAINTEXT SASL_PLAINTEXT SASL_SSL SSL"
_HIGHEST_PORT = 65535
_FIRST_PORT_FOR_ALL = 1024
_KEY_FILES = {
    "JKS": ("kafka.keystore.jks",),
    "PEM": ("kafka.keystore.pem", "kafka.keystore.key"),
}
_STORE_FILES = {
    "JKS": "kafka.keystore.jks and kafka.truststore.jks",
    "PEM": "kafka.keystore.pem, kafka.keystore.key and kafka.truststore.pem",
}


def split_words(text: str, separators: str = ",") -> list[str]:
    """Split a list as Bitnami's scripts do: at the separators and at blanks, without empty items."""
    for separator in separators:
        text = text.replace(separator, " ")
    return text.split()


def protocol_map(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the listener names with their protocols, in the order in which they are mapped."""
    entries = split_words(environment.get("KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP", ""))
    return [(name, protocol) for name, _, protocol in (entry.partition(":") for entry in entries)]


def has_listener_of(environment: Mapping[str, str], protocols: tuple[str, ...]) -> bool:
    """Tell whether any listener has one of these protocols; without a map a listener's name is its protocol."""
    listeners = environment.get("KAFKA_CFG_LISTENERS", "")
    mapped = protocol_map(environment)
    if not mapped:
        return any(f"{protocol}:" in listeners for protocol in protocols)
    return any(protocol in protocols and name in listeners for name, protocol in mapped)


@dataclass(slots=True)
class _Findings:
    log: BitnamiLog
    texts: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.log.error(text)
        self.texts.append(text)


def check_environment(
    environment: Mapping[str, str], files: ContainerFiles, log: BitnamiLog, *, is_root: bool
) -> None:
    """Make every check. Raises RefusedError once all that is wrong was said."""
    found = _Findings(log)
    is_for_zookeeper = bool(environment.get("KAFKA_CFG_ZOOKEEPER_CONNECT"))
    roles = environment.get("KAFKA_CFG_PROCESS_ROLES", "")
    if roles or not is_for_zookeeper:
        _check_roles(environment, roles, found)
    _check_ports(environment, found, is_root=is_root)
    for name, protocol in protocol_map(environment):
        _check_protocol(environment, name, protocol, found)
    if _has_plaintext_listener(environment):
        log.warning(
            "Kafka has been configured with a PLAINTEXT listener, this setting is not recommended for production "
            "environments."
        )
    if has_listener_of(environment, SSL_PROTOCOLS):
        _check_stores(environment, files, found)
    users = split_words(environment.get("KAFKA_CLIENT_USERS", ""), ",;")
    passwords = split_words(environment.get("KAFKA_CLIENT_PASSWORDS", ""), ",;")
    if len(users) != len(passwords):
        found.add(
            "Specify the same number of passwords on KAFKA_CLIENT_PASSWORDS as the number of users on "
            "KAFKA_CLIENT_USERS!"
        )
    for variable, allowed in (
        ("KAFKA_TLS_TYPE", "JKS PEM"),
        ("KAFKA_TLS_CLIENT_AUTH", "none requested required"),
    ):
        if environment.get(variable, "") not in allowed.split():
            found.add(f"The allowed values for {variable} are: {allowed}")
    if found.texts:
        raise RefusedError("\n".join(found.texts))


def _check_roles(environment: Mapping[str, str], roles: str, found: _Findings) -> None:
    if not roles:
        found.add(
            "Kafka requires at least one process role to be set. Set the environment variable KAFKA_CFG_PROCESS_ROLES "
            "to configure the process roles for Kafka."
        )
    for role in split_words(roles, ",;"):
        if role == "controller":
            _check_controller(environment, found)
        elif role != "broker":
            found.add(f"Invalid KRaft process role '{role}'. Supported roles are 'broker,controller'")
    if not environment.get("KAFKA_CFG_NODE_ID"):
        found.add(
            "KRaft mode requires an unique node.id, please set the environment variable KAFKA_CFG_NODE_ID"
        )


def _check_controller(environment: Mapping[str, str], found: _Findings) -> None:
    names = environment.get("KAFKA_CFG_CONTROLLER_LISTENER_NAMES", "")
    listeners = environment.get("KAFKA_CFG_LISTENERS", "")
    head = "Role 'controller' enabled"
    if not names:
        found.add(f"{head} but environment variable KAFKA_CFG_CONTROLLER_LISTENER_NAMES was not provided.")
    if not listeners or names not in listeners:
        found.add(f"{head} but listener {names} not found in KAFKA_CFG_LISTENERS.")
    bootstrap = environment.get(BOOTSTRAP_SERVERS, "")
    if (
        not environment.get(VOTERS)
        and bootstrap != DEFAULT_BOOTSTRAP_SERVERS
        and not environment.get("KAFKA_INITIAL_CONTROLLERS")
    ):
        found.add(
            f"{head} and KAFKA_CFG_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS for dynamic controller quorum configured but "
            "KAFKA_INITIAL_CONTROLLERS was not provided."
        )


def _check_ports(environment: Mapping[str, str], found: _Findings, *, is_root: bool) -> None:
    entries = split_words(environment.get("KAFKA_CFG_LISTENERS", ""))
    ports = [entry.partition("://")[2].rpartition(":")[2] for entry in entries]
    for port in ports:
        problem = _port_problem(port, is_root=is_root)
        if problem:
            found.add(
                f"An invalid port {port} was specified in the environment variable KAFKA_CFG_LISTENERS: {problem}."
            )
    if len(set(ports)) < len(ports):
        found.add("There are listeners bound to the same port")


def _port_problem(port: str, *, is_root: bool) -> str | None:
    if not port:
        return "the value is empty"
    if not port.removeprefix("-").isdecimal():
        return "value is not an integer"
    number = int(port)
    if number < 0:
        return "negative value provided"
    if number > _HIGHEST_PORT:
        return f"requested port is greater than {_HIGHEST_PORT}"
    if number < _FIRST_PORT_FOR_ALL and not is_root:
        return "privileged port requested"
    return None


def _check_protocol(environment: Mapping[str, str], name: str, protocol: str, found: _Findings) -> None:
    if protocol not in _PROTOCOLS:
        found.add(f"Authentication protocol {protocol} is not supported!")
    if protocol not in SASL_PROTOCOLS:
        return
    if name == (environment.get("KAFKA_CFG_INTER_BROKER_LISTENER_NAME") or "INTERNAL"):
        if not environment.get("KAFKA_CFG_SASL_MECHANISM_INTER_BROKER_PROTOCOL"):
            found.add(
                "When using SASL for inter broker comunication the mechanism should be provided using "
                "KAFKA_CFG_SASL_MECHANISM_INTER_BROKER_PROTOCOL"
            )
    elif name in (environment.get("KAFKA_CFG_CONTROLLER_LISTENER_NAMES") or "CONTROLLER"):
        mechanism = environment.get("KAFKA_CFG_SASL_MECHANISM_CONTROLLER_PROTOCOL", "")
        if not mechanism:
            found.add(
                "When using SASL for controller comunication the mechanism should be provided at "
                "KAFKA_CFG_SASL_MECHANISM_CONTROLLER_PROTOCOL"
            )
        elif "SCRAM" in mechanism:
            found.log.warning(
                "KRaft controller listener may not support SCRAM-SHA-256/SCRAM-SHA-512 mechanisms. If facing any "
                "issues, we recommend switching to PLAIN mechanism. More information at: "
                "https://issues.apache.org/jira/browse/KAFKA-15513"
            )


def _has_plaintext_listener(environment: Mapping[str, str]) -> bool:
    listeners = environment.get("KAFKA_CFG_LISTENERS", "")
    mapped = protocol_map(environment)
    if not mapped:
        return not listeners or "PLAINTEXT:" in listeners
    return any(protocol == "PLAINTEXT" and (not listeners or name in listeners) for name, protocol in mapped)


def truststore_file(environment: Mapping[str, str], files: ContainerFiles) -> str:
    """Return where the truststore is: where it was said, else among the certificates of the image or the volume."""
    named = environment.get("KAFKA_TLS_TRUSTSTORE_FILE", "")
    if named:
        return named
    name = "kafka.truststore.pem" if environment.get("KAFKA_TLS_TYPE") == "PEM" else "kafka.truststore.jks"
    in_image = f"{CERTIFICATES_DIRECTORY}/{name}"
    if files.is_file(in_image):
        return in_image
    return f"{environment['KAFKA_MOUNTED_CONF_DIR']}/certs/{name}"


def _check_stores(environment: Mapping[str, str], files: ContainerFiles, found: _Findings) -> None:
    kind = environment.get("KAFKA_TLS_TYPE", "")
    if kind not in _KEY_FILES:
        return
    mounted = environment["KAFKA_MOUNTED_CONF_DIR"]
    has_keys = any(
        all(files.is_file(f"{folder}/{name}") for name in _KEY_FILES[kind])
        for folder in (CERTIFICATES_DIRECTORY, f"{mounted}/certs")
    )
    if not has_keys or not files.is_file(truststore_file(environment, files)):
        found.add(
            f"In order to configure the TLS encryption for Kafka with {kind} certs you must mount your "
            f"{_STORE_FILES[kind]} certs to the {mounted}/certs directory."
        )
