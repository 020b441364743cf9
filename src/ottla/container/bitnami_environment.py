"""The variables of `bitnami/kafka`: secrets out of files, older names, defaults, and values that a command prints
(container facts B.2 to B.5).
"""

from __future__ import annotations

from collections.abc import Callable

from ottla.container.bitnami_log import BitnamiLog
from ottla.container.container_files import ContainerFiles

VOLUME_DIRECTORY = "/bitnami/kafka"
DATA_DIRECTORY = f"{VOLUME_DIRECTORY}/data"
CONFIG_DIRECTORY = "/opt/bitnami/kafka/config"
CERTIFICATES_DIRECTORY = f"{CONFIG_DIRECTORY}/certs"

DEFAULTS = {
    "KAFKA_MOUNTED_CONF_DIR": f"{VOLUME_DIRECTORY}/config",
    "KAFKA_SKIP_KRAFT_STORAGE_INIT": "false",
    "KAFKA_CFG_SASL_ENABLED_MECHANISMS": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    "KAFKA_INTER_BROKER_USER": "user",
    "KAFKA_INTER_BROKER_PASSWORD": "bitnami",
    "KAFKA_CONTROLLER_USER": "controller_user",
    "KAFKA_CONTROLLER_PASSWORD": "bitnami",
    "KAFKA_TLS_TYPE": "JKS",
    "KAFKA_TLS_CLIENT_AUTH": "required",
    "KAFKA_CLIENT_USERS": "user",
    "KAFKA_CLIENT_PASSWORDS": "bitnami",
}
"""What counts where a variable is missing or empty."""

BOOTSTRAP_SERVERS = "KAFKA_CFG_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS"
VOTERS = "KAFKA_CFG_CONTROLLER_QUORUM_VOTERS"
DEFAULT_BOOTSTRAP_SERVERS = "localhost:9093"
"""What release 4.1.1 takes for the quorum; a release before it wants voters and refuses to start without."""

FROM_FILES = (
    "KAFKA_MOUNTED_CONF_DIR",
    "KAFKA_CLUSTER_ID",
    "KAFKA_INITIAL_CONTROLLERS",
    "KAFKA_SKIP_KRAFT_STORAGE_INIT",
    "KAFKA_CFG_SASL_ENABLED_MECHANISMS",
    BOOTSTRAP_SERVERS,
    "KAFKA_CLIENT_LISTENER_NAME",
    "KAFKA_OPTS",
    "KAFKA_INTER_BROKER_USER",
    "KAFKA_INTER_BROKER_PASSWORD",
    "KAFKA_CONTROLLER_USER",
    "KAFKA_CONTROLLER_PASSWORD",
    "KAFKA_CERTIFICATE_PASSWORD",
    "KAFKA_TLS_TRUSTSTORE_FILE",
    "KAFKA_TLS_TYPE",
    "KAFKA_TLS_CLIENT_AUTH",
    "KAFKA_CLIENT_USERS",
    "KAFKA_CLIENT_PASSWORDS",
    "KAFKA_HEAP_OPTS",
    "JAVA_TOOL_OPTIONS",
    "KAFKA_KRAFT_CLUSTER_ID",
)
"""Variables that may come out of a file, which another one with `_FILE` behind its name leads to."""

_ALIASED = (
    "ADVERTISED_LISTENERS",
    "BROKER_ID",
    "NODE_ID",
    "CONTROLLER_QUORUM_BOOTSTRAP_SERVERS",
    "CONTROLLER_QUORUM_VOTERS",
    "PROCESS_ROLES",
    "DEFAULT_REPLICATION_FACTOR",
    "DELETE_TOPIC_ENABLE",
    "INTER_BROKER_LISTENER_NAME",
    "LISTENERS",
    "LISTENER_SECURITY_PROTOCOL_MAP",
    "LOG_DIRS",
    "LOG_FLUSH_INTERVAL_MESSAGES",
    "LOG_FLUSH_INTERVAL_MS",
    "LOG_MESSAGE_FORMAT_VERSION",
    "LOG_RETENTION_BYTES",
    "LOG_RETENTION_CHECK_INTERVALS_MS",
    "LOG_RETENTION_HOURS",
    "LOG_SEGMENT_BYTES",
    "MESSAGE_MAX_BYTES",
    "NUM_IO_THREADS",
    "NUM_NETWORK_THREADS",
    "NUM_PARTITIONS",
    "NUM_RECOVERY_THREADS_PER_DATA_DIR",
    "OFFSETS_TOPIC_REPLICATION_FACTOR",
    "SOCKET_RECEIVE_BUFFER_BYTES",
    "SOCKET_REQUEST_MAX_BYTES",
    "SOCKET_SEND_BUFFER_BYTES",
    "SSL_ENDPOINT_IDENTIFICATION_ALGORITHM",
    "TRANSACTION_STATE_LOG_MIN_ISR",
    "TRANSACTION_STATE_LOG_REPLICATION_FACTOR",
    "ZOOKEEPER_CONNECT",
    "ZOOKEEPER_CONNECTION_TIMEOUT_MS",
)

