"""The log `__cluster_metadata-0` with its snapshots and `quorum-state`, as the only voter of its quorum keeps them.

Each start leads a new epoch. Before that the whole log was understood, and no file changed: it is opened, and after a
crash recovered, when it is led. An append is committed when it is on the disk: there is nobody else to ask. One that
the disk refuses is cut off again before the log is read or written once more, so that what was refused does not exist.
Appends, flushes and snapshots run on the flushing thread of the data directory, one after the other; everything else
belongs to the loop. Files and their order of writing are those of Kafka's KafkaRaftClient, so that it can take over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from ottla.clock import Clock
from ottla.completion import Completion
from ottla.config.resolved import BrokerConfig, TopicConfig, resolve_topic_config
from ottla.coordination.metadata_damage import (
    WAY_OUT,
    SoundEnd,
    check_metadata_log,
    read_sound_batches,
)
from ottla.coordination.metadata_snapshots import MetadataSnapshots
from ottla.errors import KafkaError
from ottla.metadata.aspects.features import LATEST_METADATA_VERSION, METADATA_VERSION
from ottla.metadata.image import ClusterImage
from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.metadata.log_entries import (
    MAX_BATCH_BYTES,
    LeaderEpoch,
    LogEntry,
    QuorumRecord,
    SnapshotLoaded,
    build_control_batch,
    build_data_batches,
    read_entries,
)
from ottla.metadata.quorum_state import FILE_NAME as QUORUM_STATE_FILE
from ottla.metadata.quorum_state import QuorumState, decode_quorum_state, encode_leader
from ottla.metadata.records import FeatureLevelRecord, MetadataRecord
from ottla.metadata.snapshot import SnapshotId
from ottla.partitions.writer import DirectoryWriter
from ottla.protocol.raft_records import KRaftVersionRecord, LeaderChangeMessage, Voter, VotersRecord
from ottla.storage.append_check import AppendOrigin
from ottla.storage.files import FileRange
from ottla.storage.leader_epochs import EpochStart
from ottla.storage.log_dirs import LogDirectory
from ottla.storage.open_files import OpenFiles
from ottla.storage.partition_log import PartitionLog
from ottla.storage.partition_metadata import read_topic_id, write_topic_id
from ottla.storage.taking_back import take_back
from ottla.types import CLUSTER_METADATA_TOPIC, METADATA_TOPIC_ID, TopicPartition

logger = logging.getLogger("ottla.coordination.metadata_log")

METADATA_PARTITION = TopicPartition(CLUSTER_METADATA_TOPIC, 0)


@dataclass(slots=True)
class _Quorum:
    """What the log says about its quorum."""

    kraft_version: int = 0
    voters: VotersRecord | None = None

    def observe(self, record: object) -> None:
        """Follow a record of the log or of a snapshot."""
        if isinstance(record, KRaftVersionRecord):
            self.kraft_version = record.kraft_version
        elif isinstance(record, VotersRecord):
            self.voters = record

    def records(self) -> list[QuorumRecord]:
        """Return what snapshots repeat about the quorum: nothing while its voters are configured."""
        if self.kraft_version == 0 or self.voters is None:
            return []
        return [KRaftVersionRecord(version=0, kraft_version=self.kraft_version), self.voters]


@dataclass(frozen=True, slots=True)
class _Opener:
    """How the log's files are opened. Both ways raise OSError and UnusableLogError."""

    directory: LogDirectory
    open_files: OpenFiles
    clock: Clock
    config: BrokerConfig

    def open(self) -> PartitionLog:
        """Open or create the log, recovering it after a crash."""
        path = self.directory.partition_path(METADATA_PARTITION)
        files, now_ms = self.directory.files, self.clock.now_ms()
        log_config = metadata_log_config(self.config)
        if not path.exists():
            files.make_directory(path)
            write_topic_id(files, path, METADATA_TOPIC_ID)
            return PartitionLog.create(
                self.open_files, path, log_config, topic_id=METADATA_TOPIC_ID, now_ms=now_ms
            )
        if read_topic_id(files, path) is None:
            # Kafka's format command leaves only a snapshot in this directory when the quorum is dynamic.
            write_topic_id(files, path, METADATA_TOPIC_ID)
        return PartitionLog.open(
            self.open_files,
            path,
            log_config,
            clean_shutdown=self.directory.was_stopped_cleanly,
            recovery_point=0,
            log_start_offset=0,
            now_ms=now_ms,
        )

    def open_again(self, failed: PartitionLog, end_offset: int) -> PartitionLog:
        """Return the log without what the disk has refused."""
        failed.forget_files()
        take_back(self.directory.files, failed.directory, failed.segments[-1].base_offset, end_offset)
        return PartitionLog.open(
            self.open_files,
            failed.directory,
            metadata_log_config(self.config),
            clean_shutdown=False,
            recovery_point=0,
            log_start_offset=failed.log_start_offset,
            now_ms=self.clock.now_ms(),
        )


