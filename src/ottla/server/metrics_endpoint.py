"""The port for Prometheus: `GET /metrics`, on the loop, with the standard library's reading of HTTP.

A request is collected until it is whole and then read from memory, so nothing ever waits for a client; and there is no
thread that could be put aside by the system while it holds the interpreter. Everything about a client is bounded: how
many there are, how much they say, how long they take.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, cast

from ottla.completion import Completion
from ottla.config.listeners import url_host
from ottla.server.listener import ListenError, open_sockets
from ottla.server.start_error import StartError
from ottla.tasks import Tasks, Timer
from ottla.telemetry.prometheus import CONTENT_TYPE
from ottla.version import OTTLA_VERSION

logger = logging.getLogger("ottla.metrics")

METRICS_PATH = "/metrics"
METHODS = frozenset({"GET", "HEAD"})

MAX_CONNECTIONS = 16
"""At a time; further ones are closed. One Prometheus has one, and each may hold a text of some megabytes."""

MAX_REQUEST_BYTES = 16 * 1024
"""What a request may be long; Prometheus asks in some hundred bytes."""

REQUEST_LIMIT_MS = 10_000
"""From the connection to the last byte of the answer: Prometheus gives up after 10 s by default."""

_END_OF_REQUEST = b"\r\n\r\n"
_HTTP = b" HTTP/"

TakeText = Callable[[], Completion[bytes]]


class MetricsEndpoint:
    """The listening sockets and the requests that are being answered."""

    def __init__(self, host: str, port: int, tasks: Tasks) -> None:
        """Take the port. Raises StartError."""
        self._host = host
        self._tasks = tasks
        self._servers: list[asyncio.Server] = []
        self._connections: set[_Connection] = set()
        try:
            self._listening = open_sockets(host, port)
        except ListenError as error:
            raise StartError(f"ottla.metrics.port: metrics cannot be served on {error}") from error

    @property
    def port(self) -> int:
        """The port, also where any free one was asked for."""
        port: int = self._listening[0].getsockname()[1]
        return port

    async def start(self, take_text: TakeText) -> None:
        """Answer from now on with the text that `take_text` has made. Raises StartError."""
        host = url_host(self._host or "0.0.0.0")  # noqa: S104 - as the listeners show all interfaces
        connect = partial(_Connection, self._connections, self._tasks, take_text)
        for listening in self._listening:
            try:
                server = await self._tasks.loop.create_server(
                    connect, sock=listening, backlog=MAX_CONNECTIONS
                )
            except OSError as error:
                raise StartError(f"ottla.metrics.port: metrics cannot be served: {error.strerror}") from error
            self._servers.append(server)
        logger.info("Metrics are served on http://%s:%d%s", host, self.port, METRICS_PATH)

    def stop(self) -> None:
        """Close everything; a request under way gets no answer."""
        for server in self._servers:
            server.close()
        for listening in self._listening:
            listening.close()
        for connection in tuple(self._connections):
            connection.abort()


class _Connection(asyncio.Protocol):
    """One client: a request, an answer, the end."""

    def __init__(self, open_ones: set[_Connection], tasks: Tasks, take_text: TakeText) -> None:
        self._open_ones = open_ones
        self._tasks = tasks
        self._take_text = take_text
        self._received = bytearray()
        self._is_asked = False
        self._transport: asyncio.Transport | None = None
        self._timer: Timer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if len(self._open_ones) >= MAX_CONNECTIONS:
            self._transport.abort()
            return
        self._open_ones.add(self)
        self._timer = self._tasks.call_later(REQUEST_LIMIT_MS, self.abort)

    def connection_lost(self, _error: Exception | None) -> None:
        self._open_ones.discard(self)
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, content: bytes) -> None:
        if self._is_asked:
            return
        self._received += content
        end = self._received.find(_END_OF_REQUEST, 0, MAX_REQUEST_BYTES)
        first_line, line_end, _ = self._received[:MAX_REQUEST_BYTES].partition(b"\n")
        if end >= 0:
            self._answer(bytes(self._received[: end + len(_END_OF_REQUEST)]))
        elif line_end and _HTTP not in first_line:
            self._answer(bytes(first_line + line_end))  # nothing that goes on like this becomes a request
        elif len(self._received) >= MAX_REQUEST_BYTES:
            self._answer(b"")

    def abort(self) -> None:
        """Close now, answered or not."""
        if self._transport is not None:
            self._transport.abort()

    def _answer(self, received: bytes) -> None:
        assert self._transport is not None, "bytes come while there is a connection"
        self._is_asked = True
        self._transport.pause_reading()
        request = _Request(received, self._transport.get_extra_info("peername"))
        if request.wants_metrics():
            self._take_text().on_done(lambda scraped: self._send(request.answer(scraped)))
        else:
            self._send(request.answered())

    def _send(self, answer: bytes) -> None:
        if self._transport is not None:
            self._transport.write(answer)
            self._transport.close()


class _Request(BaseHTTPRequestHandler):
    """A whole request in memory, and its answer there."""

    server_version = f"Ottla/{OTTLA_VERSION}"
    sys_version = ""
    # Refusals have a status line also where the request had no version.
    default_request_version = "HTTP/1.0"

    def __init__(self, received: bytes, address: Any) -> None:
        # The base class would read from a socket, and at once; everything else of it works on these.
        self.client_address = address
        self.rfile = io.BytesIO(received)
        self.wfile = self._answered = io.BytesIO()
        self.requestline = self.command = ""
        self.request_version = self.default_request_version

    def wants_metrics(self) -> bool:
        """Tell whether the metrics are the answer; otherwise a refusal is already made."""
        self.raw_requestline = self.rfile.readline()
        if not self.raw_requestline:
            self.send_error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return False
        if not self.parse_request():
            return False
        if self.command not in METHODS:
            self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)
            return False
        if self.path.partition("?")[0] != METRICS_PATH:
            self.send_error(HTTPStatus.NOT_FOUND, explain=f"Metrics are under {METRICS_PATH}")
            return False
        return True

    def answer(self, scraped: Completion[bytes]) -> bytes:
        """Return the answer with the metrics, or that they could not be read."""
        if scraped.error is not None:
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR)
            return self.answered()
        text = scraped.result()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        return self.answered() + (b"" if self.command == "HEAD" else text)

    def answered(self) -> bytes:
        """Return what was answered so far."""
        return self._answered.getvalue()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - http.server's own name
        """Tell of a request where somebody wants to know."""
        logger.debug("/%s " + format, self.client_address[0], *arguments)  # noqa: G003 - its own format
