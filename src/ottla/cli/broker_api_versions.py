"""`kafka-broker-api-versions`: prints which versions of which API each broker knows (`BrokerApiVersionsCommand`).

It has a client of its own, which asks each address once and gives a broker five seconds, so that it can tell early that
nobody is there: most health checks are this tool.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ottla.cli.admin_access import load_properties
from ottla.cli.admin_order import node_hash
from ottla.cli.failures import ToolError
from ottla.cli.jopt import REQUIRED, Opt, Parsed, parse
from ottla.client.cluster import Cluster, Node
from ottla.client.failures import ApiError, DisconnectedError
from ottla.client.properties import ClientConfig
from ottla.jvm_order import hash_order
from ottla.protocol.api import APIS, ApiKey

_CLIENT_ID = "admin-1"
_REQUEST_TIMEOUT_MS = 5000
"""How long Kafka's tool waits for an answer, where its settings do not say otherwise."""
_PAUSE_S = 0.05
"""Between questions for the brokers of a cluster that has none yet, as in Kafka's tool."""

UNSTABLE_VERSIONS = {
    ApiKey.OFFSET_COMMIT: 10,
    ApiKey.OFFSET_FETCH: 10,
    ApiKey.INIT_PRODUCER_ID: 6,
    ApiKey.STREAMS_GROUP_HEARTBEAT: 0,
    ApiKey.STREAMS_GROUP_DESCRIBE: 0,
}
"""The versions that 4.1.1 has beside its stable ones: its tools count them, its brokers do not offer them."""

OPTIONS = (
    Opt("command-config", "A file with settings of the client.", REQUIRED, "command config property file"),
    Opt(
        "bootstrap-server",
        "REQUIRED: the broker to connect to.",
        REQUIRED,
        "server(s) to use for bootstrapping",
    ),
)


def node_text(node: Node) -> str:
    """Return a broker as Kafka prints one."""
    rack = "null" if node.rack is None else node.rack
    return f"{node.host}:{node.port} (id: {node.node_id} rack: {rack} isFenced: false)"


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code."""
    with Cluster(_client_config(_parse(arguments))) as cluster:
        brokers = _find_brokers(cluster)
        for broker in hash_order(
            brokers, lambda node: node_hash(node.node_id, node.host, node.port, node.rack)
        ):
            try:
                versions = cluster.node(broker.node_id).versions
            except ApiError as error:
                print(f"{node_text(broker)} -> ERROR: {_reason(error)}")
            else:
                print(f"{node_text(broker)} -> {versions_text(versions)}")
    return 0


def _parse(arguments: Sequence[str]) -> Parsed:
    parsed = parse(OPTIONS, arguments)
    parsed.check_help_and_version("This tool helps to retrieve broker version information.")
    parsed.check_required("bootstrap-server")
    return parsed


def _client_config(parsed: Parsed) -> ClientConfig:
    properties = load_properties(parsed.text("command-config"))
    config = ClientConfig.from_properties(
        properties,
        bootstrap_servers=parsed.text("bootstrap-server"),
        client_id=_CLIENT_ID,
        kind="LegacyAdminClient",
    )
    if "request.timeout.ms" in properties:
        return config
    return replace(config, request_timeout_ms=_REQUEST_TIMEOUT_MS)


def _find_brokers(cluster: Cluster) -> list[Node]:
    """Return the brokers of the cluster, waiting until there is one. Raises ToolError where no address answers."""
    from ottla.protocol.messages.metadata import MetadataRequest

    while True:
        try:
            cluster.learn(cluster.any_connection().ask(MetadataRequest(topics=None)))
        except ApiError:
            addresses = enumerate(cluster.config.bootstrap_servers, start=1)
            shown = ", ".join(node_text(Node(-number, host, port)) for number, (host, port) in addresses)
            raise ToolError(
                "java.lang.RuntimeException", f"Request METADATA failed on brokers [{shown}]"
            ) from None
        if cluster.nodes:
            return list(cluster.nodes.values())
        time.sleep(_PAUSE_S)


def _reason(error: ApiError) -> str:
    """Return what Kafka tells of a broker that does not answer; of a connection that ended it knows no more."""
    return error.java_class if isinstance(error, DisconnectedError) else error.java_text()


def versions_text(versions: Mapping[int, tuple[int, int]]) -> str:
    """Return the versions of a broker as Kafka prints them, APIs of clients that it does not have included."""
    known = {key for key, api in APIS.items() if "broker" in api.listeners}
    lines = [_api_text(key, versions.get(key)) for key in sorted(known | versions.keys())]
    return "(\n\t" + ",\n\t".join(lines) + "\n)"


def _api_text(key: int, versions: tuple[int, int] | None) -> str:
    api = APIS.get(key)
    name = f"UNKNOWN({key})" if api is None else f"{api.name}({key})"
    if versions is None:
        return f"{name}: UNSUPPORTED"
    lowest, highest = versions
    shown = str(lowest) if lowest == highest else f"{lowest} to {highest}"
    if api is None:
        return f"{name}: {shown}"
    latest = UNSTABLE_VERSIONS.get(api.key, api.max_version)
    if latest < lowest:
        return f"{name}: {shown} [unusable: node too new]"
    if highest < api.min_version:
        return f"{name}: {shown} [unusable: node too old]"
    return f"{name}: {shown} [usable: {min(latest, highest)}]"
