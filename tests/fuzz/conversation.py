"""Connections to a broker that go on side by side: bytes out in pieces, bytes in until the end.

The law: a client says its last word only when every answer that is owed to it has come, since a broker need not answer
one that has gone away. What has not come by then is a hang.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass, field

# An answer takes milliseconds; one that takes this long does not come.
ANSWER_LIMIT_S = 20.0
# How long a connection may stay open after its last word: a request that it left behind may wait as long as it says.
GOODBYE_LIMIT_S = 0.3
RECEIVE_BYTES = 256 * 1024
RESET_AT_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER: closing throws away what is unsent and unread, and tells the other side so."""


@dataclass(slots=True)
class Lane:
    """One connection: what goes out, what is owed, and what came."""

    port: int
    pieces: deque[bytes]
    owed: int
    """Answers to wait for."""
    must_end: bool = False
    """Whether nothing was sent after which the broker may keep the connection."""
    leaves_rudely: bool = False
    """Whether the client resets the connection after its last piece."""
    received: bytearray = field(default_factory=bytearray)
    has_ended: bool = False
    """Whether the broker has closed the connection."""
    _socket: socket.socket | None = None
    _counted: int = 0
    _answers: int = 0
    _deadline: float = 0.0
    _has_said_all: bool = False

    def open(self) -> socket.socket:
        """Connect."""
        connected = socket.create_connection(("127.0.0.1", self.port), ANSWER_LIMIT_S)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setblocking(False)
        self._socket = connected
        self._deadline = time.monotonic() + ANSWER_LIMIT_S
        return connected

    def send(self) -> None:
        """Send the next piece, or what the socket takes of it; nothing more goes out once the broker has closed."""
        assert self._socket is not None
        try:
            sent = self._socket.send(self.pieces[0])
        except BlockingIOError:
            return
        except OSError:
            self.pieces.clear()  # what has come until then can still be read
            return
        piece = self.pieces.popleft()
        if sent < len(piece):
            self.pieces.appendleft(piece[sent:])

    def receive(self) -> bool:
        """Take what has come; tell whether it was the end."""
        assert self._socket is not None
        try:
            chunk = self._socket.recv(RECEIVE_BYTES)
        except ConnectionError:
            return True  # closed with unread bytes on the way
        self.received += chunk
        while len(self.received) >= self._counted + 4:
            size = int.from_bytes(self.received[self._counted : self._counted + 4], "big")
            if len(self.received) < self._counted + 4 + size:
                break
            self._counted += 4 + size
            self._answers += 1
        if chunk and self._answers < self.owed:
            self._deadline = time.monotonic() + ANSWER_LIMIT_S
        return not chunk

    def say_goodbye(self) -> bool:
        """Say the last word once it is time; tell whether the client has left."""
        assert self._socket is not None
        if self._has_said_all or self.pieces or self._answers < self.owed:
            return False
        if self.leaves_rudely:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
            return True
        self._has_said_all = True
        self._deadline = time.monotonic() + (ANSWER_LIMIT_S if self.must_end else GOODBYE_LIMIT_S)
        with contextlib.suppress(OSError):  # the broker was first
            self._socket.shutdown(socket.SHUT_WR)
        return False

    @property
    def left_s(self) -> float:
        """Seconds until this connection has waited too long."""
        return self._deadline - time.monotonic()

    @property
    def has_hung(self) -> bool:
        """Whether an owed answer has not come in time."""
        return self._answers < self.owed


def converse(lanes: list[Lane]) -> None:
    """Hold all conversations to their end. Raises TimeoutError when an owed answer does not come."""
    with selectors.DefaultSelector() as selector:
        try:
            for lane in lanes:
                selector.register(lane.open(), selectors.EVENT_READ | selectors.EVENT_WRITE, lane)
            while selector.get_map():
                wait_s = min(key.data.left_s for key in selector.get_map().values())
                for key, events in selector.select(max(wait_s, 0)):
                    _step(selector, key, events)
                for key in list(selector.get_map().values()):
                    if key.data.left_s <= 0:
                        if key.data.has_hung:
                            raise TimeoutError(f"after {key.data.received.hex()} nothing came")
                        _leave(selector, key)
        finally:
            for key in list(selector.get_map().values()):
                _leave(selector, key)


def _step(selector: selectors.BaseSelector, key: selectors.SelectorKey, events: int) -> None:
    lane: Lane = key.data
    if events & selectors.EVENT_READ:
        lane.has_ended = lane.receive()
    if events & selectors.EVENT_WRITE and lane.pieces:
        lane.send()
    if lane.has_ended or lane.say_goodbye():
        _leave(selector, key)
    elif not lane.pieces and key.events != selectors.EVENT_READ:
        selector.modify(key.fileobj, selectors.EVENT_READ, lane)


def _leave(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    selector.unregister(key.fileobj)
    assert isinstance(key.fileobj, socket.socket)
    key.fileobj.close()
