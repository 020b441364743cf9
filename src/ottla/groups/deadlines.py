"""Deadlines by key that are cheap to move: a session is extended by every heartbeat and almost never expires.

A deadline that moves away stays where it is in the heap and is put right when its old time comes. A deadline that
comes nearer is entered again, and the older entry is dropped when it is met.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_SPARE_ENTRIES = 64
"""Dropped entries that the heap may hold beside as many live ones before it is built anew."""


class Deadlines(Generic[K]):
    """At most one deadline per key, in ms."""

    def __init__(self) -> None:
        self._due: dict[K, int] = {}
        self._entered: dict[K, int] = {}
        self._heap: list[tuple[int, int, K]] = []
        self._entries = 0

    def __len__(self) -> int:
        return len(self._due)

    def __contains__(self, key: K) -> bool:
        return key in self._due

    def schedule(self, key: K, due_ms: int) -> None:
        """Set or move the key's deadline."""
        self._due[key] = due_ms
        entered_ms = self._entered.get(key)
        if entered_ms is None or due_ms < entered_ms:
            self._enter(key, due_ms)

    def cancel(self, key: K) -> None:
        """Forget the key's deadline, if there is one."""
        self._due.pop(key, None)
        if len(self._heap) > 2 * len(self._due) + _SPARE_ENTRIES:
            self._heap.clear()
            self._entered.clear()
            for live, due_ms in self._due.items():
                self._enter(live, due_ms)

    def next_ms(self) -> int | None:
        """Return the nearest deadline; None when there is none."""
        while self._heap:
            entered_ms, _, key = self._heap[0]
            due_ms = self._due.get(key)
            if due_ms == entered_ms:
                return due_ms
            heapq.heappop(self._heap)
            if self._entered.get(key) == entered_ms:
                del self._entered[key]
                if due_ms is not None:
                    self._enter(key, due_ms)
        return None

    def pop_due(self, now_ms: int) -> K | None:
        """Take out the key whose deadline passed first; None when nothing is due."""
        due_ms = self.next_ms()
        if due_ms is None or due_ms > now_ms:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._entered[key]
        del self._due[key]
        return key

    def _enter(self, key: K, due_ms: int) -> None:
        self._entries += 1
        self._entered[key] = due_ms
        heapq.heappush(self._heap, (due_ms, self._entries, key))
