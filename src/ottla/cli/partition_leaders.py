"""Questions that go to the leaders of partitions, with the waits and words of Kafka's Java Admin (`AdminApiDriver`).

What is wrong with a topic fails its partitions at once, with a text of its own; a topic that does not exist is waited
for where the question says so. A partition without a leader is waited for, and so is a number that its topic does not
have.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple, TypeVar

from ottla.cli.admin_questions import refuse_controllers
from ottla.client import log_lines
from ottla.client.cluster import Cluster
from ottla.client.connection import Connection
from ottla.client.failures import (
    ApiError,
    UnsupportedVersionError,
    error_of,
)
from ottla.client.leaders import FoundOffset, found_offsets, offsets_request
from ottla.errors import ErrorCode
from ottla.types import TopicPartition

Answer = TypeVar("Answer")
Ask = Callable[[Connection, Sequence[TopicPartition], float], Mapping[TopicPartition, Answer | ApiError]]
"""Asks one leader, within so many seconds, about some of its partitions."""

_INTERNALS = "org.apache.kafka.clients.admin.internals."
"""Where the Java classes are that log what went wrong."""

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


class _TopicFailure(NamedTuple):
    """What Kafka's Admin makes of a topic's error: what it logs, and why it has nothing on the topic's partitions."""

    logged: str
    reason: str


_UNEXPECTED = _TopicFailure(
    "unexpected error for topic {topic} in `Metadata` response", "due to unexpected error for topic `{topic}`"
)
_TOPIC_FAILURES = {
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: _TopicFailure(
        "unknown topic error for topic {topic}", "because metadata for topic `{topic}` could not be found"
    ),
    ErrorCode.TOPIC_AUTHORIZATION_FAILED: _TopicFailure(
        "authorization failure for topic {topic} in `Metadata` response",
        "due to topic authorization failure",
    ),
    ErrorCode.INVALID_TOPIC_EXCEPTION: _TopicFailure(
        "invalid topic error for topic {topic} in `Metadata` response", "due to invalid topic `{topic}`"
    ),
}


def ask_leaders(
    cluster: Cluster,
    partitions: Iterable[TopicPartition],
    ask: Ask[Answer],
    call: str,
    *,
    waits_for_topics: bool = True,
) -> dict[TopicPartition, Answer | ApiError]:
    """Return the answer or the failure of each partition.

    A partition whose error passes by itself is asked for again, after its leader was looked up again, until the time
    of the client is over. Without `waits_for_topics` a topic that does not exist fails its partitions
    (`tolerateUnknownTopics` of `PartitionLeaderStrategy`).
    """
    refuse_controllers(cluster)
    results: dict[TopicPartition, Answer | ApiError] = {}
    pending = list(partitions)
    passing = _PASSING if waits_for_topics else _PASSING - {ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}

    def attempt(remaining_s: float) -> None:
        response = cluster.metadata(
            dict.fromkeys(partition.topic for partition in pending), timeout_s=remaining_s
        )
        for leader, theirs in _by_leader(cluster, response, pending, passing, results).items():
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


def list_offsets(
    cluster: Cluster, partitions: Sequence[TopicPartition], timestamp: int
) -> dict[TopicPartition, FoundOffset | ApiError]:
    """Return the offset of each partition for a timestamp in ms, or for a name such as `client.leaders.LATEST`."""

    def ask(
        leader: Connection, theirs: Sequence[TopicPartition], remaining_s: float
    ) -> dict[TopicPartition, FoundOffset | ApiError]:
        wanted = dict.fromkeys(theirs, timestamp)
        request = offsets_request(leader, wanted, timeout_ms=cluster.config.default_api_timeout_ms)
        return found_offsets(leader.ask(request, timeout_s=request_timeout_s(cluster, remaining_s)))

    if not partitions:
        return {}
    return ask_leaders(cluster, partitions, ask, "listOffsets", waits_for_topics=False)


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
        if not (isinstance(answer, ApiError) and answer.is_retriable)
    }


def _log_failures(cluster: Cluster, answers: Mapping[TopicPartition, Answer | ApiError], call: str) -> None:
    name = call[0].upper() + call[1:]
    for partition, answer in answers.items():
        if isinstance(answer, ApiError):
            log_lines.error(
                f"{_INTERNALS}{name}Handler",
                f"{cluster.config.log_context}{name} request for topic partition {partition} failed due to an "
                f"unexpected error {answer.code.name}",
            )


def _by_leader(
    cluster: Cluster,
    response: Any,
    partitions: Sequence[TopicPartition],
    passing: AbstractSet[ErrorCode],
    results: dict[TopicPartition, Answer | ApiError],
) -> dict[int, list[TopicPartition]]:
    """Return the partitions by their leaders, and put those that can have none into `results`."""
    leaders: dict[int, list[TopicPartition]] = {}
    for topic in response.topics:
        wanted = [partition for partition in partitions if partition.topic == topic.name]
        if topic.error_code:
            if topic.error_code not in passing:
                results.update(_topic_failures(cluster, topic, wanted))
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


def _topic_failures(
    cluster: Cluster, topic: Any, partitions: Iterable[TopicPartition]
) -> dict[TopicPartition, ApiError]:
    """Say what is wrong with a topic, with the trace that Java prints behind it, and fail its partitions."""
    error = _failure(topic.error_code)
    logged, reason = _TOPIC_FAILURES.get(error.code, _UNEXPECTED)
    log_lines.error(
        f"{_INTERNALS}PartitionLeaderStrategy",
        f"{cluster.config.log_context}Received {logged.format(topic=topic.name)}",
    )
    print(error.java_text(), file=sys.stderr)
    words = reason.format(topic=topic.name)
    return {
        partition: _failure(topic.error_code, f"Failed to fetch metadata for partition {partition} {words}")
        for partition in partitions
    }


def _failure(error_code: int, message: str | None = None) -> ApiError:
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
