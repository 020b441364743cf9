"""How the tools come to a cluster and to the files that they are given, failing as Java does."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

from ottla.cli.failures import ToolError
from ottla.cli.java_failures import CausedError
from ottla.client.cluster import Cluster
from ottla.client.failures import ConfigurationError
from ottla.client.properties import ClientConfig, read_client_properties

_FILE_FAILURES = {
    errno.ENOENT: "java.nio.file.NoSuchFileException",
    errno.EACCES: "java.nio.file.AccessDeniedException",
}


def load_properties(path: str | None) -> dict[str, str]:
    """Return the settings of a properties file, none without a path (`Utils.loadProps`). Raises ToolError."""
    if path is None:
        return {}
    try:
        return read_client_properties(path)
    except OSError as error:
        raise file_failure(path, error) from error


def read_text(path: str) -> str:
    """Return the content of a file (`Utils.readFileAsString`). Raises ToolError."""
    try:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:  # noqa: PTH123 - see client.properties
            return file.read()
    except OSError as error:
        cause = file_failure(path, error)
        raise CausedError("java.io.IOException", f"Unable to read file {path}", cause) from error


def file_failure(path: str, error: OSError) -> ToolError:
    """Return Java's failure for a file that cannot be read."""
    java_class = _FILE_FAILURES.get(error.errno or 0)
    if java_class is None:
        return ToolError("java.io.IOException", error.strerror)
    return ToolError(java_class, path)


def open_admin(
    properties: Mapping[str, str],
    servers: str | None,
    *,
    controllers: str | None = None,
    client_id: str = "adminclient-1",
    timeout_ms: int | None = None,
) -> Cluster:
    """Return a client of the cluster that is found at brokers, or at controllers. Raises ToolError.

    `timeout_ms` is how long a call may take, whatever the properties say.
    """
    chosen = dict(properties)
    if timeout_ms is not None:
        chosen["default.api.timeout.ms"] = str(max(timeout_ms, 0))
    try:
        config = ClientConfig.from_properties(
            chosen,
            bootstrap_servers=servers if controllers is None else controllers,
            client_id=client_id,
        )
        return Cluster(config, is_controller_bootstrap=controllers is not None)
    except ConfigurationError as error:
        if "bootstrap" not in (error.text or ""):
            raise
        raise CausedError(
            "org.apache.kafka.common.KafkaException", "Failed to create new KafkaAdminClient", error
        ) from error


def ask_broker_or_controller(cluster: Cluster, request: object, call: str) -> Any:
    """Ask any broker, or the controller that leads where the client knows controllers only. Raises ApiError."""
    if cluster.is_controller_bootstrap:
        return cluster.ask_controller(request, call=call)
    return cluster.ask_any(request, call=call)
