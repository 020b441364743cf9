"""What metrics tell of groups: their states, members, offsets and lag, read from the shards when someone asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ottla.groups.classic_group import GroupState
from ottla.groups.service import GroupService
from ottla.groups.shard import GroupShard
from ottla.partitions.partition_set import PartitionSet
from ottla.telemetry.metric_table import METRICS
from ottla.telemetry.prometheus import Family, Reading


class GroupCollector:
    """Reads the groups that this node coordinates."""

    def __init__(self, groups: GroupService, partitions: PartitionSet) -> None:
        self._groups = groups
        self._partitions = partitions

    def families(self) -> Iterator[Family]:
        """Yield the metrics with their series."""
        # Groups come and go between two slices of the text.
        groups = [
            (shard, group_id) for shard in self._groups.loaded_shards() for group_id in tuple(shard.groups)
        ]
        states = Counter(shard.groups[group_id].state for shard, group_id in groups)
        yield METRICS["kafka_coordinator_group_groupmetadatamanager_numgroups"], (Reading((), len(groups)),)
        yield METRICS["ottla_groups"], [Reading((each.value,), states[each]) for each in GroupState]
        yield (
            METRICS["ottla_consumergroup_state"],
            (
                Reading((group_id, group.state.value), 1)
                for shard, group_id in groups
                if (group := shard.groups.get(group_id)) is not None
            ),
        )
        yield (
            METRICS["kafka_consumergroup_members"],
            (
                Reading((group_id,), len(group.members))
                for shard, group_id in groups
                if (group := shard.groups.get(group_id)) is not None
            ),
        )
        yield METRICS["kafka_consumergroup_current_offset"], _current_offsets(groups)
        yield METRICS["kafka_consumergroup_lag"], self._lags(groups)
        yield METRICS["kafka_consumergroup_lag_sum"], self._lag_sums(groups)

    def _lags(self, groups: list[tuple[GroupShard, str]]) -> Iterator[Reading]:
        for group_id, topic, number, committed in _committed(groups):
            lag = self._lag(topic, number, committed)
            if lag is not None:
                yield Reading((group_id, topic, str(number)), lag)

    def _lag_sums(self, groups: list[tuple[GroupShard, str]]) -> Iterator[Reading]:
        for shard, group_id in groups:
            for topic, offsets in tuple(shard.committed_offsets(group_id).items()):
                lags = [
                    lag
                    for number, each in offsets.items()
                    if (lag := self._lag(topic, number, each.offset)) is not None
                ]
                if lags:
                    yield Reading((group_id, topic), sum(lags))

    def _lag(self, topic: str, number: int, committed: int) -> int | None:
        """Return how many records a group is behind; None where the partition is not here.

        An offset beyond the end, which a client may commit, is no lag.
        """
        partition = self._partitions.get(topic, number)
        return None if partition is None else max(0, partition.high_watermark - committed)


def _committed(groups: list[tuple[GroupShard, str]]) -> Iterator[tuple[str, str, int, int]]:
    for shard, group_id in groups:
        found = [
            (group_id, topic, number, committed.offset)
            for topic, offsets in shard.committed_offsets(group_id).items()
            for number, committed in offsets.items()
        ]
        yield from found


def _current_offsets(groups: list[tuple[GroupShard, str]]) -> Iterator[Reading]:
    for group_id, topic, number, committed in _committed(groups):
        yield Reading((group_id, topic, str(number)), committed)
