"""kafka-log-dirs: shows what the data directories of brokers hold, as one line of JSON."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ottla.cli.admin_access import load_properties, open_admin
from ottla.cli.failures import ToolError, terse
from ottla.cli.java_failures import execution_failure
from ottla.cli.jopt import INTEGER, REQUIRED, Opt, Parsed, parse
from ottla.cli.json_input import print_json
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, error_of
from ottla.errors import ErrorCode
from ottla.jvm_order import integers_in_hash_order, partitions_in_hash_order, strings_in_hash_order
from ottla.types import TopicPartition

_PURPOSE = "This tool helps to query log directory usage on the specified brokers."

OPTIONS = (
    Opt("bootstrap-server", "The brokers to connect to; needed.", REQUIRED, "host:port"),
    Opt("command-config", "A file with settings of the client.", REQUIRED, "Admin client property file"),
    Opt("describe", "Show the directories; needed."),
    Opt("topic-list", "Only these topics, as in topic1,topic2.", REQUIRED, "Topic list", default=""),
    Opt("broker-list", "Only these brokers, as in 0,1.", REQUIRED, "Broker list", default=""),
)


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code. Raises what `cli.frame` prints."""
    parsed = parse(OPTIONS, arguments)
    parsed.check_help_and_version(_PURPOSE)
    parsed.check_required("bootstrap-server", "describe")
    properties = load_properties(parsed.text("command-config"))
    servers = parsed.text("bootstrap-server")
    with open_admin(properties, servers, client_id="log-dirs-tool") as cluster:
        try:
            _describe(cluster, parsed)
        except ApiError as error:
            raise execution_failure(error) from error
    return 0


def _describe(cluster: Cluster, parsed: Parsed) -> None:
    topics = set(_split(parsed.text("topic-list") or ""))
    cluster.describe_cluster()
    existing = integers_in_hash_order(cluster.nodes)
    asked = [_broker_id(text) for text in _split(parsed.text("broker-list") or "")]
    missing = integers_in_hash_order(each for each in asked if each not in cluster.nodes)
    if missing:
        raise terse(
            f"ERROR: The given brokers do not exist from --broker-list: {_joined(missing)}. "
            f"Current existent brokers: {_joined(existing)}"
        )
    chosen = integers_in_hash_order(asked or existing)
    print("Querying brokers for log directories information")
    answers = {broker_id: _log_dirs(cluster, broker_id) for broker_id in chosen}
    print(f"Received log directory information from brokers {_joined(chosen)}")
    ordered = integers_in_hash_order(answers, capacity=len(answers))
    brokers = [{"broker": each, "logDirs": shown_directories(answers[each], topics)} for each in ordered]
    print(print_json({"brokers": brokers, "version": 1}))


def shown_directories(results: Sequence[Any], topics: Collection[str]) -> list[dict[str, Any]]:
    """Return what is shown of the directories in an answer; `topics` are those that are wanted, all where it is empty.

    Keys, directories and partitions come in the order of Java's hash maps, which Kafka's tool prints.
    """
    by_path = {result.log_dir: result for result in results}
    return [
        {
            "partitions": _shown_partitions(by_path[path], topics),
            "error": _error_class(by_path[path].error_code),
            "logDir": path,
        }
        for path in strings_in_hash_order(by_path, capacity=len(results))
    ]


def _shown_partitions(result: Any, topics: Collection[str]) -> list[dict[str, Any]]:
    rows = {
        TopicPartition(topic.name, row.partition_index): row
        for topic in result.topics
        for row in topic.partitions
    }
    wanted = [each for each in partitions_in_hash_order(rows) if not topics or each.topic in topics]
    return [
        {
            "partition": str(each),
            "size": rows[each].partition_size,
            "offsetLag": rows[each].offset_lag,
            "isFuture": rows[each].is_future_key,
        }
        for each in partitions_in_hash_order(wanted)
    ]


def _error_class(code: int) -> str | None:
    error = error_of(code)
    return None if error is None else error.java_class


def _log_dirs(cluster: Cluster, broker_id: int) -> list[Any]:
    from ottla.protocol.messages.describe_log_dirs import DescribeLogDirsRequest

    response = cluster.ask_node(broker_id, DescribeLogDirsRequest(topics=None), call="describeLogDirs")
    if not response.results:
        # A broker that may not say has always sent no directories; the code came with v3.
        code = response.error_code or ErrorCode.CLUSTER_AUTHORIZATION_FAILED
        raise ApiError(ErrorCode(code))
    results: list[Any] = response.results
    return results


def _split(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def _broker_id(text: str) -> int:
    try:
        return int(INTEGER.read(text))
    except ValueError as error:
        raise ToolError("java.lang.NumberFormatException", f'For input string: "{text}"') from error


def _joined(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))
