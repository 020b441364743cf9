"""The dialects of `confluentinc/cp-kafka` and `confluentinc/confluent-local`: the words and rules of their
`configure` and `ensure` scripts, those of release 8 where there is a process role and those of release 7 where there
is a ZooKeeper instead (container facts C.2).
"""

from __future__ import annotations

from collections.abc import Mapping

from ottla.container.configuration import Configuration, first_set, properties_text
from ottla.container.console import Console, RefusedError
from ottla.container.container_files import ContainerFiles
from ottla.container.listener_texts import bound_everywhere
from ottla.container.naming import KAFKA_PREFIX, NO_OPTIONS, confluent_name, without_service_links
from ottla.container.secured_listeners import Refusals, mention_jmx, secure_listeners
from ottla.container.zookeeper_style import as_combined_node, is_zookeeper_style

CONFIG_DIRECTORY = "/etc/kafka"
CONFIG_FILE = f"{CONFIG_DIRECTORY}/kafka.properties"
DATA_DIRECTORY = "/var/lib/kafka/data"

LOCAL_DEFAULTS = {
    "CLUSTER_ID": "4L6g3nShT-eMCtK--X86sw",
    "KAFKA_NODE_ID": "1",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT",
    "KAFKA_LISTENERS": "PLAINTEXT://localhost:29092,CONTROLLER://localhost:29093,PLAINTEXT_HOST://0.0.0.0:9092",
    "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://localhost:29092,PLAINTEXT_HOST://localhost:9092",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:29093",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_LOG_DIRS": "/tmp/kraft-combined-logs",  # noqa: S108 - where that image keeps its data
}
"""What confluent-local sets where it is missing. Its REST proxy is not here, and neither are the proxy's settings."""

REST_PREFIX = "KAFKA_REST_"
_SUPPORT_PREFIX = "CONFLUENT_SUPPORT_"

_WITHOUT_EFFECT = {
    "KAFKA_ADVERTISED_PORT": "advertised.port",
    "KAFKA_ADVERTISED_HOST": "advertised.host",
    "KAFKA_HOST": "host",
    "KAFKA_PORT": "port",
}
"""Settings of Kafka's first years that the images refuse, in the order in which they look."""


def set_local_defaults(environment: dict[str, str], console: Console) -> None:
    """Set what confluent-local sets where it is missing."""
    for name, value in LOCAL_DEFAULTS.items():
        if not environment.get(name):
            console.say(f'{name} not set. Setting it to default value: "{value}"')
            environment[name] = value


def configure(environment: Mapping[str, str], files: ContainerFiles, console: Console) -> Configuration:
    """Work out the configuration file. Raises RefusedError once it was said why there is none."""
    exported = without_service_links(environment)
    roles = exported.get("KAFKA_PROCESS_ROLES", "")
    if not roles and exported.get("KAFKA_ZOOKEEPER_CONNECT"):
        console.say("Running in Zookeeper mode...")
        if not exported.get("KAFKA_ADVERTISED_LISTENERS"):
            raise _unset_for_zookeeper("KAFKA_ADVERTISED_LISTENERS", console)
    else:
        _check_roles(exported, roles, console)
    if not exported.get("KAFKA_LISTENERS") and roles != "controller":
        exported["KAFKA_LISTENERS"] = bound_everywhere(exported["KAFKA_ADVERTISED_LISTENERS"])
    if not files.is_writable(CONFIG_DIRECTORY):
        raise _not_writable(f"{CONFIG_DIRECTORY}/", files, console)
    exported["KAFKA_LOG_DIRS"] = first_set(exported, "KAFKA_LOG_DIRS", DATA_DIRECTORY)
    for variable, option in _WITHOUT_EFFECT.items():
        if exported.get(variable):
            raise console.refuse(f"{option} is deprecated. Please use KAFKA_ADVERTISED_LISTENERS instead.")
    refusals = Refusals(
        unset=lambda variable: _unset(variable, console),
        absent=lambda path: _failed(f'operation "existence" on file "{path}" is unsuccessful', console),
    )
    secure_listeners(exported, files, console, refusals)
    mention_jmx(exported, console)
    return Configuration(CONFIG_FILE, properties_text(_properties(exported)), exported)


def check_data_directory(environment: Mapping[str, str], files: ContainerFiles, console: Console) -> None:
    """Check that the data can be written, as `ensure` does. Raises RefusedError."""
    directory = first_set(environment, "KAFKA_DATA_DIRS", DATA_DIRECTORY)
    console.say(f"===> Check if {directory} is writable ...")
    if not files.is_writable(directory):
        raise _not_writable(directory, files, console)


def _check_roles(exported: dict[str, str], roles: str, console: Console) -> None:
    for variable in ("KAFKA_PROCESS_ROLES", "CLUSTER_ID"):
        if not exported.get(variable):
            raise _unset(variable, console)
    if roles == "controller":
        if exported.get("KAFKA_ADVERTISED_LISTENERS"):
            raise console.refuse("KAFKA_ADVERTISED_LISTENERS is not supported on a KRaft controller.")
        exported.pop("KAFKA_ADVERTISED_LISTENERS", None)
    elif not exported.get("KAFKA_ADVERTISED_LISTENERS"):
        raise _unset("KAFKA_ADVERTISED_LISTENERS", console)


def _properties(environment: Mapping[str, str]) -> dict[str, str]:
    properties = {
        confluent_name(variable): value
        for variable, value in environment.items()
        if variable.startswith(KAFKA_PREFIX)
        and variable not in NO_OPTIONS
        and not variable.startswith(REST_PREFIX)
    }
    if is_zookeeper_style(properties):
        properties = as_combined_node(properties)
    for variable, value in environment.items():
        if variable.startswith(_SUPPORT_PREFIX):
            properties[f"confluent.support.{confluent_name(variable, _SUPPORT_PREFIX)}"] = value
    return properties


def _failed(reason: str, console: Console) -> RefusedError:
    return console.refuse_with_complaint(f"error in executing the command: {reason}")


def _unset(variable: str, console: Console) -> RefusedError:
    return _failed(f'environment variable "{variable}" is not set', console)


def _not_writable(path: str, files: ContainerFiles, console: Console) -> RefusedError:
    why = "permission denied" if files.exists(path) else "no such file or directory"
    return _failed(f'error in checking operation "writable" on file "{path}": {why}', console)


def _unset_for_zookeeper(variable: str, console: Console) -> RefusedError:
    console.complain(f"{variable} is required.")
    return console.refuse_with_complaint(f"Command [/usr/local/bin/dub ensure {variable}] FAILED !")
