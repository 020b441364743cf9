"""A whole broker on a loop that stands still but when it is told to turn, and one client's connection to it.

Everything runs on the caller's thread, so that whoever counts sees all that a request makes the broker do, and nothing
else. The loop is asyncio's own, whose queue of callbacks can be looked into. The broker's clock moves only when told
to, and its checkpoints are not due within any run.
"""

from __future__ import annotations

import asyncio
import select
import socket
import tempfile
from collections.abc import Callable
from math import inf
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ottla.config.broker import embedded_broker_config
from ottla.protocol.api import ApiKey, response_class
from ottla.protocol.headers import RequestHeader, decode_response_header, encode_request_header
from ottla.server.broker import Broker
from ottla.server.connection import Connection
from ottla.tasks import Tasks
from ottla.wire.compiler import decode_message, encode
from tests.support.live_broker import PROPERTIES
from tests.support.manual_time import ManualTime

CLIENT_ID = "consumer-1"

# Any real time will do: what is stored, like the time itself, must only be the same in every run.
NOW_MS = 1_700_000_000_000

# On loopback bytes are there when `send` returns; the limit is for a system that does it otherwise.
ARRIVAL_LIMIT_S = 10.0


# Checkpoints run on threads, whose allocations would be counted.
NEVER_MS = str(24 * 60 * 60 * 1000)
OPTIONS = {
    **PROPERTIES,
    "replica.high.watermark.checkpoint.interval.ms": NEVER_MS,
    "log.flush.offset.checkpoint.interval.ms": NEVER_MS,
    "log.flush.start.offset.checkpoint.interval.ms": NEVER_MS,
    "log.initial.task.delay.ms": NEVER_MS,
}


class StandingBroker:
    """A broker in a directory of its own, with one client connected; a context manager that stops both."""

    def __init__(self) -> None:
        self.clock = ManualTime(NOW_MS)
        self.loop = asyncio.SelectorEventLoop()
        self.tasks = Tasks(self.loop)
        self._folder = tempfile.TemporaryDirectory(prefix="ottla-cost-")
        properties = {**OPTIONS, "log.dirs": str(Path(self._folder.name) / "data")}
        config = embedded_broker_config(properties, lambda: "127.0.0.1")
        self.broker = Broker(config, self.clock, self.tasks)
        # A machine that does other things makes a write slow now and then, and what follows would go to a thread.
        self.broker._writer._slow_write_s = inf
        self._client = socket.socket()
        self._client.setblocking(False)
        self._correlation_id = 0

    def __enter__(self) -> Self:
        self.loop.run_until_complete(self.broker.start())
        address = ("127.0.0.1", self.broker.port("PLAINTEXT"))
        self.loop.run_until_complete(self.loop.sock_connect(self._client, address))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        self.loop.run_until_complete(self.broker.stop())
        self.loop.close()
        self._folder.cleanup()

    @property
    def connection(self) -> Connection:
        """The broker's end of the client's connection."""
        (connection,) = self.broker._sockets._listeners["PLAINTEXT"]._connections
        return connection

    @property
    def waiting_callbacks(self) -> int:
        """How many callbacks, tasks and timers the loop has to run."""
        return len(self.loop._ready) + len(self.loop._scheduled)

    def frame(self, api_key: ApiKey, version: int, request: object) -> bytes:
        """Return a request's bytes, its size first, with the next correlation id."""
        self._correlation_id += 1
        header = RequestHeader(api_key, version, self._correlation_id, CLIENT_ID)
        content = encode_request_header(header) + encode(request, version)
        return len(content).to_bytes(4, "big") + content

    def deliver(self, frame: bytes) -> Callable[[], None]:
        """Bring a request to the broker's socket; return what the loop would call to have it answered."""
        connection = self.connection
        assert self._client.send(frame) == len(frame)
        ready, _, _ = select.select([connection._socket], [], [], ARRIVAL_LIMIT_S)
        assert ready, "the request has not arrived"
        return connection._readable

    def take_answer(self, api_key: ApiKey, version: int) -> Any:
        """Return the answer that the broker has just sent; the loop does not turn for it."""
        ready, _, _ = select.select([self._client], [], [], ARRIVAL_LIMIT_S)
        assert ready, "the answer was not sent at once"
        frame = self._client.recv(1 << 20)
        assert len(frame) == 4 + int.from_bytes(frame[:4], "big"), "one request has one answer"
        return _decode(api_key, version, frame[4:])

    def ask(self, api_key: ApiKey, version: int, request: object) -> Any:
        """Send a request and turn the loop until the answer is there; for what goes before the measurement."""
        frame = self.frame(api_key, version, request)
        return _decode(api_key, version, self.loop.run_until_complete(self._exchange(frame)))

    def turn(self) -> None:
        """Let the loop run what has come together."""
        self.loop.run_until_complete(asyncio.sleep(0))

    async def _exchange(self, frame: bytes) -> bytes:
        await self.loop.sock_sendall(self._client, frame)
        size = int.from_bytes(await self._receive(4), "big")
        return await self._receive(size)

    async def _receive(self, size: int) -> bytes:
        received = b""
        while len(received) < size:
            piece = await self.loop.sock_recv(self._client, size - len(received))
            assert piece, "the broker has closed the connection"
            received += piece
        return received


def _decode(api_key: ApiKey, version: int, content: bytes) -> Any:
    _, position = decode_response_header(api_key, version, content)
    return decode_message(response_class(api_key), version, memoryview(content)[position:])
