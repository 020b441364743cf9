"""The quorum of the metadata log as others see it: one voter, which leads, and whoever follows without a vote.

Everything here is asked on the loop and answered from what is committed. The rules of positions are those of Kafka's
`RaftLog.validateOffsetAndEpoch`, those of observers its `LeaderState`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Protocol

from ottla.completion import Completion
from ottla.config.resolved import BrokerConfig
from ottla.coordination.metadata_log import MetadataLog
from ottla.metadata.aspects.brokers import Endpoint
from ottla.metadata.image import ClusterImage
from ottla.metadata.snapshot import SnapshotId
from ottla.storage.files import FileRange
from ottla.tasks import Timer
from ottla.types import ZERO_UUID, Uuid

OBSERVER_SESSION_TIMEOUT_MS = 300_000
"""An observer that has not fetched for this long is forgotten (LeaderState.OBSERVER_SESSION_TIMEOUT_MS)."""

MOST_OBSERVERS = 1000
"""More nodes than any cluster has; beyond them the one that has been silent for longest is forgotten."""

FETCH_BYTES = 8 * 1024 * 1024
"""Sent at a time, as Kafka does: its largest batch (KafkaRaftClient.MAX_FETCH_SIZE)."""

SNAPSHOT_PIECE_BYTES = 1024 * 1024
"""Read of a snapshot at a time: it is held in memory until it is sent, and the follower asks for the rest by itself."""

MOST_WAITING_FETCHES = 10_000
"""Fetches that may wait for a record. Each is the only request under way of a connection."""


class Scheduler(Protocol):
    """Timers, as far as they are needed here."""

    def call_later(self, delay_ms: float, callback: Callable[[], None]) -> Timer:
        """Run a callback after a delay in ms."""


class PositionKind(Enum):
    """Whether a follower can go on from where it is."""

    VALID = "valid"
    DIVERGING = "diverging"
    """Its log has to be cut where `end_offset` says."""
    SNAPSHOT = "snapshot"
    """It has to load the snapshot first."""


@dataclass(frozen=True, slots=True)
class Position:
    """What a follower's position is worth."""

    kind: PositionKind
    end_offset: int = -1
    epoch: int = -1


@dataclass(frozen=True, slots=True)
class QuorumVoter:
    """The voter with its listeners."""

    node_id: int
    directory_id: Uuid
    """Zero while the voters are configured."""
    listeners: Sequence[tuple[str, str, int]]
    """Name, host and port of each."""
    supported_kraft_versions: tuple[int, int] = (0, 1)


@dataclass(slots=True)
class Observer:
    """A replica that follows without a vote."""

    node_id: int
    directory_id: Uuid
    log_end_offset: int = -1
    last_fetch_ms: int = -1
    last_caught_up_ms: int = -1
    _leader_end_offset: int = -1

    def fetched(self, offset: int, leader_end_offset: int, now_ms: int) -> None:
        """Take note of a fetch: who asks for an offset has everything before it."""
        if offset >= leader_end_offset:
            self.last_caught_up_ms = max(now_ms, self.last_caught_up_ms)
        elif 0 < self._leader_end_offset <= offset:
            self.last_caught_up_ms = max(self.last_fetch_ms, self.last_caught_up_ms)
        self._leader_end_offset = leader_end_offset
        self.last_fetch_ms = max(now_ms, self.last_fetch_ms)
        self.log_end_offset = offset


