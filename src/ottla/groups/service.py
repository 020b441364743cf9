"""The group coordinator as handlers see it: finds a group's shard, and keeps one per partition that this node leads.

A shard is loaded when the image says that this node leads its partition of `__consumer_offsets`, and closed when it no
longer does. Until the first image came nothing can be said about any group.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ottla.completion import Completion, gather
from ottla.config.resolved import BrokerConfig
from ottla.coordination.partition_log import PartitionMachineLog, RecordCodec
from ottla.coordination.runtime import MachineShell, Runtime, ShellErrors
from ottla.errors import ErrorCode, KafkaError
from ottla.groups.commands import DeleteGroups, DescribeGroups, ListGroups, RemoveTopics, ShardCommand
from ottla.groups.log_records import ShardRecord, TransactionMarker, decode_record, encode_record
from ottla.groups.shard import GroupShard
from ottla.groups.turn import GroupSettings
from ottla.metadata.aspects.topics import TopicImage
from ottla.metadata.image import ClusterImage, ImageDelta
from ottla.partitions.partition import Partition
from ottla.partitions.partition_set import PartitionSet
from ottla.protocol.messages.delete_groups import DeletableGroupResult
from ottla.protocol.messages.describe_groups import DescribedGroup
from ottla.protocol.messages.list_groups import ListedGroup
from ottla.records.compression import Codec
from ottla.types import CONSUMER_OFFSETS_TOPIC, coordinator_partition

logger = logging.getLogger("ottla.groups")

SHARD_QUEUE_LIMIT = 10_000
"""Commands that may wait behind one unfinished append: more than connections that one broker serves have requests."""

_MINUTE_MS = 60_000

_CODEC: RecordCodec[ShardRecord] = RecordCodec(encode_record, decode_record, TransactionMarker)

_APPEND_ERRORS = {
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.NOT_ENOUGH_REPLICAS: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.REQUEST_TIMED_OUT: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.NOT_LEADER_OR_FOLLOWER: ErrorCode.NOT_COORDINATOR,
    ErrorCode.KAFKA_STORAGE_ERROR: ErrorCode.NOT_COORDINATOR,
    ErrorCode.NETWORK_EXCEPTION: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode.MESSAGE_TOO_LARGE: ErrorCode.UNKNOWN_SERVER_ERROR,
    ErrorCode.RECORD_LIST_TOO_LARGE: ErrorCode.UNKNOWN_SERVER_ERROR,
    ErrorCode.INVALID_FETCH_SIZE: ErrorCode.UNKNOWN_SERVER_ERROR,
}
"""What a failed append is to a client of the coordinator (facts 1.3)."""


def client_error(error: BaseException) -> KafkaError:
    """Translate what a shard's log failed with."""
    if isinstance(error, KafkaError):
        return KafkaError(_APPEND_ERRORS.get(error.code, error.code))
    return KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)


_SHELL_ERRORS = ShellErrors(
    loading=ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    closed=ErrorCode.NOT_COORDINATOR,
    overloaded=ErrorCode.COORDINATOR_NOT_AVAILABLE,
    append_failed=client_error,
)


@dataclass(slots=True)
class _Shard:
    partition: Partition
    shell: MachineShell[ShardCommand, ShardRecord]


