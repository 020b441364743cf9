"""Producer ids for idempotent producers, taken from the controller in blocks.

An id is given to one producer ever: the controller records the end of each block before the block is handed out,
and what is left of it at a stop is lost. Kafka's classes: ProducerIdManager, RPCProducerIdManager.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, Protocol

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError

WAITING_LIMIT = 10_000
"""Requests that may wait for the next block; each is one connection's only request under way."""


class ProducerIdBlock(NamedTuple):
    """Producer ids from `first_id` on, `size` of them."""

    first_id: int
    size: int


class ProducerIdSource(Protocol):
    """Who hands out blocks: the controller."""

    def allocate_producer_ids(self) -> Completion[ProducerIdBlock]:
        """Return the next block once it is committed to the metadata log."""


class ProducerIdAllocator:
    """Hands out one id after another."""

    def __init__(self, source: ProducerIdSource) -> None:
        self._source = source
        self._next_id = 0
        self._end_id = 0
        self._waiting: deque[Completion[int]] = deque()
        self._asks = False

    def allocate(self) -> Completion[int]:
        """Return a producer id that nobody had before.

        Fails with COORDINATOR_LOAD_IN_PROGRESS, which clients retry, when the controller cannot give a block.
        """
        if self._next_id < self._end_id and not self._waiting:
            self._next_id += 1
            return Completion.resolved(self._next_id - 1)
        if len(self._waiting) >= WAITING_LIMIT:
            return Completion.failed(KafkaError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS))
        waiting: Completion[int] = Completion()
        self._waiting.append(waiting)
        self._ask()
        return waiting

    def _ask(self) -> None:
        if not self._asks:
            self._asks = True
            self._source.allocate_producer_ids().on_done(self._received)

    def _received(self, block: Completion[ProducerIdBlock]) -> None:
        self._asks = False
        if block.error is not None:
            failed, self._waiting = self._waiting, deque()
            for waiting in failed:
                waiting.fail(KafkaError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS))
            return
        self._next_id, size = block.result()
        self._end_id = self._next_id + size
        while self._waiting and self._next_id < self._end_id:
            self._next_id += 1
            self._waiting.popleft().resolve(self._next_id - 1)
        if self._waiting:
            self._ask()
