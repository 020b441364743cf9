"""The dialect of `apache/kafka`: the words and rules of its `run`, `configureDefaults` and `configure` scripts and of
`kafka.docker.KafkaDockerWrapper` (container facts A.2 to A.4).
"""

from __future__ import annotations

from collections.abc import Mapping

from ottla.container.configuration import Configuration, properties_text
from ottla.container.console import Console
from ottla.container.container_files import ContainerFiles
from ottla.container.listener_texts import bound_everywhere
from ottla.container.naming import KAFKA_PREFIX, NO_OPTIONS, apache_name, without_service_links
from ottla.container.secured_listeners import Refusals, mention_jmx, secure_listeners
from ottla.container.zookeeper_style import as_combined_node, is_zookeeper_style

CONFIG_DIRECTORY = "/opt/kafka/config"
CONFIG_FILE = f"{CONFIG_DIRECTORY}/server.properties"
MOUNTED_FILE = "/mnt/shared/config/server.properties"
DEFAULT_FILE = "/etc/kafka/docker/server.properties"
DEFAULT_CLUSTER_ID = "5L6g3nShT-eMCtK--X86sw"

_NO_OPTIONS = NO_OPTIONS | {"KAFKA_JMX_HOSTNAME"}


def set_defaults(environment: dict[str, str], console: Console) -> None:
    """Set what the image sets where it is missing: a cluster id, the same for everybody."""
    if not environment.get("CLUSTER_ID"):
        console.say(f'CLUSTER_ID not set. Setting it to default value: "{DEFAULT_CLUSTER_ID}"')
        environment["CLUSTER_ID"] = DEFAULT_CLUSTER_ID


def configure(environment: Mapping[str, str], files: ContainerFiles, console: Console) -> Configuration:
    """Work out the configuration file. Raises RefusedError once it was said why there is none."""
    exported = dict(environment)
    roles = exported.get("KAFKA_PROCESS_ROLES", "")
    if roles:
        console.say("Running in KRaft mode...")
    if roles == "controller":
        if exported.get("KAFKA_ADVERTISED_LISTENERS"):
            raise console.refuse("KAFKA_ADVERTISED_LISTENERS is not supported on a KRaft controller.")
        exported.pop("KAFKA_ADVERTISED_LISTENERS", None)
    advertised = exported.get("KAFKA_ADVERTISED_LISTENERS", "")
    if advertised and not exported.get("KAFKA_LISTENERS") and roles != "controller":
        exported["KAFKA_LISTENERS"] = bound_everywhere(advertised)
    if not files.is_writable(CONFIG_DIRECTORY):
        raise console.refuse(f"{CONFIG_DIRECTORY}/ file not writable")
    refusals = Refusals(
        unset=lambda variable: console.refuse(f"{variable} environment variable not set"),
        absent=lambda path: console.refuse(f"{path} file does not exist"),
    )
    secure_listeners(exported, files, console, refusals)
    mention_jmx(exported, console)
    return Configuration(CONFIG_FILE, _assembled(exported, files), exported)


def _assembled(environment: Mapping[str, str], files: ContainerFiles) -> str:
    """Put the file together: the mounted one with the environment behind it, else the environment alone.

    Only where both say nothing the image's own file counts: a single variable is enough to do without it.
    """
    properties = {
        apache_name(variable): value
        for variable, value in without_service_links(environment).items()
        if variable.startswith(KAFKA_PREFIX) and variable not in _NO_OPTIONS
    }
    if files.is_file(MOUNTED_FILE):
        text = files.text(MOUNTED_FILE)
        if properties:
            text = f"{text}\n{properties_text(properties)}"
    else:
        if is_zookeeper_style(properties):
            properties = as_combined_node(properties)
        text = properties_text(properties)
    return text if text.strip() else files.text(DEFAULT_FILE)
