"""A TCP proxy before a broker that can hold its answers back: what was asked is done, and nobody hears of it.

The broker has to advertise the gate's port, or clients would soon go round it. Requests always pass.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

CONNECT_TIMEOUT_S = 10.0
RECEIVE_BYTES = 1 << 16


@dataclass(slots=True)
class _Connection:
    client: socket.socket
    broker: socket.socket
    is_dropped: bool = False

    def end(self) -> None:
        for each in (self.client, self.broker):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@dataclass(slots=True)
class AnswerGate:
    """Listens on a loopback port and joins each client with a connection to `broker_port`, while there is a broker."""

    broker_port: int = 0
    """Where the broker listens; a broker that advertises the gate can tell only after the gate is there."""
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _connections: list[_Connection] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _is_open: bool = True
    _has_held: bool = False

    @property
    def advertised(self) -> dict[str, str]:
        """The property that makes a broker send its clients here."""
        return {"advertised.listeners": f"PLAINTEXT://{self.address}"}

    @property
    def address(self) -> str:
        """Where clients have to connect to."""
        return f"localhost:{self._listener.getsockname()[1]}"

    def hold(self) -> None:
        """Let no answer through any more; none is on its way when this returns."""
        with self._changed:
            self._is_open = self._has_held = False

    def wait_until_held(self, timeout_s: float) -> None:
        """Return when an answer waits here since the last `hold`; raises AssertionError after `timeout_s`."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._has_held, timeout_s), "nobody was answered"

    def drop(self) -> None:
        """End all connections together with the answers that they hold; later connections pass."""
        with self._changed:
            dropped, self._connections = self._connections, []
            for connection in dropped:
                connection.is_dropped = True
            self._is_open = True
            self._changed.notify_all()
        for connection in dropped:
            connection.end()

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        # A blocked accept ends by a shutdown, not by a close from another thread.
        self._listener.shutdown(socket.SHUT_RDWR)
        self.drop()
        for thread in self._threads:
            thread.join(CONNECT_TIMEOUT_S)
        self._listener.close()

    def _spawn(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    broker = socket.create_connection(("127.0.0.1", self.broker_port), CONNECT_TIMEOUT_S)
                except OSError:
                    client.close()  # as a broker that is away refuses it
                    continue
                broker.settimeout(None)
                connection = _Connection(client, broker)
                with self._changed:
                    self._connections.append(connection)
                self._spawn(self._serve, connection)

    def _serve(self, connection: _Connection) -> None:
        requests = threading.Thread(target=self._pass_requests, args=(connection,), daemon=True)
        requests.start()
        with contextlib.suppress(OSError):  # one side has gone, the other learns it by `end`
            while chunk := connection.broker.recv(RECEIVE_BYTES):
                if not self._pass_answer(connection, chunk):
                    break
        connection.end()
        requests.join(CONNECT_TIMEOUT_S)
        connection.client.close()
        connection.broker.close()

    def _pass_answer(self, connection: _Connection, chunk: bytes) -> bool:
        with self._changed:
            if not self._is_open:
                self._has_held = True
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_open or connection.is_dropped)
            if not connection.is_dropped:
                connection.client.sendall(chunk)
            return not connection.is_dropped

    def _pass_requests(self, connection: _Connection) -> None:
        with contextlib.suppress(OSError):
            while chunk := connection.client.recv(RECEIVE_BYTES):
                connection.broker.sendall(chunk)
        connection.end()
