"""The partitions of this node: which there are, by name and by topic id, and how they follow the cluster image.

The law: what the image places here has a directory and is served, unless its disk failed; what it does not place
here is not served. A directory without a place in the image is never deleted, only renamed (`-stray`); that of a
deleted topic goes after a delay (`-delete`). Kafka's classes: ReplicaManager.applyDelta, LogManager.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ottla.clock import Clock
from ottla.completion import Completion, gather
from ottla.config.resolved import BrokerConfig, TopicConfig, TopicConfigs
from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.aspects.configs import ResourceType
from ottla.metadata.aspects.topics import NO_LEADER, PartitionImage, TopicImage
from ottla.metadata.image import EMPTY, ClusterImage, ImageDelta
from ottla.partitions.disk_work import (
    FoundLog,
    NewLog,
    SavedOffsets,
    close_logs,
    in_jobs,
    make_logs,
    read_saved_offsets,
    rename_for_deletion,
    write_checkpoints,
)
from ottla.partitions.log_recovery import LogRecovery, Recovered
from ottla.partitions.partition import AppendListener, Partition, Wakeups
from ottla.partitions.placed_directories import place_directories
from ottla.partitions.writer import DirectoryWriter
from ottla.storage.log_dirs import LogDirectory, PartitionDirectory
from ottla.storage.log_loader import MuchToRecoverError, RecoveredLog
from ottla.storage.log_recovery import LoadRequest
from ottla.storage.open_files import OpenFiles
from ottla.storage.partition_log import PartitionLog
from ottla.storage.recovery import UnusableLogError
from ottla.types import TopicPartition, Uuid

T = TypeVar("T")

logger = logging.getLogger("ottla.partitions")

_OPEN_TRANSACTION = (
    "%s has a transaction that has not ended, from offset %d on: consumers of committed records get nothing from there "
    "until Apache Kafka, started on this directory, has ended it"
)


class CreationListener(Protocol):
    """Who needs to know when the partitions of a new image are really there: their directories take the disk's time."""

    def partitions_created(self) -> None:
        """Look again: everything that was being made is there now."""


@dataclass(slots=True)
class Retired:
    """What partitions took in since the start whose topics are deleted by now."""

    appended_records: int = 0
    appended_bytes: int = 0


