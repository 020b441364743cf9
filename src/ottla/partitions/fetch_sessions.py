"""Incremental fetch sessions (KIP-227): what a client still wants to fetch, so that it need not say it again.

Pure. A session lists its partitions in the order in which they are served; a fetch of epoch n only says what has
changed, and its answer leaves out what has not. Rules: facts 3.4, Kafka's FetchSession and FetchSessionCache.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ottla.errors import ErrorCode, KafkaError
from ottla.types import ZERO_UUID, Uuid

INITIAL_EPOCH = 0
FINAL_EPOCH = -1
FIRST_INCREMENTAL_EPOCH = 1
INVALID_SESSION_ID = 0
MAX_EPOCH = 0x7FFFFFFF
MAX_SESSION_ID = 0x7FFFFFFF

EVICTION_MS = 120_000
"""How long a session must have been unused, or have existed, before another may take its slot (KIP-227)."""

NO_WATERMARK = -1
"""Remembered after an error, so that the partition's next answer counts as a change."""


@dataclass(slots=True)
class FetchedPartition:
    """What one client wants from one partition, and what it was last told of it."""

    topic: str
    topic_id: Uuid
    partition: int
    fetch_offset: int
    partition_max_bytes: int
    current_leader_epoch: int = -1
    last_fetched_epoch: int = -1
    told_high_watermark: int = NO_WATERMARK
    told_log_start_offset: int = -1

    @property
    def key(self) -> PartitionKey:
        """What identifies the partition in its session: by topic id where the client uses ids."""
        return (self.topic_id if self.topic_id != ZERO_UUID else self.topic, self.partition)

    def update_wish(self, newer: FetchedPartition) -> None:
        """Take over what the client wants now."""
        self.fetch_offset = newer.fetch_offset
        self.partition_max_bytes = newer.partition_max_bytes
        self.current_leader_epoch = newer.current_leader_epoch
        self.last_fetched_epoch = newer.last_fetched_epoch


PartitionKey = tuple[Uuid | str, int]


@dataclass(slots=True)
class FetchSession:
    """One client's session. `partitions` is in serving order."""

    session_id: int
    uses_topic_ids: bool
    is_privileged: bool
    partitions: dict[PartitionKey, FetchedPartition]
    created_ms: int
    last_used_ms: int
    next_epoch: int = FIRST_INCREMENTAL_EPOCH


@dataclass(slots=True)
class FetchPlan:
    """What one request wants: the partitions in serving order, and how its answer is to be made.

    `session_id` is what the answer carries.
    """

    partitions: list[FetchedPartition]
    session_id: int
    session: FetchSession | None
    is_incremental: bool

    def includes(
        self,
        partition: FetchedPartition,
        *,
        has_records: bool,
        error_code: int,
        high_watermark: int,
        log_start_offset: int,
        has_diverging_epoch: bool = False,
    ) -> bool:
        """Tell whether the answer includes a partition, and remember what the client is told.

        To be asked once for each partition, in serving order. In an incremental answer only what is news is
        included, and what brought records goes to the end of the order, so that no partition starves the rest.
        """
        if self.session is None:
            return True
        is_news = (
            has_records
            or error_code != ErrorCode.NONE
            or has_diverging_epoch
            or partition.told_high_watermark != high_watermark
            or partition.told_log_start_offset != log_start_offset
        )
        partition.told_log_start_offset = log_start_offset
        partition.told_high_watermark = NO_WATERMARK if error_code != ErrorCode.NONE else high_watermark
        if has_records and self.is_incremental:
            served = self.session.partitions.pop(partition.key, None)
            if served is not None:
                self.session.partitions[partition.key] = served
        return is_news or not self.is_incremental


