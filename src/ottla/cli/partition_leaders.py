"""Questions that go to the leaders of partitions, with the waits and words of Kafka's Java Admin (`AdminApiDriver`).

Other than for the clients beside it, a topic that does not exist is waited for, and what else is wrong with a topic
fails its partitions at once, with a text of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from ottla.cli.admin_questions import refuse_controllers
from ottla.client import log_lines
from ottla.client.cluster import Cluster
from ottla.client.connection import Connection
from ottla.client.failures import (
    INVALID_METADATA,
    ApiError,
    UnsupportedVersionError,
    error_of,
)
from ottla.errors import ErrorCode
from ottla.types import TopicPartition

Answer = TypeVar("Answer")
Ask = Callable[[Connection, Sequence[TopicPartition], float], Mapping[TopicPartition, Answer | ApiError]]
"""Asks one leader, within so many seconds, about some of its partitions."""

_HANDLERS = "org.apache.kafka.clients.admin.internals."
"""Where the Java classes are that log what a leader refused."""

_PASSING = frozenset(
    {
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.LEADER_NOT_AVAILABLE,
        ErrorCode.BROKER_NOT_AVAILABLE,
    }
)
"""Errors of a topic in Metadata that pass by themselves."""
_PASSING_OF_PARTITION = _PASSING | {
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ErrorCode.REPLICA_NOT_AVAILABLE,
    ErrorCode.KAFKA_STORAGE_ERROR,
}
"""The same of a partition."""
_REASONS = {
    ErrorCode.TOPIC_AUTHORIZATION_FAILED: "due to topic authorization failure",
    ErrorCode.INVALID_TOPIC_EXCEPTION: "due to invalid topic `{topic}`",
}


def ask_leaders(
    cluster: Cluster,
    partitions: Iterable[TopicPartition],
    ask: Ask[Answer],
    call: str,
) -> dict[TopicPartition, Answer | ApiError]:
    """Return the answer or the failure of each partition.

    A partition whose error passes by itself is asked for again, after its leader was looked up again, until the time
    of the client is over.
    """
    refuse_controllers(cluster)
    results: dict[TopicPartition, Answer | ApiError] = {}
    pending = list(partitions)

    def attempt(remaining_s: float) -> None:
        leaders = _look_up(cluster, pending, results, remaining_s=remaining_s)
        for leader, theirs in leaders.items():
            answers = _answered(cluster.node(leader), theirs, ask, remaining_s)
            _log_failures(cluster, answers, call)
            results.update(answers)
        pending[:] = [partition for partition in pending if partition not in results]
        if pending:
            raise ApiError(ErrorCode.LEADER_NOT_AVAILABLE)

    try:
        cluster.retry(attempt, call=f"{call}(api=METADATA)")
    except ApiError as error:
        results.update(dict.fromkeys(pending, error))
    return results


def _answered(
    leader: Connection, partitions: Sequence[TopicPartition], ask: Ask[Answer], remaining_s: float
) -> dict[TopicPartition, Answer | ApiError]:
    """Return what is known for good of partitions; those whose errors pass are left out."""
    try:
        answers = ask(leader, partitions, remaining_s)
    except UnsupportedVersionError as error:
        return dict.fromkeys(partitions, error)
    return {
        partition: answer
        for partition, answer in answers.items()
        if not (isinstance(answer, ApiError) and (answer.is_retriable or answer.code in INVALID_METADATA))
    }


def _log_failures(cluster: Cluster, answers: Mapping[TopicPartition, Answer | ApiError], call: str) -> None:
    name = call[0].upper() + call[1:]
    for partition, answer in answers.items():
        if isinstance(answer, ApiError):
            log_lines.error(
                f"{_HANDLERS}{name}Handler",
                f"{cluster.config.log_context}{name} request for topic partition {partition} failed due to an "
                f"unexpected error {answer.code.name}",
            )


def _look_up(
    cluster: Cluster,
    partitions: Sequence[TopicPartition],
    results: dict[TopicPartition, Answer | ApiError],
    *,
    remaining_s: float,
) -> dict[int, list[TopicPartition]]:
    """Return the partitions by their leaders, and put those that can have none into `results`."""
    names = dict.fromkeys(partition.topic for partition in partitions)
    response = cluster.metadata(names, timeout_s=remaining_s)
    leaders: dict[int, list[TopicPartition]] = {}
    for topic in response.topics:
        wanted = [partition for partition in partitions if partition.topic == topic.name]
        if topic.error_code:
            if topic.error_code not in _PASSING:
                results.update(
                    {partition: _topic_failure(topic.error_code, partition) for partition in wanted}
                )
            continue
        states = {state.partition_index: state for state in topic.partitions}
        for partition in wanted:
            state = states.get(partition.partition)
            if state is None:
                continue
            if state.error_code and state.error_code not in _PASSING_OF_PARTITION:
                results[partition] = _failure(
                    state.error_code, f"Unexpected error during metadata lookup for {partition}"
                )
            elif not state.error_code and state.leader_id >= 0:
                leaders.setdefault(state.leader_id, []).append(partition)
    return leaders


def _topic_failure(error_code: int, partition: TopicPartition) -> ApiError:
    reason = _REASONS.get(ErrorCode(error_code), "due to unexpected error for topic `{topic}`")
    return _failure(
        error_code,
        f"Failed to fetch metadata for partition {partition} {reason.format(topic=partition.topic)}",
    )


def _failure(error_code: int, message: str) -> ApiError:
    error = error_of(error_code, message)
    assert error is not None, "the code is one of an error"
    return error


def request_timeout_s(cluster: Cluster, remaining_s: float) -> float:
    """Return how long one request may take when so many seconds are left."""
    return max(0.001, min(cluster.config.request_timeout_ms / 1000, remaining_s))


def partition_answers(
    topics: Iterable[Any], answer_of: Callable[[Any], Answer]
) -> dict[TopicPartition, Answer | ApiError]:
    """Return what a response says of each partition of its topics, in the shape that most responses have."""
    return {
        TopicPartition(topic.name, partition.partition_index): error_of(partition.error_code)
        or answer_of(partition)
        for topic in topics
        for partition in topic.partitions
    }


def by_topic(partitions: Iterable[TopicPartition]) -> dict[str, list[int]]:
    """Return the numbers of partitions by their topics."""
    numbers: dict[str, list[int]] = {}
    for partition in partitions:
        numbers.setdefault(partition.topic, []).append(partition.partition)
    return numbers
