"""Adds a controller to the metadata quorum, by its own configuration and directory, and removes one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ottla.cli.admin_access import ask_broker_or_controller
from ottla.cli.failures import ToolError, terse
from ottla.cli.jopt import INTEGER
from ottla.client.cluster import Cluster
from ottla.client.failures import raise_for
from ottla.storage.directory_ensemble import java_uuid_from_text, parse_properties
from ottla.storage.log_dirs import META_PROPERTIES_FILE
from ottla.types import Uuid, uuid_to_text

_ENDPOINT = re.compile(r"(.*)://\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)", re.ASCII | re.DOTALL)
_WRONG_FILE = "Is this a valid controller configuration file?"


class Endpoint(NamedTuple):
    """Where a controller listens; prints as `CONTROLLER://localhost:9093`."""

    listener: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.listener}://{host}:{self.port}"


def add_controller(cluster: Cluster, properties: Mapping[str, str], *, is_dry_run: bool) -> None:
    """Have the controller of a configuration vote, and say so. Raises ToolError and ApiError."""
    from ottla.protocol.messages.add_raft_voter import AddRaftVoterRequest, VoterListener

    controller_id = read_controller_id(properties)
    directory_id = read_directory_id(metadata_directory(properties))
    endpoints = controller_endpoints(properties)
    if not is_dry_run:
        request = AddRaftVoterRequest(
            cluster_id=None,
            timeout_ms=cluster.config.request_timeout_ms,
            voter_id=controller_id,
            voter_directory_id=directory_id,
            listeners=[
                VoterListener(name=each.listener, host=each.host, port=each.port) for each in endpoints
            ],
        )
        response = ask_broker_or_controller(cluster, request, "addRaftVoter")
        raise_for(response.error_code, response.error_message)
    print(
        f"{'DRY RUN of adding' if is_dry_run else 'Added'} controller {controller_id} with directory id "
        f"{uuid_to_text(directory_id)} and endpoints: {', '.join(map(str, endpoints))}"
    )


def remove_controller(cluster: Cluster, controller_id: int, directory_text: str, *, is_dry_run: bool) -> None:
    """Have a controller vote no more, and say so. Raises ToolError and ApiError."""
    from ottla.protocol.messages.remove_raft_voter import RemoveRaftVoterRequest

    if controller_id < 0:
        raise terse(f"Invalid negative --controller-id: {controller_id}")
    try:
        directory_id = java_uuid_from_text(directory_text)
    except ValueError as error:
        raise terse(f"Failed to parse --controller-directory-id: {error}") from error
    if not is_dry_run:
        request = RemoveRaftVoterRequest(
            cluster_id=None, voter_id=controller_id, voter_directory_id=directory_id
        )
        response = ask_broker_or_controller(cluster, request, "removeRaftVoter")
        raise_for(response.error_code, response.error_message)
    print(
        f"{'DRY RUN of removing ' if is_dry_run else 'Removed '} KRaft controller {controller_id} with directory id "
        f"{uuid_to_text(directory_id)}"
    )


def read_controller_id(properties: Mapping[str, str]) -> int:
    """Return the node id of a controller's configuration. Raises ToolError for that of no controller."""
    text = properties.get("node.id")
    if text is None:
        raise terse(f"node.id not found in configuration file. {_WRONG_FILE}")
    try:
        node_id = int(INTEGER.read(text))
    except ValueError as error:
        raise ToolError("java.lang.NumberFormatException", f'For input string: "{text}"') from error
    if node_id < 0:
        raise terse(f"node.id was negative in configuration file. {_WRONG_FILE}")
    if "controller" not in properties.get("process.roles", ""):
        raise terse(f"process.roles did not contain 'controller' in configuration file. {_WRONG_FILE}")
    return node_id


def metadata_directory(properties: Mapping[str, str]) -> str:
    """Return where a controller keeps the metadata log. Raises ToolError where its configuration does not say."""
    if "metadata.log.dir" in properties:
        return properties["metadata.log.dir"]
    if "log.dirs" in properties:
        return properties["log.dirs"].strip().partition(",")[0]
    raise terse(f"Neither metadata.log.dir nor log.dirs were found. {_WRONG_FILE}")


def read_directory_id(directory: str) -> Uuid:
    """Return the id of a formatted directory. Raises ToolError."""
    try:
        stored = parse_properties((Path(directory) / META_PROPERTIES_FILE).read_bytes())
    except (OSError, ValueError) as error:
        raise terse(f"Unable to read meta.properties from {directory}") from error
    if stored.directory_id is None:
        raise terse(f"No directory id found in {directory}")
    return stored.directory_id


def controller_endpoints(properties: Mapping[str, str]) -> list[Endpoint]:
    """Return where a controller's configuration says that it listens. Raises ToolError."""
    found: dict[str, Endpoint] = {}
    for key in ("listeners", "advertised.listeners"):
        for text in filter(None, re.split(r"\s*,\s*", properties.get(key, "").strip())):
            endpoint = _parse_endpoint(text)
            found[endpoint.listener] = endpoint
    names = properties.get("controller.listener.names")
    if names is None:
        raise terse(f"controller.listener.names was not found. {_WRONG_FILE}")
    endpoints = []
    for name in names.split(","):
        listener = name.upper()
        if listener not in found:
            raise terse(f"Cannot find information about controller listener name: {listener}")
        endpoints.append(found[listener])
    return list(dict.fromkeys(endpoints))


def _parse_endpoint(text: str) -> Endpoint:
    match = _ENDPOINT.fullmatch(text)
    if match is None:
        raise ToolError(
            "org.apache.kafka.common.KafkaException", f"Unable to parse {text} to a broker endpoint"
        )
    listener, host, port = match.groups()
    return Endpoint(listener.upper(), host or "localhost", int(port))
