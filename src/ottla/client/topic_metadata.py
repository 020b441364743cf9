"""What a client remembers of topics: their ids, partitions and leaders, until it is told or grows old.

The law: it holds what the last answer said of the topics that were asked for, and forgets nothing that still leads;
one `refresh` is one request, and who needs more tries again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from ottla.client import log_lines
from ottla.client.cluster import NETWORK_CLIENT, Cluster
from ottla.client.failures import DisconnectedError, error_of
from ottla.errors import ErrorCode
from ottla.types import TopicPartition, Uuid

NO_LEADER = -1

_METADATA = "org.apache.kafka.clients.Metadata"
_INVALID_TOPIC = ErrorCode.INVALID_TOPIC_EXCEPTION


class PartitionView(NamedTuple):
    """One partition: who leads it, in which epoch (-1 when unknown)."""

    leader_id: int
    leader_epoch: int


class TopicView(NamedTuple):
    """One topic, or the error that stands in its place."""

    name: str
    topic_id: Uuid
    error_code: int
    is_internal: bool
    partitions: dict[int, PartitionView]


class TopicMetadata:
    """The topics that a producer or consumer deals with; times are those of the monotonic clock."""

    def __init__(self, cluster: Cluster, max_age_ms: int) -> None:
        self.topics: dict[str, TopicView] = {}
        self.names: dict[Uuid, str] = {}
        self.version = 0
        """Grows with every answer, so that others notice that something may have changed."""
        self._cluster = cluster
        self._max_age_s = max_age_ms / 1000
        self._stale_at_s = 0.0

    @property
    def is_stale(self) -> bool:
        """Whether to refresh before it is used."""
        return time.monotonic() >= self._stale_at_s

    def distrust(self) -> None:
        """Refresh as soon as somebody asks whether it is stale: an answer said that it is wrong."""
        self._stale_at_s = 0.0

    def refresh(
        self,
        names: Iterable[str] | None,
        *,
        allow_auto_topic_creation: bool = False,
        timeout_s: float | None = None,
    ) -> None:
        """Ask for topics by name, or for all with None; again only where the connection had died meanwhile.

        Raises ApiError where no node answers.
        """
        from ottla.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic  # noqa: PLC0415

        wanted = None if names is None else [MetadataRequestTopic(name=name) for name in names]
        request = MetadataRequest(topics=wanted, allow_auto_topic_creation=allow_auto_topic_creation)
        connection = self._cluster.any_connection()
        try:
            response = connection.ask(request, timeout_s=timeout_s)
        except DisconnectedError:  # it may have died long ago, while nobody used it
            connection = self._cluster.any_connection()
            response = connection.ask(request, timeout_s=timeout_s)
        self._cluster.learn(response)
        errors = {topic.name: error_of(topic.error_code) for topic in response.topics if topic.error_code}
        if errors and names is not None:
            shown = ", ".join(
                f"{name}={error.code.name}" for name, error in errors.items() if error is not None
            )
            log_lines.warn(
                NETWORK_CLIENT,
                f"{self._cluster.config.log_context}The metadata response from the cluster reported a recoverable "
                f"issue with correlation id {connection.last_correlation_id} : {{{shown}}}",
            )
            invalid = [
                name for name, error in errors.items() if error is not None and error.code is _INVALID_TOPIC
            ]
            if invalid:
                log_lines.error(
                    _METADATA,
                    f"{self._cluster.config.log_context}Metadata response reported invalid topics "
                    f"[{', '.join(invalid)}]",
                )
        self._take(response)

    def partition_count(self, topic: str) -> int:
        """Return how many partitions a topic has; 0 where it is not known."""
        view = self.topics.get(topic)
        return 0 if view is None else len(view.partitions)

    def leader(self, partition: TopicPartition) -> PartitionView | None:
        """Return who leads a partition; None while nobody is known to."""
        view = self.topics.get(partition.topic)
        found = None if view is None else view.partitions.get(partition.partition)
        return None if found is None or found.leader_id == NO_LEADER else found

    def topic_id(self, topic: str) -> Uuid | None:
        """Return the id of a topic, None where it is not known."""
        view = self.topics.get(topic)
        return None if view is None else view.topic_id

    def _take(self, response: Any) -> None:
        self.version += 1
        self._stale_at_s = time.monotonic() + self._max_age_s
        for topic in response.topics:
            if topic.name is None:
                continue
            partitions = {
                row.partition_index: PartitionView(
                    row.leader_id if row.error_code != ErrorCode.LEADER_NOT_AVAILABLE else NO_LEADER,
                    row.leader_epoch,
                )
                for row in topic.partitions
            }
            before = self.topics.get(topic.name)
            if before is not None:
                self.names.pop(before.topic_id, None)
            self.topics[topic.name] = TopicView(
                topic.name, topic.topic_id, topic.error_code, topic.is_internal, partitions
            )
            self.names[topic.topic_id] = topic.name