class MetadataLog:
    """The log, which is opened by its first replay; implements `ottla.coordination.runtime.MachineLog`."""

    def __init__(
        self,
        end: SoundEnd,
        snapshots: MetadataSnapshots,
        quorum: _Quorum,
        writer: DirectoryWriter,
        clock: Clock,
        leader_epoch: int,
        opener: _Opener,
        directory: LogDirectory,
        node_id: int,
    ) -> None:
        self._opened: PartitionLog | None = None
        """The log once it is led; until then nothing was changed."""
        self._opener = opener
        self._snapshots = snapshots
        self._quorum = quorum
        self._writer = writer
        self._clock = clock
        self.leader_epoch = leader_epoch
        self._metadata_version = LATEST_METADATA_VERSION
        self._last_timestamp_ms = 0
        self._committed_end_offset = end.offset
        self._has_failed = False
        """Whether the log may end with records that were refused."""
        self._directory = directory
        self._node_id = node_id
        self._followers: list[Callable[[], None]] = []

    @classmethod
    def open(
        cls,
        directory: LogDirectory,
        open_files: OpenFiles,
        writer: DirectoryWriter,
        clock: Clock,
        config: BrokerConfig,
    ) -> MetadataLog:
        """Look at the log, and change nothing: its first replay opens or creates it, once everything was understood.

        Raises InconsistentMetadataError where the log belongs to a quorum of others, is damaged or cannot be read,
        and OSError.
        """
        path = directory.partition_path(METADATA_PARTITION)
        end = check_metadata_log(
            directory.files,
            path,
            was_stopped_cleanly=directory.was_stopped_cleanly,
            previous_broker_epoch=directory.previous_broker_epoch,
        )
        snapshots = MetadataSnapshots(path, directory.files, config)
        snapshots.find(clock.now_ms())
        quorum = _Quorum()
        state = _read_quorum_state(directory)
        if state is not None:
            quorum.kraft_version = state.kraft_version
        latest = snapshots.read_latest(is_read_again=True)
        for record in latest.quorum if latest is not None else ():
            quorum.observe(record)
        _check_voters(state, quorum, config.node_id)
        epochs = [end.leader_epoch, 0]
        epochs += [state.leader_epoch] if state is not None else []
        epochs += [snapshots.latest.epoch] if snapshots.latest is not None else []
        opener = _Opener(directory, open_files, clock, config)
        return cls(end, snapshots, quorum, writer, clock, max(epochs) + 1, opener, directory, config.node_id)

    @property
    def _log(self) -> PartitionLog:
        assert self._opened is not None, "the log is opened by its first replay"
        return self._opened

    @property
    def end_offset(self) -> int:
        """The offset of the next record."""
        return self._committed_end_offset if self._opened is None else self._opened.log_end_offset

    @property
    def is_leading(self) -> bool:
        """Whether this start has opened the log and begun its epoch: until then it has changed nothing."""
        return self._opened is not None

    @property
    def start_offset(self) -> int:
        """The offset of the first record that is still there."""
        return self._log.log_start_offset

    @property
    def committed_end_offset(self) -> int:
        """The offset after the last record that is on the disk: the high watermark of a single voter."""
        return self._committed_end_offset

    @property
    def snapshots(self) -> MetadataSnapshots:
        """The snapshot files beside the log."""
        return self._snapshots

    @property
    def voters(self) -> VotersRecord | None:
        """The voters that the log names; None while they are configured (kraft.version 0)."""
        return self._quorum.voters if self._quorum.kraft_version > 0 else None

    @property
    def kraft_version(self) -> int:
        """The level of kraft.version."""
        return self._quorum.kraft_version

    def end_offset_for_epoch(self, epoch: int) -> EpochStart:
        """Return the newest epoch not above `epoch` and the offset where it ends; -1 and -1 where unknown."""
        return self._log.end_offset_for_epoch(epoch)

    def epoch_at(self, offset: int) -> int:
        """Return the epoch of the record at an offset, -1 where it is not known."""
        return self._log.leader_epochs.epoch_at(offset)

    def read_committed(self, offset: int, max_bytes: int) -> FileRange | None:
        """Return committed batches from the one with `offset` on, the last one maybe cut; None at the end.

        Raises KafkaError OFFSET_OUT_OF_RANGE, and OSError.
        """
        return self._log.read(
            offset, max_bytes, upper_bound=self._committed_end_offset, must_return_a_batch=True
        )

    def follow(self, on_commit: Callable[[], None]) -> None:
        """Have `on_commit` called, on the loop, after every append."""
        self._followers.append(on_commit)

    def append(self, records: list[LogEntry]) -> Completion[None]:
        """Append records; done when they are on the disk. Those about the quorum stand first, in their own batch."""
        now_ms = self._clock.now_ms()
        for record in records:
            if isinstance(record, FeatureLevelRecord) and record.name == METADATA_VERSION:
                self._metadata_version = record.feature_level
        self._lead_once()
        quorum = [record for record in records if isinstance(record, QuorumRecord)]
        others = cast("list[MetadataRecord]", records[len(quorum) :])
        batches = [build_control_batch(quorum, now_ms=now_ms)] if quorum else []
        batches += build_data_batches(others, self._metadata_version, now_ms=now_ms)
        content = bytearray().join(batches)

        def write() -> None:
            self._append(content, now_ms)

        written = self._writer.submit_flush(write)
        written.on_done(lambda done: self._written(done, quorum))
        return written

    def replay(self, apply: Callable[[LogEntry], None]) -> Completion[None]:
        """Apply the newest snapshot and then the log behind it, first opening a log anew that the disk has failed.

        Fails with InconsistentMetadataError, CorruptBatchError, UnusableLogError or OSError.
        """
        sound = Completion.resolved(None)
        if self._has_failed:
            sound = self._writer.submit_flush(self._recover)
        return sound.map(lambda _: self._replay(apply))

    def snapshot_when_due(self, image: ClusterImage, node_id: int) -> None:
        """Write a snapshot of the newest image, when enough was appended since the last one or it is old.

        A snapshot that cannot be written is logged and tried again with a later image: the log has everything.
        """
        now_ms = self._clock.now_ms()
        if not self._snapshots.is_due(image.offset + 1, now_ms):
            return
        work = self._snapshots.writing(
            image, node_id, self._quorum.records(), last_timestamp_ms=self._last_timestamp_ms, now_ms=now_ms
        )
        self._writer.submit_flush(work).on_done(self._snapshots.written)

    def snapshot_due_in_ms(self, image: ClusterImage) -> int | None:
        """Return when a snapshot of this image is due by its age, None where that never happens."""
        return self._snapshots.due_in_ms(image.offset + 1, self._clock.now_ms())

    def read_snapshot(
        self, snapshot_id: SnapshotId, position: int, max_bytes: int
    ) -> Completion[tuple[int, bytes] | None]:
        """Return size and a piece of a snapshot, as `MetadataSnapshots.read_piece` does, beside the loop."""
        snapshots = self._snapshots
        return self._writer.submit_apart(lambda: snapshots.read_piece(snapshot_id, position, max_bytes))

    def close(self) -> None:
        """Cut off what was refused, flush, and let go of the files; a log that was not led stays as it was.

        Raises OSError and UnusableLogError.
        """
        if self._opened is None:
            return
        if self._has_failed:
            self._recover()
        self._log.close()

    def _written(self, done: Completion[None], quorum: list[QuorumRecord]) -> None:
        if done.error is not None:
            return
        for record in quorum:
            self._quorum.observe(record)
        for on_commit in self._followers:
            on_commit()

    def _lead_once(self) -> None:
        """Open the log, note the new epoch durably and say so in it (`LeaderChangeMessage`); only the first time.

        Raises OSError and UnusableLogError.
        """
        if self._opened is not None:
            return
        self._opened = self._opener.open()
        self._snapshots.remove_unfinished()
        self._snapshots.follow(self._log)
        state = encode_leader(self._node_id, self.leader_epoch, self._quorum.kraft_version)
        self._directory.files.write_atomically(self._log.directory / QUORUM_STATE_FILE, state)
        voter = Voter(voter_id=self._node_id)
        change = LeaderChangeMessage(leader_id=self._node_id, voters=[voter], granting_voters=[voter])
        records: list[QuorumRecord] = [change]
        if self._log.log_end_offset == 0:
            records += self._quorum.records()
        now_ms = self._clock.now_ms()
        self._append(build_control_batch(records, now_ms=now_ms), now_ms)
        logger.info(
            "Leading the metadata log in epoch %d from offset %d", self.leader_epoch, self.end_offset - 1
        )

    def _append(self, content: bytearray, now_ms: int) -> None:
        try:
            self._log.append(
                content, leader_epoch=self.leader_epoch, origin=AppendOrigin.RAFT_LEADER, now_ms=now_ms
            )
            self._log.flush()
        except (OSError, KafkaError):
            self._has_failed = self._log.is_offline or self.end_offset > self._committed_end_offset
            raise
        self._committed_end_offset = self._log.log_end_offset
        self._last_timestamp_ms = now_ms
        self._snapshots.note_append(len(content))

    def _recover(self) -> None:
        self._opened = self._opener.open_again(self._log, self._committed_end_offset)
        self._snapshots.follow(self._log)
        self._has_failed = False
        logger.info("Opened the metadata log again at offset %d", self.end_offset)

    def _replay(self, apply: Callable[[LogEntry], None]) -> None:
        offset = self._replay_snapshot(apply)
        replayed_bytes = self._replay_batches(apply, offset)
        if self._opened is None:
            # Everything was understood: the log is this node's, and the change of the leader is its next record.
            _check_voters(None, self._quorum, self._node_id)
            offset = max(offset, self.end_offset)
            self._lead_once()
            replayed_bytes += self._replay_batches(apply, offset)
        self._snapshots.restart_count(replayed_bytes)

    def _replay_batches(self, apply: Callable[[LogEntry], None], offset: int) -> int:
        """Apply the records from an offset on; return how many bytes they have."""
        path = self._directory.partition_path(METADATA_PARTITION)
        replayed_bytes = 0
        epoch = -1
        for batch in read_sound_batches(self._directory.files, path, offset, self.end_offset):
            for header, entries in read_entries(batch):
                if header.leader_epoch != epoch:
                    epoch = header.leader_epoch
                    apply(LeaderEpoch(epoch))
                for number, entry in enumerate(entries, start=header.base_offset):
                    if number >= offset:
                        self._apply(entry, apply, f"the record at offset {number} of the metadata log")
                self._last_timestamp_ms = header.max_timestamp
            replayed_bytes += len(batch)
        return replayed_bytes

    def _replay_snapshot(self, apply: Callable[[LogEntry], None]) -> int:
        """Apply the newest snapshot; return the offset that the log continues at."""
        latest = self._snapshots.read_latest()
        if latest is None:
            return 0
        identity: SnapshotId | None = self._snapshots.latest
        assert identity is not None, "it was just read"
        for record in latest.records:
            self._apply(record, apply, f"a record of the snapshot {identity.file_name}")
        apply(SnapshotLoaded(identity.end_offset, identity.epoch))
        self._last_timestamp_ms = latest.last_contained_timestamp_ms
        return identity.end_offset

    def _apply(self, entry: LogEntry, apply: Callable[[LogEntry], None], place: str) -> None:
        self._observe(entry)
        try:
            apply(entry)
        except InconsistentMetadataError as error:
            way_out = f". {WAY_OUT}" if self._opened is None else ""
            raise InconsistentMetadataError(
                f"{place}, a {type(entry).__name__}, is refused: {error}{way_out}"
            ) from error

    def _observe(self, entry: LogEntry) -> None:
        self._quorum.observe(entry)
        if isinstance(entry, FeatureLevelRecord) and entry.name == METADATA_VERSION:
            self._metadata_version = entry.feature_level


