"""Many connections at once, one request in flight on each, as many as their answers allow until time is up."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Sequence

from tests.benchmarks.compare.pipelining import RECEIVE_BYTES, SIZE_BYTES
from tests.benchmarks.compare.run import RunFailedError

LONGEST_SILENCE_S = 30.0


class Conversation:
    """One connection: what goes out, what has come of the answer, and what follows from an answer."""

    def __init__(
        self, connection: socket.socket, first: bytes, follow: Callable[[memoryview], bytes]
    ) -> None:
        self.connection = connection
        self.answers = 0
        self._follow = follow
        self._going_out = memoryview(first)
        self._received = bytearray()
        self._interest = 0

    def begin(self, selector: selectors.BaseSelector) -> None:
        """Have a selector tell when there is something to write or to read."""
        self.connection.setblocking(False)
        self._interest = selectors.EVENT_READ | selectors.EVENT_WRITE
        selector.register(self.connection, self._interest, self)

    def turn(self, selector: selectors.BaseSelector, ready: int, buffer: memoryview) -> None:
        """Write and read what can be. Raises RunFailedError when the broker closes, and what `follow` raises."""
        try:
            if ready & selectors.EVENT_READ:
                self._read(buffer)
            self._write()
        except ConnectionError as error:
            raise RunFailedError(f"the broker closed a connection after {self.answers} answers") from error
        self._watch(selector)

    def _read(self, buffer: memoryview) -> None:
        size = self.connection.recv_into(buffer)
        if size == 0:
            raise ConnectionError("the stream has ended")
        self._received += buffer[:size]
        frame_bytes = SIZE_BYTES + int.from_bytes(self._received[:SIZE_BYTES], "big")
        if len(self._received) >= max(frame_bytes, SIZE_BYTES + 1):
            self.answers += 1
            answer, self._received = self._received, bytearray()
            self._going_out = memoryview(self._follow(memoryview(answer)[SIZE_BYTES:]))

    def _write(self) -> None:
        if self._going_out:
            try:
                sent = self.connection.send(self._going_out)
            except BlockingIOError:
                return
            self._going_out = self._going_out[sent:]

    def _watch(self, selector: selectors.BaseSelector) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._going_out else 0)
        if wanted != self._interest:
            self._interest = wanted
            selector.modify(self.connection, wanted, self)


def converse(conversations: Sequence[Conversation], duration_s: float) -> float:
    """Let all connections talk at once for so long; return the seconds that they did.

    Raises RunFailedError when none of them gets an answer for too long, and as `Conversation.turn` does.
    """
    buffer = memoryview(bytearray(RECEIVE_BYTES))
    with selectors.DefaultSelector() as selector:
        for each in conversations:
            each.begin(selector)
        begun = time.monotonic()
        while time.monotonic() < begun + duration_s:
            events = selector.select(LONGEST_SILENCE_S)
            if not events:
                raise RunFailedError(f"no connection got an answer for {LONGEST_SILENCE_S} s")
            for key, ready in events:
                key.data.turn(selector, ready, buffer)
        return time.monotonic() - begun