class GroupService:
    """Routes commands to shards; follows the image as a subscriber of the publisher, after the partitions."""

    def __init__(self, config: BrokerConfig, partitions: PartitionSet, runtime: Runtime) -> None:
        self._config = config
        self._partitions = partitions
        self._runtime = runtime
        self._settings = GroupSettings(
            group_initial_rebalance_delay_ms=config.group_initial_rebalance_delay_ms,
            group_max_size=config.group_max_size,
            offset_metadata_max_bytes=config.offset_metadata_max_bytes,
            offsets_retention_ms=config.offsets_retention_minutes * _MINUTE_MS,
            offsets_retention_check_interval_ms=config.offsets_retention_check_interval_ms,
        )
        self._shards: dict[int, _Shard] = {}
        self._topic: TopicImage | None = None
        self._is_running = False

    # For handlers

    def partition_for(self, group_id: str) -> int:
        """Return the partition of `__consumer_offsets` that a group belongs to, also before the topic is there."""
        count = (
            len(self._topic.partitions)
            if self._topic is not None
            else self._config.offsets_topic_num_partitions
        )
        return coordinator_partition(group_id, count)

    def submit(self, group_id: str, command: ShardCommand) -> None:
        """Hand a command to the group's shard. Its `reply_to` is completed in every case.

        It fails with KafkaError COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS or NOT_COORDINATOR where
        no shard can answer now.
        """
        self._submit_to(self.partition_for(group_id), command)

    def describe_groups(self, group_ids: Iterable[str]) -> Completion[list[DescribedGroup]]:
        """Describe groups; one that no shard can answer for carries the reason."""
        commands = []
        for partition, ids in self._by_partition(group_ids).items():
            command = DescribeGroups(ids)
            self._submit_to(partition, command)
            commands.append(command)

        def collect(_: object) -> list[DescribedGroup]:
            described: list[DescribedGroup] = []
            for command in commands:
                code = _code_of(command.reply_to)
                if code is ErrorCode.NONE:
                    described += command.reply_to.result()
                else:
                    described += [
                        DescribedGroup(group_id=each, error_code=code) for each in command.group_ids
                    ]
            return described

        return gather([command.reply_to for command in commands]).map(collect)

    def list_groups(self, states: Collection[str], types: Collection[str]) -> Completion[list[ListedGroup]]:
        """List the groups of all shards. Fails with KafkaError while one of them cannot answer."""
        if not self._is_running:
            return Completion.failed(KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE))
        commands = []
        for shard in list(self._shards.values()):
            command = ListGroups(states, types)
            shard.shell.submit(command)
            commands.append(command)

        def collect(_: object) -> list[ListedGroup]:
            # A shard that was closed meanwhile is some other node's to list.
            answers = [c.reply_to for c in commands if _code_of(c.reply_to) is not ErrorCode.NOT_COORDINATOR]
            return [group for answer in answers for group in answer.result()]

        return gather([command.reply_to for command in commands]).map(collect)

    def delete_groups(self, group_ids: Iterable[str]) -> Completion[list[DeletableGroupResult]]:
        """Delete groups without members; one that no shard can answer for carries the reason."""
        commands = []
        for partition, ids in self._by_partition(group_ids).items():
            command = DeleteGroups(ids)
            self._submit_to(partition, command)
            commands.append(command)

        def collect(_: object) -> list[DeletableGroupResult]:
            results: list[DeletableGroupResult] = []
            for command in commands:
                code = _code_of(command.reply_to)
                if code is ErrorCode.NONE:
                    results += command.reply_to.result()
                else:
                    results += [
                        DeletableGroupResult(group_id=each, error_code=code) for each in command.group_ids
                    ]
            return results

        return gather([command.reply_to for command in commands]).map(collect)

    def loaded_shards(self) -> list[GroupShard]:
        """Return the shards that answer now, to be looked at and never to be changed."""
        machines = (shard.shell.machine for shard in self._shards.values())
        return [machine for machine in machines if isinstance(machine, GroupShard)]

    # For the composition root

    def on_image(self, image: ClusterImage, delta: ImageDelta) -> None:
        """Load and close shards as their partitions come and go, and forget the offsets of deleted topics."""
        self._is_running = True
        topic = image.topics.by_name.get(CONSUMER_OFFSETS_TOPIC)
        if topic is not self._topic:
            self._topic = topic
            self._follow(topic)
        deleted = sorted(topic.name for topic in delta.deleted_topics.values())
        if deleted:
            for number, shard in self._shards.items():
                _remove_topics(number, shard, deleted)

    def partitions_created(self) -> None:
        """Load the shards of partitions whose directories were still being made when the image came."""
        if self._is_running:
            self._follow(self._topic)

    def stop(self) -> None:
        """Close all shards; whoever waits is told to look for the coordinator again."""
        self._is_running = False
        for number in list(self._shards):
            self._close(number)

    # Shards

    def _submit_to(self, partition: int, command: ShardCommand) -> None:
        shard = self._shards.get(partition)
        if shard is not None:
            shard.shell.submit(command)
        else:
            code = ErrorCode.NOT_COORDINATOR if self._is_running else ErrorCode.COORDINATOR_NOT_AVAILABLE
            command.reply_to.fail(KafkaError(code))

    def _by_partition(self, group_ids: Iterable[str]) -> dict[int, list[str]]:
        groups: dict[int, list[str]] = {}
        for group_id in group_ids:
            groups.setdefault(self.partition_for(group_id), []).append(group_id)
        return groups

    def _follow(self, topic: TopicImage | None) -> None:
        led: dict[int, Partition] = {}
        for number in topic.partitions if topic is not None else ():
            partition = self._partitions.get(CONSUMER_OFFSETS_TOPIC, number)
            if partition is not None and partition.is_leader and not partition.is_offline:
                led[number] = partition
        for number, shard in list(self._shards.items()):
            if led.get(number) is not shard.partition:
                self._close(number)
        for number, partition in led.items():
            if number not in self._shards:
                self._open(number, partition)

    def _open(self, number: int, partition: Partition) -> None:
        name = f"{CONSUMER_OFFSETS_TOPIC}-{number}"
        runtime = self._runtime
        compression = Codec(self._config.offsets_topic_compression_codec)
        log = PartitionMachineLog(partition, _CODEC, runtime.clock, runtime.tasks, compression)
        shell: MachineShell[ShardCommand, ShardRecord] = MachineShell(
            name,
            lambda: GroupShard(name, self._settings, lambda: str(uuid.uuid4()), log),
            log,
            runtime.clock,
            runtime.tasks,
            queue_limit=SHARD_QUEUE_LIMIT,
            errors=_SHELL_ERRORS,
            write_timeout_ms=self._config.offsets_commit_timeout_ms,
        )
        self._shards[number] = _Shard(partition, shell)
        shell.load().on_done(partial(_note_load, name))

    def _close(self, number: int) -> None:
        self._shards.pop(number).shell.close(KafkaError(ErrorCode.NOT_COORDINATOR))