class MetadataQuorum:
    """The quorum that this node leads alone."""

    def __init__(
        self,
        log: MetadataLog,
        config: BrokerConfig,
        cluster_id: str,
        directory_id: Uuid,
        image: Callable[[], ClusterImage],
        tasks: Scheduler,
    ) -> None:
        self._log = log
        self._config = config
        self._image = image
        self._tasks = tasks
        self.node_id = config.node_id
        self.cluster_id = cluster_id
        self.directory_id = directory_id
        self._observers: dict[tuple[int, Uuid], Observer] = {}
        self._waiting: dict[Completion[None], Timer] = {}
        self._is_closed = False
        log.follow(self._committed)

    @property
    def leader_epoch(self) -> int:
        """The epoch that this node leads."""
        return self._log.leader_epoch

    @property
    def high_watermark(self) -> int:
        """The offset below which everything is committed."""
        return self._log.committed_end_offset

    @property
    def log_start_offset(self) -> int:
        """The offset of the first record that is still there."""
        return self._log.start_offset

    @property
    def kraft_version(self) -> int:
        """0 while the voters are configured, 1 once the log names them."""
        return self._log.kraft_version

    def voter(self) -> QuorumVoter:
        """Return the only voter: as the log names it, or else as it is configured."""
        recorded = self._log.voters
        if recorded is not None:
            (voter,) = recorded.voters
            feature = voter.kraft_version_feature
            return QuorumVoter(
                voter.voter_id,
                voter.voter_directory_id,
                [(each.name, each.host, each.port) for each in voter.endpoints],
                (feature.min_supported_version, feature.max_supported_version),
            )
        name = self.default_listener_name
        for configured in self._config.controller_quorum_voters:
            return QuorumVoter(self.node_id, ZERO_UUID, [(name, configured.host, configured.port)])
        endpoint = self.leader_endpoint(name)
        listeners = [] if endpoint is None else [(name, endpoint.host, endpoint.port)]
        return QuorumVoter(self.node_id, ZERO_UUID, listeners)

    @property
    def default_listener_name(self) -> str:
        """The listener that controllers use among themselves: the first that is named."""
        return self._config.controller_listener_names[0]

    def leader_endpoint(self, listener_name: str) -> Endpoint | None:
        """Return where this node listens as a controller, None where it has no such listener."""
        controller = self._image().brokers.controllers.get(self.node_id)
        return None if controller is None else controller.endpoints.get(listener_name)

    def observers(self, now_ms: int) -> list[Observer]:
        """Return the replicas that have fetched lately."""
        for key, observer in list(self._observers.items()):
            if now_ms - observer.last_fetch_ms >= OBSERVER_SESSION_TIMEOUT_MS:
                del self._observers[key]
        return list(self._observers.values())

    def observe(self, node_id: int, directory_id: Uuid, offset: int, now_ms: int) -> None:
        """Take note that a node follows, one that says who it is."""
        if node_id < 0:
            return
        # The one that has fetched last stands last.
        observer = self._observers.pop((node_id, directory_id), None) or Observer(node_id, directory_id)
        observer.fetched(offset, self.high_watermark, now_ms)
        if len(self._observers) >= MOST_OBSERVERS:
            del self._observers[next(iter(self._observers))]
        self._observers[node_id, directory_id] = observer

    def position(self, offset: int, epoch: int) -> Position:
        """Judge a follower's log that ends before `offset` with a record of `epoch`."""
        latest = self._log.snapshots.latest
        if offset == 0 and latest is not None and latest != BOOTSTRAP_SNAPSHOT:
            return Position(PositionKind.SNAPSHOT, latest.end_offset, latest.epoch)
        start_offset = self._log.start_offset
        if start_offset == 0 and offset == 0:
            return Position(PositionKind.VALID, 0, 0)
        earliest = self._log.snapshots.earliest
        if (
            latest is not None
            and earliest is not None
            and (
                offset < start_offset
                or (offset == start_offset and epoch != earliest.epoch)
                or epoch < earliest.epoch
            )
        ):
            return Position(PositionKind.SNAPSHOT, latest.end_offset, latest.epoch)
        end_offset, end_epoch = self._end_of_epoch(epoch, earliest)
        if end_epoch != epoch or end_offset < offset:
            return Position(PositionKind.DIVERGING, end_offset, end_epoch)
        return Position(PositionKind.VALID, offset, epoch)

    def read(self, offset: int) -> FileRange | None:
        """Return committed batches from an offset on, None at the end. Raises KafkaError and OSError."""
        return self._log.read_committed(offset, FETCH_BYTES)

    def read_snapshot(
        self, snapshot_id: SnapshotId, position: int, max_bytes: int
    ) -> Completion[tuple[int, bytes] | None]:
        """Return the size of a snapshot and a piece of it, None where there is no such snapshot for others.

        What formatting the directory wrote is not for others: its content stands in the log.
        """
        if snapshot_id == BOOTSTRAP_SNAPSHOT:
            return Completion.resolved(None)
        return self._log.read_snapshot(snapshot_id, position, min(max_bytes, SNAPSHOT_PIECE_BYTES))

    def wait_for_append(self, max_wait_ms: int) -> Completion[None]:
        """Return what is done after the next append, or when the time is over."""
        waiting: Completion[None] = Completion()
        if self._is_closed or len(self._waiting) >= MOST_WAITING_FETCHES:
            waiting.resolve(None)
        else:
            self._waiting[waiting] = self._tasks.call_later(max_wait_ms, partial(self._give_up, waiting))
        return waiting

    def close(self) -> None:
        """Answer whoever waits, now and from now on."""
        self._is_closed = True
        self._committed()

    def _committed(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for each, timer in waiting.items():
            timer.cancel()
            each.resolve(None)

    def _give_up(self, waiting: Completion[None]) -> None:
        if self._waiting.pop(waiting, None) is not None:
            waiting.resolve(None)

    def _end_of_epoch(self, epoch: int, earliest: SnapshotId | None) -> tuple[int, int]:
        """Return end offset and epoch of the newest epoch that is not above `epoch` (KafkaMetadataLog)."""
        found = self._log.end_offset_for_epoch(epoch)
        if found.epoch < 0:
            end_offset = self._log.end_offset
            return end_offset, self._log.epoch_at(end_offset - 1)
        if earliest is not None and (found.start_offset, found.epoch) == (earliest.end_offset, epoch):
            # The epoch is older than all of the log: it has to be cut where the oldest snapshot ends.
            return earliest.end_offset, earliest.epoch
        return found.start_offset, found.epoch


BOOTSTRAP_SNAPSHOT = SnapshotId(0, 0)
"""What formatting a directory for recorded voters leaves (Snapshots.BOOTSTRAP_SNAPSHOT_ID)."""
