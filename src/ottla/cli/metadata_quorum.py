"""kafka-metadata-quorum: shows the metadata quorum, and adds and removes controllers."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

from ottla.cli.admin_access import ask_broker_or_controller, load_properties, open_admin
from ottla.cli.arguments import (
    Argument,
    ArgumentsError,
    Command,
    HelpRequestedError,
    ParsedCommand,
    parse_command,
)
from ottla.cli.failures import terse
from ottla.cli.java_failures import execution_failure
from ottla.cli.metadata_quorum_report import Quorum, Replica, replication, status
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, raise_for
from ottla.errors import ErrorCode
from ottla.types import CLUSTER_METADATA_TOPIC

_PROGRAM = "kafka-metadata-quorum"
_DESCRIPTION = "This tool describes kraft metadata quorum status."

OPTIONS = (
    Argument(
        ("--bootstrap-server",), "brokers to connect to, as host:port", required=True, group="bootstrap"
    ),
    Argument(
        ("--bootstrap-controller",),
        "controllers to connect to, as host:port",
        required=True,
        group="bootstrap",
    ),
    Argument(
        ("--command-config",), "a file with settings of the client; with add-controller, of the controller"
    ),
)
_DRY_RUN = Argument(("--dry-run",), "only say what would be done", takes_value=False)

COMMANDS = (
    Command(
        "describe",
        "Describe the metadata quorum info",
        (
            Argument(("--status",), "a summary of the quorum", takes_value=False),
            Argument(("--replication",), "how far each replica is", takes_value=False),
            Argument(("--human-readable",), "with --replication: how long ago times are", takes_value=False),
        ),
    ),
    Command("add-controller", "Add a controller to the KRaft controller cluster", (_DRY_RUN,)),
    Command(
        "remove-controller",
        "Remove a controller from the KRaft controller cluster",
        (
            Argument(("--controller-id", "-i"), "the id of the controller", required=True, is_integer=True),
            Argument(("--controller-directory-id", "-d"), "the id of its directory", required=True),
            _DRY_RUN,
        ),
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code. Raises what `cli.frame` prints."""
    try:
        parsed = parse_command(_PROGRAM, _DESCRIPTION, COMMANDS, arguments, options=OPTIONS)
    except HelpRequestedError as asked:
        print(asked.text, end="")
        return 0
    except ArgumentsError as error:
        print(error.text, end="", file=sys.stderr)
        return 1
    properties = _properties(parsed.value("command_config"))
    controllers = parsed.value("bootstrap_controller")
    with open_admin(properties, parsed.value("bootstrap_server"), controllers=controllers) as cluster:
        try:
            _run(cluster, parsed, properties)
        except ApiError as error:
            raise execution_failure(error) from error
    return 0


def _properties(path: str | None) -> dict[str, str]:
    if path is not None and not os.path.exists(path):  # noqa: PTH110 - see client.properties
        raise terse(f"Properties file {path} does not exists!")
    return load_properties(path)


def _run(cluster: Cluster, parsed: ParsedCommand, properties: dict[str, str]) -> None:
    if parsed.name == "describe":
        _describe(cluster, parsed)
    elif parsed.name == "add-controller":
        if not parsed.is_set("command_config"):
            raise terse(
                "You must supply the configuration file of the controller you are adding when using add-controller."
            )
        from ottla.cli.metadata_quorum_voters import add_controller

        add_controller(cluster, properties, is_dry_run=parsed.is_set("dry_run"))
    else:
        from ottla.cli.metadata_quorum_voters import remove_controller

        remove_controller(
            cluster,
            int(parsed.value("controller_id") or 0),
            parsed.value("controller_directory_id") or "",
            is_dry_run=parsed.is_set("dry_run"),
        )


def _describe(cluster: Cluster, parsed: ParsedCommand) -> None:
    wants_status, wants_replication = parsed.is_set("status"), parsed.is_set("replication")
    is_human = parsed.is_set("human_readable")
    if wants_status and wants_replication:
        raise terse("Only one of --status or --replication should be specified with describe sub-command")
    if wants_replication:
        quorum = describe_quorum(cluster)
        print(replication(quorum, now_ms=time.time_ns() // 1_000_000 if is_human else None), end="")
    elif wants_status:
        if is_human:
            raise terse("The option --human-readable is only supported along with --replication")
        cluster_id = cluster.describe_cluster().cluster_id
        print(status(describe_quorum(cluster), cluster_id), end="")
    else:
        raise terse("One of --status or --replication must be specified with describe sub-command")


def describe_quorum(cluster: Cluster) -> Quorum:
    """Return the metadata quorum. Raises ApiError."""
    from ottla.protocol.messages.describe_quorum import (
        DescribeQuorumPartition,
        DescribeQuorumRequest,
        DescribeQuorumTopic,
    )

    topic = DescribeQuorumTopic(
        topic_name=CLUSTER_METADATA_TOPIC, partitions=[DescribeQuorumPartition(partition_index=0)]
    )
    response = ask_broker_or_controller(
        cluster, DescribeQuorumRequest(topics=[topic]), "describeMetadataQuorum"
    )
    raise_for(response.error_code, response.error_message)
    if len(response.topics) != 1 or len(response.topics[0].partitions) != 1:
        words = f"DescribeMetadataQuorum received {len(response.topics)} topics when 1 was expected"
        raise ApiError(ErrorCode.UNKNOWN_SERVER_ERROR, words)
    (partition,) = response.topics[0].partitions
    raise_for(partition.error_code, partition.error_message)
    return Quorum(
        partition.leader_id,
        partition.leader_epoch,
        partition.high_watermark,
        _replicas(partition.current_voters),
        _replicas(partition.observers),
        {
            node.node_id: [f"{each.name}://{_url_host(each.host)}:{each.port}" for each in node.listeners]
            for node in response.nodes
        },
    )


def _replicas(rows: Iterable[Any]) -> tuple[Replica, ...]:
    return tuple(
        Replica(
            row.replica_id,
            row.replica_directory_id,
            row.log_end_offset,
            row.last_fetch_timestamp,
            row.last_caught_up_timestamp,
        )
        for row in rows
    )


def _url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
