"""A TCP proxy between a client and a broker that notes the Fetch requests and responses that pass.

The broker has to advertise the tap's port on a listener of its own, or clients would soon go round it. Bytes
are passed on as they are; a copy is cut into frames. Fetch is read from version 15 on, which every client of
the last years speaks; an older one is an error of the test.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from tests.support import raw_wire

CONNECT_TIMEOUT_S = 10.0
RECEIVE_BYTES = 1 << 16
OLDEST_FETCH_VERSION = 15


@dataclass(frozen=True, slots=True)
class TappedFetch:
    """What a Fetch request asked, and once it has passed, what the answer carried."""

    session_id: int
    session_epoch: int
    topic_count: int
    request_size_bytes: int
    response_session_id: int
    response_topic_count: int
    response_size_bytes: int


@dataclass(slots=True)
class _PendingFetch:
    session_id: int
    session_epoch: int
    topic_count: int
    size_bytes: int


@dataclass(slots=True)
class WireTap:
    """Listens on a loopback port and joins each client with a connection to `broker_port`."""

    broker_port: int
    fetches: list[TappedFetch] = field(default_factory=list)
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _threads: list[threading.Thread] = field(default_factory=list)
    _sockets: list[socket.socket] = field(default_factory=list)
    _failures: list[Exception] = field(default_factory=list)

    @property
    def port(self) -> int:
        """The port that clients have to use."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        # A blocked accept or receive ends by a shutdown, not by a close from another thread.
        for each in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(CONNECT_TIMEOUT_S)
        for each in [self._listener, *self._sockets]:
            each.close()

    def wait_until(self, holds: Callable[[list[TappedFetch]], bool], timeout_s: float) -> list[TappedFetch]:
        """Return the fetches so far once `holds` is true of them; raises AssertionError after `timeout_s`."""
        with self._changed:
            met = self._changed.wait_for(lambda: bool(self._failures) or holds(self.fetches), timeout_s)
            if self._failures:
                raise self._failures[0]
            assert met, f"not within {timeout_s} s: {self.fetches[-5:]}"
            return list(self.fetches)

    def _spawn(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                broker = socket.create_connection(("127.0.0.1", self.broker_port), CONNECT_TIMEOUT_S)
                broker.settimeout(None)
                self._sockets += [client, broker]
                pending: dict[int, _PendingFetch] = {}
                self._spawn(
                    self._pass_on, client, broker, lambda content, to=pending: _note_request(content, to)
                )
                self._spawn(
                    self._pass_on,
                    broker,
                    client,
                    lambda content, to=pending: self._note_response(content, to),
                )

    def _pass_on(self, source: socket.socket, target: socket.socket, note: Callable[[bytes], None]) -> None:
        received = bytearray()
        try:
            while chunk := source.recv(RECEIVE_BYTES):
                received += chunk
                while len(received) >= 4 and len(received) >= 4 + (
                    size := int.from_bytes(received[:4], "big")
                ):
                    # Noted before it is passed on: the answer to a request must find it.
                    note(bytes(received[4 : 4 + size]))
                    del received[: 4 + size]
                target.sendall(chunk)
        except OSError:
            pass  # One side has gone; the other learns it below.
        except (ValueError, IndexError, struct.error) as failure:
            with self._changed:
                self._failures.append(failure)
                self._changed.notify_all()
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def _note_response(self, content: bytes, pending: dict[int, _PendingFetch]) -> None:
        (correlation_id,) = struct.unpack_from(">i", content)
        asked = pending.pop(correlation_id, None)
        if asked is None:
            return
        # Header version 1 ends with tagged fields; then throttle time, error code, session id, topics.
        session_id = struct.unpack_from(">ihi", content, 5)[2]
        count, _ = raw_wire.unsigned_varint(content, 15)
        fetch = TappedFetch(
            asked.session_id,
            asked.session_epoch,
            asked.topic_count,
            asked.size_bytes,
            session_id,
            count - 1,
            len(content),
        )
        with self._changed:
            self.fetches.append(fetch)
            self._changed.notify_all()


def _note_request(content: bytes, pending: dict[int, _PendingFetch]) -> None:
    api_key, api_version, correlation_id, client_id_size = struct.unpack_from(">hhih", content)
    if api_key != raw_wire.FETCH:
        return
    if api_version < OLDEST_FETCH_VERSION:
        raise ValueError(f"the client speaks Fetch {api_version}, older than {OLDEST_FETCH_VERSION}")
    position = 10 + max(client_id_size, 0) + 1
    # After the header: max wait, min bytes, max bytes, isolation level, session id and epoch, topics.
    *_, session_id, session_epoch = struct.unpack_from(">iiibii", content, position)
    count, _ = raw_wire.unsigned_varint(content, position + 21)
    pending[correlation_id] = _PendingFetch(session_id, session_epoch, count - 1, len(content))
