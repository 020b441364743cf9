"""`kafka-delete-records`: deletes the records of partitions below an offset (Kafka's `DeleteRecordsCommand`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ottla.cli.admin_access import load_properties, open_admin, read_text
from ottla.cli.failures import ToolError
from ottla.cli.java_failures import admin_command_failed, admin_operation_failed
from ottla.cli.jopt import REQUIRED, Opt, Parsed, parse
from ottla.cli.json_input import (
    as_array,
    as_integer,
    as_long,
    as_object,
    as_string,
    is_parse_failure,
    member,
    parse_json,
)
from ottla.cli.partition_leaders import ask_leaders, by_topic, partition_answers, request_timeout_s
from ottla.client.cluster import Cluster
from ottla.client.connection import Connection
from ottla.client.failures import ApiError
from ottla.jvm_order import partitions_in_hash_order
from ottla.types import TopicPartition

_VERSION = 1
"""The only version of the file."""

OPTIONS = (
    Opt(
        "bootstrap-server",
        "REQUIRED: the broker to connect to.",
        REQUIRED,
        "server(s) to use for bootstrapping",
    ),
    Opt(
        "offset-json-file",
        "REQUIRED: a file with the offset before which each partition loses its records, -1 for all that are "
        'committed:\n{"partitions":\n  [{"topic": "foo", "partition": 1, "offset": 1}],\n "version":1\n}',
        REQUIRED,
        "Offset json file path",
    ),
    Opt(
        "command-config", "A file with settings of the client.", REQUIRED, "command config property file path"
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code."""
    parsed = _parse(arguments)
    with open_admin(
        load_properties(parsed.text("command-config")), parsed.text("bootstrap-server")
    ) as cluster:
        offsets = read_offsets(read_text(parsed.text("offset-json-file") or ""))
        print("Executing records delete operation")
        results = _delete(cluster, offsets)
        print("Records delete operation completed:")
        for partition in partitions_in_hash_order(offsets):
            answer = results[partition]
            if isinstance(answer, ApiError):
                print(f"partition: {partition}\terror: {answer.java_text()}")
            else:
                print(f"partition: {partition}\tlow_watermark: {answer}")
    return 0


def _parse(arguments: Sequence[str]) -> Parsed:
    parsed = parse(OPTIONS, arguments)
    parsed.check_help_and_version(
        "This tool helps to delete records of the given partitions down to the specified offset."
    )
    parsed.check_required("bootstrap-server", "offset-json-file")
    return parsed


def read_offsets(text: str) -> dict[TopicPartition, int]:
    """Return the offset of each partition that the content of a file names. Raises ToolError."""
    try:
        file = as_object(parse_json(text))
    except ToolError as failure:
        if is_parse_failure(failure):
            raise admin_operation_failed("The input string is not a valid JSON") from failure
        raise
    version = as_integer(file["version"]) if "version" in file else _VERSION
    if version != _VERSION:
        raise admin_operation_failed(f"Not supported version field value {version}")
    if "partitions" not in file:
        raise admin_operation_failed("Missing partitions field")
    offsets: dict[TopicPartition, int] = {}
    repeated = []
    for each in as_array(file["partitions"]):
        node = as_object(each)
        partition = TopicPartition(as_string(member(node, "topic")), as_integer(member(node, "partition")))
        offset = as_long(member(node, "offset"))
        if partition in offsets:
            repeated.append(partition)
        offsets[partition] = offset
    if repeated:
        names = ",".join(map(str, partitions_in_hash_order(repeated)))
        raise admin_command_failed(f"Offset json file contains duplicate topic partitions: {names}")
    return offsets


def _delete(cluster: Cluster, offsets: Mapping[TopicPartition, int]) -> dict[TopicPartition, int | ApiError]:
    """Return the new first offset of each partition, or why it has none."""
    from ottla.protocol.messages.delete_records import (
        DeleteRecordsPartition,
        DeleteRecordsRequest,
        DeleteRecordsTopic,
    )

    def ask(
        leader: Connection, partitions: Sequence[TopicPartition], remaining_s: float
    ) -> dict[TopicPartition, int | ApiError]:
        request = DeleteRecordsRequest(
            topics=[
                DeleteRecordsTopic(
                    name=topic,
                    partitions=[
                        DeleteRecordsPartition(
                            partition_index=number, offset=offsets[TopicPartition(topic, number)]
                        )
                        for number in numbers
                    ],
                )
                for topic, numbers in by_topic(partitions).items()
            ],
            timeout_ms=cluster.config.default_api_timeout_ms,
        )
        response = leader.ask(request, timeout_s=request_timeout_s(cluster, remaining_s))
        return partition_answers(response.topics, lambda partition: int(partition.low_watermark))

    if not offsets:
        return {}
    return ask_leaders(cluster, offsets, ask, "deleteRecords")