def _code_of(reply: Completion[Any]) -> ErrorCode:
    """Return what a shard's reply failed with. A bug is raised, so that it is logged where bugs are."""
    if reply.error is None:
        return ErrorCode.NONE
    if isinstance(reply.error, KafkaError):
        return reply.error.code
    raise reply.error


def _note_load(name: str, loaded: Completion[None]) -> None:
    error = loaded.error
    if error is not None and not isinstance(error, KafkaError):
        logger.error("%s cannot be loaded, so its groups have no coordinator", name, exc_info=error)
    elif error is not None:
        logger.warning("%s was not loaded: %s", name, error)


def _remove_topics(number: int, shard: _Shard, topics: Collection[str]) -> None:
    """Have a shard forget the offsets of topics, in as many steps as that takes."""
    command = RemoveTopics(topics)
    command.reply_to.on_done(partial(_removed_topics, number, shard, topics))
    shard.shell.submit(command)


def _removed_topics(number: int, shard: _Shard, topics: Collection[str], removed: Completion[bool]) -> None:
    if removed.error is not None:
        logger.warning(
            "%s-%d may keep offsets of the deleted topics %s: %s",
            CONSUMER_OFFSETS_TOPIC,
            number,
            ", ".join(topics),
            removed.error,
        )
    elif not removed.result():
        _remove_topics(number, shard, topics)