class FetchSessionCache:
    """All sessions of a broker, at most `slots` of them."""

    def __init__(self, slots: int, draw_session_id: Callable[[], int] | None = None) -> None:
        self._slots = slots
        self._draw_session_id = draw_session_id or _random_session_id
        self._sessions: dict[int, FetchSession] = {}
        """Least recently used first."""
        self.evictions = 0

    def __len__(self) -> int:
        return len(self._sessions)

    def plan(
        self,
        session_id: int,
        epoch: int,
        wanted: list[FetchedPartition],
        forgotten: Iterable[PartitionKey],
        *,
        uses_topic_ids: bool,
        is_privileged: bool,
        now_ms: int,
    ) -> FetchPlan:
        """Work out what a request wants, and keep its session up to date.

        Raises KafkaError, which answers the whole request: FETCH_SESSION_ID_NOT_FOUND,
        INVALID_FETCH_SESSION_EPOCH or FETCH_SESSION_TOPIC_ID_ERROR.
        """
        if epoch in (INITIAL_EPOCH, FINAL_EPOCH):
            self._sessions.pop(session_id, None)
            partitions = {partition.key: partition for partition in wanted}
            session = None
            if epoch == INITIAL_EPOCH:
                session = self._open(partitions, uses_topic_ids, is_privileged, now_ms)
            return FetchPlan(
                partitions=list(partitions.values()),
                session_id=session.session_id if session else INVALID_SESSION_ID,
                session=session,
                is_incremental=False,
            )
        session = self._use(session_id, epoch, uses_topic_ids, now_ms)
        for partition in wanted:
            known = session.partitions.get(partition.key)
            if known is None:
                session.partitions[partition.key] = partition
            else:
                known.update_wish(partition)
        for key in forgotten:
            session.partitions.pop(key, None)
        if not session.partitions:
            del self._sessions[session_id]
            return FetchPlan([], INVALID_SESSION_ID, None, is_incremental=False)
        return FetchPlan(list(session.partitions.values()), session_id, session, is_incremental=True)

    def _use(self, session_id: int, epoch: int, uses_topic_ids: bool, now_ms: int) -> FetchSession:
        session = self._sessions.get(session_id)
        if session is None:
            raise KafkaError(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
        if session.next_epoch != epoch:
            raise KafkaError(ErrorCode.INVALID_FETCH_SESSION_EPOCH)
        if session.uses_topic_ids != uses_topic_ids:
            raise KafkaError(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)
        session.next_epoch = FIRST_INCREMENTAL_EPOCH if epoch == MAX_EPOCH else epoch + 1
        session.last_used_ms = now_ms
        self._sessions[session_id] = self._sessions.pop(session_id)
        return session

    def _open(
        self,
        partitions: dict[PartitionKey, FetchedPartition],
        uses_topic_ids: bool,
        is_privileged: bool,
        now_ms: int,
    ) -> FetchSession | None:
        if not self._make_room(len(partitions), is_privileged, now_ms):
            return None
        session_id = self._draw_session_id()
        while session_id in self._sessions:
            session_id = self._draw_session_id()
        session = FetchSession(session_id, uses_topic_ids, is_privileged, partitions, now_ms, now_ms)
        self._sessions[session_id] = session
        return session

    def _make_room(self, size: int, is_privileged: bool, now_ms: int) -> bool:
        """Evict one session for a new one where the rules allow it; tell whether a slot is free.

        An unused session gives way to any; a used one, once it is old enough, to a follower's or a larger one.
        """
        if len(self._sessions) < self._slots:
            return True
        if not self._sessions:
            return False
        oldest = next(iter(self._sessions.values()))
        if now_ms - oldest.last_used_ms > EVICTION_MS:
            return self._evict(oldest)
        established = [each for each in self._sessions.values() if now_ms - each.created_ms > EVICTION_MS]
        weakest = min(established, key=lambda each: (each.is_privileged, len(each.partitions)), default=None)
        if weakest is None or (is_privileged, size) <= (weakest.is_privileged, len(weakest.partitions)):
            return False
        return self._evict(weakest)

    def _evict(self, session: FetchSession) -> bool:
        del self._sessions[session.session_id]
        self.evictions += 1
        return True


def _random_session_id() -> int:
    return random.randint(1, MAX_SESSION_ID)  # noqa: S311 - an identifier, not a secret
