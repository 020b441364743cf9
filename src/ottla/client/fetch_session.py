"""A client's side of an incremental fetch session with one node (KIP-227): what the next request has to say. Pure.

The law: after each answer both sides hold the same partitions at the same offsets. A request names what changed since
the last one and what is left out from now on; after an error the next one names everything and asks for a new session.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ottla.types import TopicPartition, Uuid

NO_SESSION = 0
FULL_EPOCH = 0
_LAST_EPOCH = 2**31 - 1


class Wanted(NamedTuple):
    """What a partition is fetched with."""

    topic_id: Uuid
    offset: int
    leader_epoch: int
    max_bytes: int


class SessionRequest(NamedTuple):
    """What the next request says."""

    session_id: int
    epoch: int
    changed: dict[TopicPartition, Wanted]
    forgotten: dict[TopicPartition, Uuid]


class FetchSession:
    """The session with one node, or the wish for one."""

    __slots__ = ("_epoch", "_held", "_session_id")

    def __init__(self) -> None:
        self._session_id = NO_SESSION
        self._epoch = FULL_EPOCH
        self._held: dict[TopicPartition, Wanted] = {}

    def plan(self, wanted: Mapping[TopicPartition, Wanted]) -> SessionRequest:
        """Return the request after which the session has just these partitions; it counts as sent."""
        if self._epoch == FULL_EPOCH:
            self._held = dict(wanted)
            return SessionRequest(self._session_id, FULL_EPOCH, dict(wanted), {})
        changed = {partition: row for partition, row in wanted.items() if self._held.get(partition) != row}
        forgotten = {
            partition: row.topic_id for partition, row in self._held.items() if partition not in wanted
        }
        for partition, row in changed.items():
            before = self._held.get(partition)
            if before is not None and before.topic_id != row.topic_id:
                forgotten[partition] = before.topic_id  # the topic was made anew: its old id goes
        self._held = dict(wanted)
        return SessionRequest(self._session_id, self._epoch, changed, forgotten)

    def answered(self, session_id: int) -> None:
        """Take an answer without error: the session that it names goes on; 0 means that the node keeps none."""
        if session_id == NO_SESSION:
            self.failed()
        elif self._epoch == FULL_EPOCH:
            self._session_id, self._epoch = session_id, 1
        else:
            self._epoch = 1 if self._epoch == _LAST_EPOCH else self._epoch + 1

    def failed(self, *, is_lost: bool = True) -> None:
        """Begin anew after an error; where the node still has the session it closes it for the new one."""
        if is_lost:
            self._session_id = NO_SESSION
        self._epoch = FULL_EPOCH
        self._held = {}
