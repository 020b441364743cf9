"""Where a consumer starts: at committed offsets first, then by its policy, and by that again where the log is not.

The law: what is found is sought in the positions. Each question is asked once; what passes by itself is raised as it
is, for the consumer to try again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from ottla.client.cluster import COORDINATOR_MOVED, Cluster, error_codes
from ottla.client.consumer_settings import READ_COMMITTED, ConsumerSettings, ResetPolicy
from ottla.client.failures import ApiError
from ottla.client.fetcher import partitions_text
from ottla.client.group_offsets import OffsetAndMetadata, committed_request, read_committed_offsets
from ottla.client.leaders import EARLIEST, LATEST, FoundOffset, list_offsets
from ottla.client.positions import Positions
from ottla.client.topic_metadata import TopicMetadata
from ottla.errors import ErrorCode
from ottla.types import TopicPartition

_PACKAGE = "org.apache.kafka.clients.consumer"


class StartingPositions:
    """The starts of one consumer's partitions."""

    def __init__(
        self, cluster: Cluster, settings: ConsumerSettings, metadata: TopicMetadata, positions: Positions
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._metadata = metadata
        self._positions = positions
        self._found_changes = -1

    def find(self, out_of_range: dict[TopicPartition, int]) -> None:
        """Find where to start, for partitions of which it is not known.

        `out_of_range` are offsets that the log was asked for in vain; those that were dealt with are taken out. Raises
        ApiError, retriable where it is to be tried again.
        """
        self._notice_out_of_range(out_of_range)
        if self._found_changes == self._positions.changes:
            return
        unknown = self._positions.without_offset()
        if unknown:
            committed = self._ask_committed(unknown) if self._settings.group_id else {}
            for partition in unknown:
                found = committed.get(partition)
                if found is not None:
                    self._positions.seek(partition, found.offset, found.leader_epoch)
                else:
                    self._reset_by_policy(partition)
        to_reset = self._positions.to_reset()
        if to_reset:
            self._reset(to_reset)
        self._found_changes = self._positions.changes

    def _notice_out_of_range(self, out_of_range: dict[TopicPartition, int]) -> None:
        """Reset partitions that are read where the log is not, once all that was fetched before is through."""
        for partition, offset in list(out_of_range.items()):
            position = self._positions.by_partition.get(partition)
            if position is not None and position.fetch_offset == offset and position.offset != offset:
                continue  # some of what was fetched is still to be read
            del out_of_range[partition]
            if position is None or position.offset != offset:
                continue
            if self._settings.auto_offset_reset.kind == "none":
                raise ApiError(
                    ErrorCode.OFFSET_OUT_OF_RANGE,
                    f"Fetch position {offset} is out of range for partition {partition}",
                    java_class=f"{_PACKAGE}.OffsetOutOfRangeException",
                )
            self._reset_by_policy(partition)

    def _reset_by_policy(self, partition: TopicPartition) -> None:
        policy = self._settings.auto_offset_reset
        if policy.kind == "none":
            raise ApiError(
                ErrorCode.OFFSET_OUT_OF_RANGE,
                f"Undefined offset with no reset policy for partitions: {partitions_text([partition])}",
                java_class=f"{_PACKAGE}.NoOffsetForPartitionException",
            )
        self._positions.request_reset(partition, policy)

    def _reset(self, policies: Mapping[TopicPartition, ResetPolicy]) -> None:
        now_ms = time.time_ns() // 1_000_000
        wanted = {
            partition: {"earliest": EARLIEST, "latest": LATEST}.get(policy.kind, now_ms - policy.duration_ms)
            for partition, policy in policies.items()
        }
        found = self._list_offsets(wanted)
        later = {partition: LATEST for partition, offset in found.items() if offset.offset < 0}
        found |= self._list_offsets(later) if later else {}
        for partition, offset in found.items():
            self._positions.seek(partition, offset.offset, offset.leader_epoch)

    def _list_offsets(self, wanted: Mapping[TopicPartition, int]) -> dict[TopicPartition, FoundOffset]:
        outcomes = list_offsets(
            self._cluster, wanted, self._metadata, isolation_level=self._settings.isolation_level
        )
        found = {}
        for partition, outcome in outcomes.items():
            if isinstance(outcome, ApiError):
                raise outcome
            found[partition] = outcome
        return found

    def _ask_committed(self, partitions: list[TopicPartition]) -> dict[TopicPartition, OffsetAndMetadata]:
        """Ask the coordinator once for committed offsets."""
        group_id = self._settings.group_id
        assert group_id is not None, "who commits has a group"
        is_stable = self._settings.isolation_level == READ_COMMITTED
        connection = self._cluster.node(self._cluster.coordinator(group_id))
        response = connection.ask(committed_request(group_id, partitions, require_stable=is_stable))
        if COORDINATOR_MOVED & error_codes(response):
            self._cluster.forget_coordinator(group_id)
        return read_committed_offsets(response)
