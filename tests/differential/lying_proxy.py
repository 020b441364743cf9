"""A proxy between the cases and a broker that tells one lie: it changes the answers of one API in one version.

The judge has to find the lie, and nothing else, in what comes of a case: this is the test of the test.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

from ottla.protocol.api import ApiKey, response_class
from ottla.protocol.headers import decode_response_header
from ottla.wire.compiler import decode_message, encode

_SIZE_BYTES = 4
# Longer than any case makes a broker wait; a connection that is idle for so long belongs to nobody.
_IDLE_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Lie:
    """Which answers are changed, and how: the message, and bytes behind it that do not belong there."""

    api_key: ApiKey
    version: int
    change: Callable[[Any], None] = lambda _: None
    tail: bytes = b""

    def told_in(self, frame: bytes) -> bytes:
        """Return the frame of an answer with the lie in it."""
        _, position = decode_response_header(self.api_key, self.version, frame)
        message = decode_message(response_class(self.api_key), self.version, frame[position:])
        self.change(message)
        return frame[:position] + encode(message, self.version) + self.tail


@contextmanager
def lying_proxy(port: int, lie: Lie | None) -> Iterator[int]:
    """Give the port of a proxy in front of a broker, which is honest without a lie."""
    with socket.create_server(("localhost", 0)) as server:
        accepting = Thread(target=_accept, args=(server, port, lie), daemon=True)
        accepting.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        accepting.join()


def _accept(server: socket.socket, port: int, lie: Lie | None) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return  # the test is over
        Thread(target=_serve, args=(client, port, lie), daemon=True).start()


def _serve(client: socket.socket, port: int, lie: Lie | None) -> None:
    """Pass on one request and its answer at a time, until one side ends."""
    with client, socket.create_connection(("localhost", port), timeout=_IDLE_TIMEOUT_S) as broker:
        client.settimeout(_IDLE_TIMEOUT_S)
        try:
            while True:
                request = _read_frame(client)
                _write_frame(broker, request)
                answer = _read_frame(broker)
                asked = (int.from_bytes(request[:2], "big"), int.from_bytes(request[2:4], "big"))
                if lie is not None and asked == (lie.api_key, lie.version):
                    answer = lie.told_in(answer)
                _write_frame(client, answer)
        except (OSError, EOFError):
            return


def _read_frame(side: socket.socket) -> bytes:
    return _read(side, int.from_bytes(_read(side, _SIZE_BYTES), "big"))


def _read(side: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        chunk = side.recv(size - len(received))
        if not chunk:
            raise EOFError
        received += chunk
    return bytes(received)


def _write_frame(side: socket.socket, content: bytes) -> None:
    side.sendall(len(content).to_bytes(_SIZE_BYTES, "big") + content)
