"""The dialect of `bitnami/kafka` and `bitnamilegacy/kafka`: the words and rules of its `setup.sh` and the library
behind it, for releases 3.4 to 4.1 (container facts B).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ottla.container.bitnami_checks import check_environment
from ottla.container.bitnami_environment import CONFIG_DIRECTORY, DATA_DIRECTORY, VOTERS
from ottla.container.bitnami_log import BitnamiLog
from ottla.container.bitnami_security import scram_arguments, security_properties
from ottla.container.configuration import Configuration, properties_text
from ottla.container.container_files import ContainerFiles
from ottla.container.naming import BITNAMI_PREFIX, bitnami_name
from ottla.container.zookeeper_style import as_combined_node, is_zookeeper_style

CONFIG_FILE = f"{CONFIG_DIRECTORY}/server.properties"

BASE_PROPERTIES = {
    "num.network.threads": "3",
    "num.io.threads": "8",
    "socket.send.buffer.bytes": "102400",
    "socket.receive.buffer.bytes": "102400",
    "socket.request.max.bytes": "104857600",
    "log.dirs": DATA_DIRECTORY,
    "num.partitions": "1",
    "num.recovery.threads.per.data.dir": "1",
    "offsets.topic.replication.factor": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "log.retention.hours": "168",
    "log.segment.bytes": "1073741824",
    "log.retention.check.interval.ms": "300000",
}
"""What is left of Kafka's own `server.properties` once all that names a node or a listener is taken out of it."""

_CLIENT_FILES = (
    ("producer.properties", "max.request.size", "KAFKA_CFG_MAX_REQUEST_SIZE"),
    ("consumer.properties", "max.partition.fetch.bytes", "KAFKA_CFG_MAX_PARTITION_FETCH_BYTES"),
)
"""Variables that go into the clients' files too."""

_CLUSTER_ID_LINE = re.compile(r"^cluster\.id=(\S+)$", re.MULTILINE)


def configure(
    environment: Mapping[str, str], files: ContainerFiles, log: BitnamiLog, *, is_root: bool = False
) -> Configuration:
    """Work out the configuration file from completed variables (`bitnami_environment.complete_environment`).

    A mounted file is taken as it is. Raises RefusedError once it was said why there is no configuration.
    """
    mounted = f"{environment['KAFKA_MOUNTED_CONF_DIR']}/server.properties"
    if files.is_file(mounted):
        log.info("Initializing Kafka...")
        log.info(
            f"Detected mounted server.properties file at {mounted}. Skipping configuration based on env variables"
        )
        return Configuration(CONFIG_FILE, files.text(mounted), environment)
    check_environment(environment, files, log, is_root=is_root)
    log.info("Initializing Kafka...")
    log.info("No injected configuration files found, creating default config files")
    given = {
        bitnami_name(variable): value
        for variable, value in sorted(environment.items())
        if variable.startswith(BITNAMI_PREFIX)
    }
    properties = {**BASE_PROPERTIES, **given, **security_properties(environment, files), **given}
    if is_zookeeper_style(properties):
        properties = as_combined_node(properties)
    return Configuration(
        CONFIG_FILE, properties_text(properties), environment, _client_files(environment, files)
    )


def _client_files(environment: Mapping[str, str], files: ContainerFiles) -> dict[str, str]:
    changed = {}
    for name, option, variable in _CLIENT_FILES:
        path = f"{CONFIG_DIRECTORY}/{name}"
        if environment.get(variable):
            before = files.text(path) if files.is_file(path) else ""
            changed[path] = f"{before}\n{option}={environment[variable]}\n"
    return changed


def recorded_cluster_id(files: ContainerFiles) -> str | None:
    """Return the id of the cluster that the volume belongs to; None for a new volume."""
    path = f"{DATA_DIRECTORY}/meta.properties"
    found = _CLUSTER_ID_LINE.search(files.text(path)) if files.is_file(path) else None
    return None if found is None else found[1]


def format_arguments(environment: Mapping[str, str], properties: Mapping[str, str]) -> list[str]:
    """Return how a new volume is formatted, beyond its cluster id: the quorum, and users from the start.

    Where voters are configured they are the quorum, for this release as for those before it.
    """
    arguments = scram_arguments(environment, properties)
    if environment.get("KAFKA_INITIAL_CONTROLLERS"):
        arguments.append(f"--initial-controllers={environment['KAFKA_INITIAL_CONTROLLERS']}")
    elif not properties.get("controller.quorum.voters") and not environment.get(VOTERS):
        arguments.append("--standalone")
    return arguments