class PartitionSet:
    """All partitions of one data directory."""

    def __init__(
        self,
        directory: LogDirectory,
        open_files: OpenFiles,
        config: BrokerConfig,
        *,
        writer: DirectoryWriter,
        wakeups: Wakeups,
        listener: AppendListener,
        clock: Clock,
        delete_later: Callable[[Path], None],
    ) -> None:
        self._directory = directory
        self._open_files = open_files
        self._config = config
        self._node_id = config.node_id
        self._writer = writer
        self._wakeups = wakeups
        self._listener = listener
        self._clock = clock
        self._delete_later = delete_later
        self._image: ClusterImage = EMPTY
        self._by_name: dict[str, dict[int, Partition]] = {}
        self._by_id: dict[Uuid, dict[int, Partition]] = {}
        self._topic_configs = TopicConfigs(config)
        self._is_loaded = False
        self._offline: dict[TopicPartition, SavedOffsets] = {}
        self._creating: set[TopicPartition] = set()
        self._when_created: Completion[None] = Completion.resolved(None)
        self._creation_listeners: list[CreationListener] = []
        self.retired = Retired()

    def __iter__(self) -> Iterator[Partition]:
        """Go through all partitions; the set must not change meanwhile."""
        for partitions in self._by_id.values():
            yield from partitions.values()

    def __len__(self) -> int:
        return sum(len(partitions) for partitions in self._by_id.values())

    @property
    def offline_count(self) -> int:
        """How many partitions are not here because their logs could not be opened or made."""
        return len(self._offline)

    @property
    def creating_count(self) -> int:
        """How many partitions are being made now."""
        return len(self._creating)

    def by_topic(self) -> list[tuple[str, tuple[Partition, ...]]]:
        """Return the topics that have partitions here, each with these."""
        return [(name, tuple(partitions.values())) for name, partitions in self._by_name.items()]

    def get(self, topic: str, number: int) -> Partition | None:
        """Return a partition by the topic's name; None where `missing_error` knows why."""
        partitions = self._by_name.get(topic)
        return None if partitions is None else partitions.get(number)

    def by_topic_id(self, topic_id: Uuid, number: int) -> Partition | None:
        """Return a partition by the topic's id."""
        partitions = self._by_id.get(topic_id)
        return None if partitions is None else partitions.get(number)

    def topic_name(self, topic_id: Uuid) -> str | None:
        """Return the name of the topic with this id, None where no topic has it."""
        topic = self._image.topics.by_id.get(topic_id)
        return None if topic is None else topic.name

    def missing_error(self, topic: str, number: int) -> ErrorCode:
        """Return why a partition is not here.

        KAFKA_STORAGE_ERROR when its disk failed, NOT_LEADER_OR_FOLLOWER when it exists elsewhere or is just being
        made, UNKNOWN_TOPIC_OR_PARTITION when the cluster does not know it (ReplicaManager.getPartitionOrError).
        """
        if TopicPartition(topic, number) in self._offline:
            return ErrorCode.KAFKA_STORAGE_ERROR
        if self._placed(topic, number) is not None:
            return ErrorCode.NOT_LEADER_OR_FOLLOWER
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION

    def leader_of(self, topic: str, number: int) -> tuple[int, int]:
        """Return node id and leader epoch of a partition's leader, -1 and -1 where it does not exist."""
        partition = self.get(topic, number)
        if partition is not None:
            return partition.leader_id, partition.leader_epoch
        placed = self._placed(topic, number)
        return (NO_LEADER, -1) if placed is None else (placed.leader, placed.leader_epoch)

    def load(self, image: ClusterImage, recovery: LogRecovery | None = None) -> Completion[None]:
        """Open what the data directory holds of the image's partitions, and follow the image; called once, first.

        What was not closed cleanly is recovered, by `recovery` where one is given, else when it is opened. A partition
        that cannot be opened is offline. Raises LogDirectoryError for directories that are not Kafka's, and OSError for
        the data directory; what comes of these later, and HelpersClosedError, is in the completion.
        """
        self._image = image
        directory = self._directory
        saved = read_saved_offsets(directory)
        directories = place_directories(directory, image, self._node_id)
        for path in directories.deleted:
            self._delete_later(path)
        for key, error in directories.failed.items():
            self._set_offline(key, error, saved.get(key, SavedOffsets()))
        found = []
        for place, topic_id in directories.placed:
            offsets = saved.get(place.topic_partition, SavedOffsets())
            found.append(FoundLog(self._load_request(place, offsets), topic_id, offsets))
        if directory.was_stopped_cleanly or recovery is None:
            return Completion.resolved({}).map(partial(self._load, saved, found))
        limit = recovery.most_bytes_elsewhere
        larger = [each for each in found if not self._is_opened_at_once(each, limit)]
        requests = [each.request for each in larger]
        return recovery.run(requests).map(partial(self._load, saved, larger))

    def _load(
        self, saved: Mapping[TopicPartition, SavedOffsets], found: Sequence[FoundLog], recovered: Recovered
    ) -> None:
        """Open what was found and is not open yet, and follow the image."""
        directory, image = self._directory, self._image
        for each in found:
            self._open(each.request, each, recovered.get(each.request.directory))
        if self._by_id or self._offline:
            after = "a clean stop" if directory.was_stopped_cleanly else "a stop that was not clean"
            offline = len(self._offline)
            logger.info(
                "Loaded %d logs from %s after %s, %d offline", len(self), directory.path, after, offline
            )
        if not saved.keys() <= self.recovery_points().keys():
            # What is said of a partition that is gone must not be taken for another one that gets its name.
            self._writing_checkpoints()()
        self._is_loaded = True
        self._create([place for topic in image.topics.by_id.values() for place in self._follow_topic(topic)])

    def on_image(self, image: ClusterImage, delta: ImageDelta) -> None:
        """Follow a new image: delete, create, lead and reconfigure."""
        self._image = image
        self._delete([log for topic in delta.deleted_topics.values() for log in self._forget_topic(topic)])
        for resource in delta.changed_configs:
            if resource.resource_type == ResourceType.TOPIC:
                self._reconfigure(resource.name)
        self._create(
            [place for topic in delta.changed_topics.values() for place in self._follow_topic(topic)]
        )

    def subscribe(self, listener: CreationListener) -> None:
        """Have `listener` told whenever new partitions are there."""
        self._creation_listeners.append(listener)

    def when_created(self) -> Completion[None]:
        """Return a completion that is done once every partition that is being made now is there."""
        return self._when_created

    def update_broker_config(self, config: BrokerConfig) -> None:
        """Follow a changed configuration of the broker, from which topics take what they do not set."""
        self._config = config
        self._topic_configs.follow(config)
        for partition in self:
            partition.log.producer_state.producer_id_expiration_ms = config.producer_id_expiration_ms
        for name in list(self._by_name):
            self._reconfigure(name)

    def close(self) -> Completion[bool]:
        """Flush and close every log, then write the checkpoints; what is appended afterwards is refused.

        Done with whether all that the directory holds is on the disk, so that the stop was clean: not after a failure
        of the disk, and not where `load` did not get to its end.
        """
        if not self._is_loaded:
            return Completion.resolved(False)
        for partition in self:
            partition.leader_id = NO_LEADER
        logs = [partition.log for partition in self]
        closing = [self._writer.submit_apart(partial(close_logs, each)) for each in in_jobs(logs)]
        return gather(closing).then(self._closed)

    def _closed(self, closing: list[Completion[bool]]) -> Completion[bool]:
        is_clean = not self._offline
        for each in closing:
            if each.error is not None:
                logger.error("Cannot close the logs", exc_info=each.error)
            is_clean = is_clean and each.error is None and each.result()
        closed: Completion[bool] = Completion()

        def written(writing: Completion[None]) -> None:
            if writing.error is not None:
                logger.error("Cannot write the checkpoints: %s", writing.error)
            closed.resolve(is_clean and writing.error is None)

        self._writer.submit_apart(self._writing_checkpoints()).on_done(written)
        return closed

    def _writing_checkpoints(self) -> Callable[[], None]:
        """Return the work of writing all checkpoints as they must be now."""
        return partial(
            write_checkpoints,
            self._directory,
            self.recovery_points(),
            self.log_start_offsets(),
            self.high_watermarks(),
            self.cleaner_offsets(),
        )

    def recovery_points(self) -> dict[TopicPartition, int]:
        """Return up to where each log is known to be on the disk."""
        offline = {key: saved.recovery_point for key, saved in self._offline.items()}
        return offline | {each.topic_partition: each.log.recovery_point for each in self}

    def log_start_offsets(self) -> dict[TopicPartition, int]:
        """Return the log start offsets that the names of the segment files do not tell."""
        offline = {
            key: saved.log_start_offset for key, saved in self._offline.items() if saved.log_start_offset
        }
        return offline | {
            each.topic_partition: each.log_start_offset
            for each in self
            if each.log_start_offset > each.log.segments[0].base_offset
        }

    def high_watermarks(self) -> dict[TopicPartition, int]:
        """Return the high watermark of each partition."""
        offline = {key: saved.high_watermark for key, saved in self._offline.items()}
        return offline | {each.topic_partition: each.high_watermark for each in self}

    def cleaner_offsets(self) -> dict[TopicPartition, int]:
        """Return where each log begins to be dirty that was cleaned before."""
        offline = {key: saved.cleaned_offset for key, saved in self._offline.items()}
        found = offline | {each.topic_partition: each.cleaned_offset for each in self}
        return {key: offset for key, offset in found.items() if offset is not None}

    def _placed(self, topic: str, number: int) -> PartitionImage | None:
        found = self._image.topics.by_name.get(topic)
        return None if found is None else found.partitions.get(number)

    def _load_request(self, found: PartitionDirectory, saved: SavedOffsets) -> LoadRequest:
        return LoadRequest(
            topic_partition=found.topic_partition,
            directory=found.path,
            index_interval_bytes=self._topic_config(found.topic_partition.topic).index_interval_bytes,
            clean_shutdown=self._directory.was_stopped_cleanly,
            recovery_point=saved.recovery_point,
            log_start_offset=saved.log_start_offset,
            now_ms=self._clock.now_ms(),
            producer_id_expiration_ms=self._config.producer_id_expiration_ms,
        )

    def _is_opened_at_once(self, found: FoundLog, most_bytes_to_recover: int) -> bool:
        """Open a log unless so much of it has to be recovered that others should do it."""
        try:
            self._open(found.request._replace(most_bytes_to_recover=most_bytes_to_recover), found)
        except MuchToRecoverError:
            return False
        return True

    def _open(self, request: LoadRequest, found: FoundLog, recovered: RecoveredLog | None = None) -> None:
        topic_partition = request.topic_partition
        config = self._topic_config(topic_partition.topic)
        try:
            log = PartitionLog.load(
                self._open_files, config, request, topic_id=found.topic_id, recovered=recovered
            )
        except (OSError, UnusableLogError) as error:
            self._set_offline(topic_partition, error, found.saved)
        else:
            if log.producer_state.first_unstable_offset is not None:
                logger.warning(_OPEN_TRANSACTION, topic_partition, log.producer_state.first_unstable_offset)
            self._add(log, found.topic_id, found.saved.high_watermark, found.saved.cleaned_offset)

    def _set_offline(self, topic_partition: TopicPartition, error: Exception, saved: SavedOffsets) -> None:
        logger.error("%s is offline: %s", topic_partition, error)
        self._offline[topic_partition] = saved

    def _add(
        self, log: PartitionLog, topic_id: Uuid, high_watermark: int, cleaned_offset: int | None = None
    ) -> Partition:
        partition = Partition(
            log,
            topic_id=topic_id,
            node_id=self._node_id,
            writer=self._writer,
            wakeups=self._wakeups,
            listener=self._listener,
            high_watermark=high_watermark,
            cleaned_offset=cleaned_offset,
        )
        log.producer_state.producer_id_expiration_ms = self._config.producer_id_expiration_ms
        topic, number = log.topic_partition
        partitions = self._by_id.setdefault(topic_id, {})
        partitions[number] = partition
        self._by_name[topic] = partitions
        return partition

    def _follow_topic(self, topic: TopicImage) -> Iterator[NewLog]:
        """Lead the partitions of a topic that are here, and yield those that are to be made.

        One that was moved away is served no more; its directory is stray at the next start.
        """
        for number, placed in topic.partitions.items():
            partition = self.by_topic_id(topic.topic_id, number)
            if partition is not None:
                partition.lead(placed.leader, placed.leader_epoch)
                continue
            if self._node_id not in placed.replicas:
                continue
            key = TopicPartition(topic.name, number)
            if key not in self._offline and key not in self._creating:
                yield NewLog(key, topic.topic_id, self._topic_config(topic.name))

    def _create(self, wanted: list[NewLog]) -> None:
        """Make new partitions, one at a time of each name."""
        if not wanted:
            return
        if self._when_created.done:
            self._when_created = Completion()
        self._creating.update(each.topic_partition for each in wanted)
        # Behind the renaming of the directories of deleted partitions, which may have the same names.
        ready = self._on_disk(_nothing)
        for portion in in_jobs(wanted):
            making = partial(
                make_logs,
                self._directory,
                self._open_files,
                portion,
                now_ms=self._clock.now_ms(),
                producer_id_expiration_ms=self._config.producer_id_expiration_ms,
            )
            creation = ready.then(partial(self._make, making))
            creation.on_done(partial(self._created, portion))

    def _make(
        self, making: Callable[[], list[PartitionLog | Exception]], _: None
    ) -> Completion[list[PartitionLog | Exception]]:
        return self._writer.submit_apart(making)

    def _created(
        self, portion: Sequence[NewLog], creation: Completion[list[PartitionLog | Exception]]
    ) -> None:
        outcomes: list[PartitionLog | Exception]
        if creation.error is None:
            outcomes = creation.result()
        else:
            assert isinstance(creation.error, Exception), "a job fails with what it has raised"
            outcomes = [creation.error] * len(portion)
        self._creating.difference_update(new.topic_partition for new in portion)
        orphans = [log for log in map(self._take_in, portion, outcomes) if log is not None]
        self._delete(orphans)
        # A topic that was deleted while it was made may have a successor of its name, which has waited for that.
        gone = {new.topic_partition.topic for new in portion if new.topic_id not in self._image.topics.by_id}
        successors = [self._image.topics.by_name[name] for name in gone if name in self._image.topics.by_name]
        self._create([new for topic in successors for new in self._follow_topic(topic)])
        if not self._creating and not self._when_created.done:
            for listener in self._creation_listeners:
                listener.partitions_created()
            self._when_created.resolve(None)

    def _take_in(self, new: NewLog, outcome: PartitionLog | Exception) -> PartitionLog | None:
        """Serve a new log; return it where its topic was deleted meanwhile."""
        topic = self._image.topics.by_id.get(new.topic_id)
        if topic is None:
            return outcome if isinstance(outcome, PartitionLog) else None
        if isinstance(outcome, PartitionLog):
            outcome.config = self._topic_config(topic.name)
            placed = topic.partitions[new.topic_partition.partition]
            self._add(outcome, new.topic_id, 0).lead(placed.leader, placed.leader_epoch)
        elif isinstance(outcome, KafkaError):
            logger.warning("%s is left for the next start to make: %s", new.topic_partition, outcome)
        else:
            self._set_offline(new.topic_partition, outcome, SavedOffsets())
        return None

    def _forget_topic(self, topic: TopicImage) -> list[PartitionLog]:
        """Serve a topic no more; return the logs that it leaves."""
        partitions: Mapping[int, Partition] = self._by_id.pop(topic.topic_id, {})
        if self._by_name.get(topic.name) is partitions:
            del self._by_name[topic.name]
        self._topic_configs.forget(topic.name)
        for number in topic.partitions:
            self._offline.pop(TopicPartition(topic.name, number), None)
        for partition in partitions.values():
            partition.retire()
            self.retired.appended_records += partition.appended_records
            self.retired.appended_bytes += partition.appended_bytes
        return [partition.log for partition in partitions.values()]

    def _delete(self, logs: list[PartitionLog]) -> None:
        """Rename the directories of deleted partitions, and forget what the checkpoints say of them: it must not be
        taken for what becomes of a new partition with such a name."""
        if not logs:
            return
        renaming = self._on_disk(partial(rename_for_deletion, self._directory, logs))
        renaming.on_done(self._renamed)
        self._on_disk(self._writing_checkpoints()).on_done(partial(_log_failure, "write the checkpoints"))

    def _renamed(self, renaming: Completion[list[Path]]) -> None:
        _log_failure("delete the logs of deleted topics", renaming)
        for path in renaming.result() if renaming.error is None else ():
            self._delete_later(path)

    def _on_disk(self, work: Callable[[], T]) -> Completion[T]:
        """Change the data directory itself, which waits for the disk: behind the appends that are under way, and in
        turn with other such changes, since a new partition may have the name of one that is being deleted."""
        return self._writer.submit(_nothing).then(lambda _: self._writer.submit_flush(work))

    def _topic_config(self, topic: str) -> TopicConfig:
        return self._topic_configs.of(topic, self._image.configs.topic(topic))

    def _reconfigure(self, topic: str) -> None:
        self._topic_configs.forget(topic)
        partitions = self._by_name.get(topic)
        if partitions:
            config = self._topic_config(topic)
            is_default = config is self._topic_configs.default
            for partition in partitions.values():
                if partition.config is not config and (is_default or partition.config != config):
                    partition.configure(config)


def _nothing() -> None:
    """Mark a place among the appends."""


def _log_failure(what: str, completion: Completion[Any]) -> None:
    if completion.error is not None:
        logger.error("Cannot %s: %s", what, completion.error)