def metadata_log_config(config: BrokerConfig) -> TopicConfig:
    """Return what holds for the metadata log: it is only ever shortened up to a snapshot."""
    return replace(
        resolve_topic_config(config, {}),
        cleanup_policy=frozenset({"delete"}),
        file_delete_delay_ms=0,
        max_message_bytes=MAX_BATCH_BYTES,
        retention_bytes=-1,
        retention_ms=-1,
        segment_bytes=config.metadata_log_segment_bytes,
        segment_jitter_ms=0,
        segment_ms=config.metadata_log_segment_ms,
    )


def _read_quorum_state(directory: LogDirectory) -> QuorumState | None:
    path = directory.partition_path(METADATA_PARTITION) / QUORUM_STATE_FILE
    try:
        return decode_quorum_state(directory.files.read_file(path))
    except FileNotFoundError:
        return None
    except InconsistentMetadataError as error:
        raise InconsistentMetadataError(f"in {path.parent}: {error}. {WAY_OUT}") from error


def _check_voters(state: QuorumState | None, quorum: _Quorum, node_id: int) -> None:
    """Refuse the log of a quorum that this node cannot lead alone."""
    if quorum.voters is not None:
        voter_ids = tuple(voter.voter_id for voter in quorum.voters.voters)
    elif state is not None and state.voter_ids is not None:
        voter_ids = state.voter_ids
    else:
        return
    if voter_ids != (node_id,):
        named = ", ".join(map(str, voter_ids))
        raise InconsistentMetadataError(
            f"the metadata log belongs to a quorum of the nodes {named}; only a quorum of this node, {node_id}, is "
            "supported"
        )
