"""`kafka-cluster`: shows the id and the nodes of a cluster, and unregisters brokers (Kafka's `ClusterTool`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ottla.cli.admin_access import ask_broker_or_controller, load_properties, open_admin
from ottla.cli.admin_questions import raised_by_futures
from ottla.cli.arguments import Argument, Command, ParsedCommand
from ottla.cli.commands import run_command
from ottla.cli.failures import illegal_argument
from ottla.client import log_lines
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, UnsupportedVersionError, raise_for
from ottla.errors import ErrorCode
from ottla.jvm_order import integers_in_hash_order
from ottla.protocol.api import ApiKey

_WIDTH_WITHOUT_HOSTS = 100
_WIDTH_WITHOUT_RACKS = 10
_FENCED_SINCE = 2
"""The first version of DescribeCluster that tells of fenced brokers (KIP-1073)."""

_CONNECTION = (
    Argument(
        ("--bootstrap-server", "-b"),
        "the brokers to connect to, as a list of hosts and ports",
        required=True,
        group="connection",
    ),
    Argument(
        ("--bootstrap-controller", "-C"),
        "the controllers to connect to, as a list of hosts and ports",
        required=True,
        group="connection",
    ),
    Argument(("--config", "-c"), "a file with settings of the client"),
    Argument(("--command-config",), "the same by its name from 4.2 on"),
)

COMMANDS = (
    Command("cluster-id", "Show the id of the cluster.", _CONNECTION),
    Command(
        "unregister",
        "Unregister a broker.",
        (*_CONNECTION, Argument(("--id", "-i"), "the id of the broker", required=True, is_integer=True)),
    ),
    Command(
        "list-endpoints",
        "List the nodes of the cluster.",
        (
            *_CONNECTION,
            Argument(("--include-fenced-brokers",), "list brokers that are fenced too", takes_value=False),
        ),
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code."""
    return run_command("kafka-cluster", "The Kafka cluster tool.", COMMANDS, arguments, _run)


def _run(parsed: ParsedCommand) -> int:
    file = parsed.value("config")
    with (
        open_admin(
            load_properties(parsed.value("command_config") if file is None else file),
            parsed.value("bootstrap_server"),
            controllers=parsed.value("bootstrap_controller"),
        ) as cluster,
        raised_by_futures(),
    ):
        _RUNNERS[parsed.name](cluster, parsed)
    return 0


def _show_cluster_id(cluster: Cluster, _: ParsedCommand) -> None:
    print(f"Cluster ID: {cluster.describe_cluster().cluster_id}")


def _unregister(cluster: Cluster, parsed: ParsedCommand) -> None:
    from ottla.protocol.messages.unregister_broker import UnregisterBrokerRequest

    broker_id = int(parsed.value("id") or "")
    try:
        response = ask_broker_or_controller(
            cluster, UnregisterBrokerRequest(broker_id=broker_id), "unregisterBroker"
        )
    except UnsupportedVersionError:
        print("The target cluster does not support the broker unregistration API.")
        return
    if response.error_code == ErrorCode.UNSUPPORTED_VERSION:
        print("The target cluster does not support the broker unregistration API.")
        return
    try:
        raise_for(response.error_code, response.error_message)
    except ApiError as error:
        # Kafka's admin client tells of it by itself, before the tool does.
        log_lines.error(
            "org.apache.kafka.clients.admin.KafkaAdminClient",
            f"{cluster.config.log_context}Unregister broker request for broker ID {broker_id} failed: {error}",
        )
        raise
    print(f"Broker {broker_id} is no longer registered.")


def _list_endpoints(cluster: Cluster, parsed: ParsedCommand) -> None:
    includes_fenced = parsed.is_set("include_fenced_brokers")
    if includes_fenced and cluster.is_controller_bootstrap:
        raise illegal_argument(
            "The option --include-fenced-brokers is only supported with --bootstrap-server option"
        )
    try:
        if includes_fenced:
            _require_fenced(cluster)
        nodes = cluster.describe_cluster(include_fenced_brokers=includes_fenced).brokers
    except ApiError as error:
        if error.code != ErrorCode.UNSUPPORTED_VERSION:
            raise
        print(error.text)
        return
    for line in endpoint_lines(nodes, are_controllers=cluster.is_controller_bootstrap):
        print(line)


def _require_fenced(cluster: Cluster) -> None:
    version = cluster.retry(
        lambda _: cluster.any_connection().version_of(ApiKey.DESCRIBE_CLUSTER), call="listNodes"
    )
    if version < _FENCED_SINCE:
        raise UnsupportedVersionError(
            f"Attempted to write a non-default includeFencedBrokers at version {version}"
        )


def endpoint_lines(nodes: Iterable[Any], *, are_controllers: bool) -> list[str]:
    """Return the table of nodes as Kafka prints it; the columns for hosts and racks are as wide as the widest."""
    by_id = {node.broker_id: node for node in nodes}
    host_width = max((len(node.host) for node in by_id.values()), default=_WIDTH_WITHOUT_HOSTS)
    racks = [node.rack for node in by_id.values() if node.rack is not None]
    rack_width = max(map(len, racks), default=_WIDTH_WITHOUT_RACKS)

    def line(node_id: object, host: str, port: object, rack: str | None, state: str, kind: str) -> str:
        shown_rack = "null" if rack is None else rack
        shown_state = "" if are_controllers else f"{state:<10} "
        return f"{node_id!s:<10} {host:<{host_width}} {port!s:<10} {shown_rack:<{rack_width}} {shown_state}{kind:<15}"

    kind = "controller" if are_controllers else "broker"
    return [
        line("ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE"),
        *(
            line(node_id, node.host, node.port, node.rack, "fenced" if node.is_fenced else "unfenced", kind)
            for node_id, node in ((each, by_id[each]) for each in integers_in_hash_order(by_id))
        ),
    ]


_RUNNERS: dict[str, Callable[[Cluster, ParsedCommand], None]] = {
    "cluster-id": _show_cluster_id,
    "unregister": _unregister,
    "list-endpoints": _list_endpoints,
}
