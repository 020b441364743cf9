"""`kafka-topics`: lists, describes, creates, alters and deletes topics (Kafka's `TopicCommand`).

What fails once the options are right is told on standard output, with exit code 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from ottla.cli.admin_access import load_properties, open_admin
from ottla.cli.admin_order import result_order
from ottla.cli.admin_questions import ask_controller
from ottla.cli.failures import ToolError, illegal_argument
from ottla.cli.java_failures import (
    FAILURES,
    admin_command_failed,
    admin_operation_failed,
    message_of,
    stack_trace,
)
from ottla.cli.java_text import java_split
from ottla.cli.jopt import INTEGER, Parsed
from ottla.cli.topic_filter import topic_filter
from ottla.cli.topic_metadata import (
    DEFAULT_PARTITION_LIMIT,
    TopicDescription,
    describe_topic_by_id,
    describe_topics,
    list_topics,
)
from ottla.cli.topics_options import parse_topics_options
from ottla.client import log_lines
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, raise_for
from ottla.errors import ErrorCode, KafkaError
from ottla.jvm_order import integers_in_hash_order, strings_in_hash_order
from ottla.types import INTERNAL_TOPICS, ZERO_UUID, java_string_hash, uuid_to_text

_JAVA_CLASS = "org.apache.kafka.tools.TopicCommand"
_MAX_REPLICATION_FACTOR = (1 << 15) - 1
_BROKER_DEFAULT = -1
_COLLISION_WARNING = (
    "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. "
    "To avoid issues it is best to use either, but not both."
)


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code."""
    parsed = parse_topics_options(arguments)
    with open_admin(
        load_properties(parsed.text("command-config")), parsed.text("bootstrap-server")
    ) as cluster:
        try:
            _run(cluster, parsed)
        except FAILURES as failure:
            print(f"Error while executing topic command : {message_of(failure)}")
            log_lines.error(_JAVA_CLASS, stack_trace(failure))
            return 1
    return 0


def _run(cluster: Cluster, parsed: Parsed) -> None:
    if parsed.has("create"):
        _create(cluster, parsed)
    elif parsed.has("alter"):
        _alter(cluster, parsed)
    elif parsed.has("list"):
        print("\n".join(_chosen_topics(cluster, parsed)))
    elif parsed.has("describe"):
        _describe(cluster, parsed)
    else:
        _delete(cluster, parsed)


def _chosen_topics(cluster: Cluster, parsed: Parsed) -> list[str]:
    """Return the topics that are meant, sorted."""
    excludes_internal = parsed.has("exclude-internal")
    names = sorted(list_topics(cluster, includes_internal=not excludes_internal))
    expression = parsed.text("topic")
    if expression is None:
        return [name for name in names if not (excludes_internal and name in INTERNAL_TOPICS)]
    wanted = topic_filter(expression)
    return [name for name in names if wanted.fits(name, excludes_internal=excludes_internal)]


def _require_topics(names: Sequence[str], parsed: Parsed) -> None:
    expression = parsed.text("topic")
    if expression and not names and not parsed.has("if-exists"):
        raise illegal_argument(f"Topic '{expression}' does not exist as expected")


def _create(cluster: Cluster, parsed: Parsed) -> None:
    name = parsed.text("topic")
    assert name is not None, "the option is required"
    partitions = parsed.number("partitions")
    replication_factor = parsed.number("replication-factor")
    assignment = read_assignment(parsed.text("replica-assignment"))
    configs = read_configs(parsed.texts("config"))
    if "." in name or "_" in name:
        print(_COLLISION_WARNING)
    if replication_factor is not None and not 1 <= replication_factor <= _MAX_REPLICATION_FACTOR:
        raise illegal_argument(
            f"The replication factor must be between 1 and {_MAX_REPLICATION_FACTOR} inclusive"
        )
    if partitions is not None and partitions < 1:
        raise illegal_argument("The partitions must be greater than 0")
    if not name:
        raise ApiError(
            ErrorCode.INVALID_TOPIC_EXCEPTION, "The given topic name '' cannot be represented in a request."
        )
    from ottla.protocol.messages.create_topics import (
        CreatableReplicaAssignment,
        CreatableTopic,
        CreatableTopicConfig,
        CreateTopicsRequest,
    )

    topic = CreatableTopic(
        name=name,
        num_partitions=_BROKER_DEFAULT if partitions is None else partitions,
        replication_factor=_BROKER_DEFAULT if replication_factor is None else replication_factor,
        assignments=[
            CreatableReplicaAssignment(partition_index=number, broker_ids=brokers)
            for number, brokers in enumerate(assignment)
        ],
        configs=[CreatableTopicConfig(name=key, value=value) for key, value in configs.items()],
    )
    request = CreateTopicsRequest(topics=[topic], timeout_ms=cluster.config.request_timeout_ms)
    try:
        for result in ask_controller(cluster, request, "createTopics").topics:
            raise_for(result.error_code, result.error_message)
    except ApiError as error:
        if error.code == ErrorCode.TOPIC_ALREADY_EXISTS and parsed.has("if-not-exists"):
            return
        raise
    print(f"Created topic {name}.")


def read_assignment(text: str | None) -> list[list[int]]:
    """Return the brokers of each partition, from a text such as `1:2,2:3`. Raises ToolError."""
    assignment: list[list[int]] = []
    for number, replicas in enumerate(java_split(text, ",") if text else ()):
        brokers = [_broker_id(each.strip()) for each in java_split(replicas, ":")]
        duplicates = integers_in_hash_order(broker for broker in brokers if brokers.count(broker) > 1)
        if duplicates:
            raise admin_command_failed(
                f"Partition replica lists may not contain duplicate entries: {','.join(map(str, duplicates))}"
            )
        assignment.append(brokers)
        if len(brokers) != len(assignment[0]):
            raise admin_operation_failed(f"Partition {number} has different replication factor: {brokers}")
    return assignment