ALIASES = (
    ("KAFKA_CFG_LOG_DIRS", "KAFKA_LOGS_DIRS"),
    ("KAFKA_CFG_LOG_SEGMENT_BYTES", "KAFKA_SEGMENT_BYTES"),
    ("KAFKA_CFG_MESSAGE_MAX_BYTES", "KAFKA_MAX_MESSAGE_BYTES"),
    ("KAFKA_CFG_ZOOKEEPER_CONNECTION_TIMEOUT_MS", "KAFKA_ZOOKEEPER_CONNECT_TIMEOUT_MS"),
    ("KAFKA_CFG_AUTO_CREATE_TOPICS_ENABLE", "KAFKA_AUTO_CREATE_TOPICS_ENABLE"),
    ("KAFKA_CLIENT_USERS", "KAFKA_BROKER_USER"),
    ("KAFKA_CLIENT_PASSWORDS", "KAFKA_BROKER_PASSWORD"),
    ("KAFKA_CLIENT_LISTENER_NAME", "KAFKA_CLIENT_LISTENER"),
    *((f"KAFKA_CFG_{name}", f"KAFKA_{name}") for name in _ALIASED),
)
"""A variable and its older name, in the order in which the older ones are taken; the last one counts."""

COMMANDS = (
    ("KAFKA_CFG_NODE_ID", "KAFKA_NODE_ID_COMMAND"),
    (VOTERS, "KAFKA_CONTROLLER_QUORUM_VOTERS_COMMAND"),
    (BOOTSTRAP_SERVERS, "KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS_COMMAND"),
    ("KAFKA_CFG_BROKER_ID", "BROKER_ID_COMMAND"),
    ("KAFKA_CFG_BROKER_ID", "KAFKA_BROKER_ID_COMMAND"),
)
"""Variables that take what a shell command prints, which stands in the other one."""


def complete_environment(
    environment: dict[str, str],
    files: ContainerFiles,
    log: BitnamiLog,
    printed_by: Callable[[str], str],
) -> None:
    """Bring the variables into the form that all else goes by.

    `printed_by` runs a shell command and returns what it prints. Raises RefusedError where one fails.
    """
    _take_files(environment, files, log)
    for name, value in DEFAULTS.items():
        if not environment.get(name):
            environment[name] = value
    if not environment.get("KAFKA_CLUSTER_ID") and environment.get("KAFKA_KRAFT_CLUSTER_ID"):
        environment["KAFKA_CLUSTER_ID"] = environment["KAFKA_KRAFT_CLUSTER_ID"]
    for name, older in ALIASES:
        if older in environment:
            environment[name] = environment[older]
    for name, command in COMMANDS:
        if environment.get(command):
            environment[name] = printed_by(environment[command])
    is_for_zookeeper = environment.get("KAFKA_CFG_ZOOKEEPER_CONNECT") and not environment.get(
        "KAFKA_CFG_PROCESS_ROLES"
    )
    if not (environment.get(VOTERS) or environment.get(BOOTSTRAP_SERVERS) or is_for_zookeeper):
        environment[BOOTSTRAP_SERVERS] = DEFAULT_BOOTSTRAP_SERVERS


def _take_files(environment: dict[str, str], files: ContainerFiles, log: BitnamiLog) -> None:
    for name in FROM_FILES:
        path = environment.get(f"{name}_FILE", "")
        if not path:
            continue
        if files.is_readable(path):
            environment[name] = files.secret(path)
            del environment[f"{name}_FILE"]
        else:
            log.warning(f"Skipping export of '{name}'. '{path}' is not readable.")