def _broker_id(text: str) -> int:
    try:
        number: int = INTEGER.read(text)
    except ValueError:
        raise ToolError("java.lang.NumberFormatException", f'For input string: "{text}"') from None
    return number


def read_configs(texts: Sequence[str]) -> dict[str, str]:
    """Return the settings of a new topic from texts such as `key=value`, checked as Kafka's tool does.

    Raises ToolError for a setting that there is not, or that cannot have its value.
    """
    pairs = [java_split(text, r"\s*=\s*") for text in texts]
    if not all(len(pair) == 2 for pair in pairs):
        raise illegal_argument(
            'requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".'
        )
    configs = {key.strip(): value.strip() for key, value in pairs}
    if configs:
        _check_configs(configs)
    return configs


def _check_configs(configs: dict[str, str]) -> None:
    from ottla.config.topic import validate_topic_overrides

    try:
        validate_topic_overrides(configs)
    except KafkaError as error:
        message = error.text or ""
        is_of_names = message.startswith(("Unknown topic config name", "conflict topic config setting"))
        raise ToolError(
            "org.apache.kafka.common.errors.InvalidConfigurationException"
            if is_of_names
            else "org.apache.kafka.common.config.ConfigException",
            message,
        ) from error


def _alter(cluster: Cluster, parsed: Parsed) -> None:
    partitions = parsed.number("partitions")
    assert partitions is not None, "the option is required"
    assignment = read_assignment(parsed.text("replica-assignment"))
    read_configs(parsed.texts("config"))
    names = _chosen_topics(cluster, parsed)
    _require_topics(names, parsed)
    if not names:
        return
    from ottla.protocol.messages.create_partitions import (
        CreatePartitionsAssignment,
        CreatePartitionsRequest,
        CreatePartitionsTopic,
    )

    counts = {topic.name: len(topic.partitions) for topic in describe_topics(cluster, names)}
    topics = [
        CreatePartitionsTopic(
            name=name,
            count=partitions,
            assignments=[
                CreatePartitionsAssignment(broker_ids=brokers) for brokers in assignment[counts[name] :]
            ]
            if assignment
            else None,
        )
        for name in strings_in_hash_order(names)
    ]
    request = CreatePartitionsRequest(topics=topics, timeout_ms=cluster.config.request_timeout_ms)
    response = ask_controller(cluster, request, "createPartitions")
    results = {result.name: result for result in response.results}
    for name in result_order(strings_in_hash_order(names), java_string_hash):
        raise_for(results[name].error_code, results[name].error_message)


def _delete(cluster: Cluster, parsed: Parsed) -> None:
    names = _chosen_topics(cluster, parsed)
    _require_topics(names, parsed)
    if not names:
        return
    from ottla.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState

    request = DeleteTopicsRequest(
        topics=[DeleteTopicState(name=name) for name in names],
        topic_names=names,
        timeout_ms=cluster.config.request_timeout_ms,
    )
    response = ask_controller(cluster, request, "deleteTopics")
    results = {result.name: result for result in response.responses}
    for name in result_order(names, java_string_hash):
        raise_for(results[name].error_code, results[name].error_message)


def _describe(cluster: Cluster, parsed: Parsed) -> None:
    from ottla.cli.resource_configs import ResourceType, describe_configs
    from ottla.cli.topic_moves import list_moves
    from ottla.cli.topics_report import Wanted, topic_lines

    topics = _described_topics(cluster, parsed)
    configs = describe_configs(cluster, ResourceType.TOPIC, [topic.name for topic in topics])
    live_brokers = {broker.broker_id for broker in cluster.describe_cluster().brokers}
    wanted = Wanted(
        live_brokers,
        only_overridden=parsed.has("topics-with-overrides"),
        only_under_replicated=parsed.has("under-replicated-partitions"),
        only_unavailable=parsed.has("unavailable-partitions"),
        only_under_min_isr=parsed.has("under-min-isr-partitions"),
        only_at_min_isr=parsed.has("at-min-isr-partitions"),
    )
    moves = list_moves(cluster, topics)
    for topic in topics:
        for line in topic_lines(topic, configs[topic.name], moves, wanted):
            print(line)


def _described_topics(cluster: Cluster, parsed: Parsed) -> list[TopicDescription]:
    """Return the topics to describe: the one with an id where an id is given that is not zero, else those by name."""
    from ottla.cli.java_uuid import uuid_from_user

    id_text = parsed.text("topic-id")
    topic_id = ZERO_UUID if id_text is None else uuid_from_user(id_text)
    if topic_id != ZERO_UUID:
        known = list_topics(cluster, includes_internal=not parsed.has("exclude-internal"))
        if topic_id in known.values():
            return [describe_topic_by_id(cluster, topic_id)]
        if not parsed.has("if-exists"):
            raise illegal_argument(f"TopicId '{uuid_to_text(topic_id)}' does not exist as expected")
        return []
    names = _chosen_topics(cluster, parsed)
    _require_topics(names, parsed)
    limit = parsed.number("partition-size-limit-per-response") if names else None
    return describe_topics(cluster, names, DEFAULT_PARTITION_LIMIT if limit is None else limit)
