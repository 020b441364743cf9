"""The port for Prometheus: `GET /metrics`, read by the standard library's HTTP server on threads of their own.

The loop accepts and makes the text; a thread does what waits in the kernel, for a client that is slow to ask or to
take its answer. Everything about such a client is bounded: how many there are, how much they say, how long they take.
"""

from __future__ import annotations

import contextlib
import io
import logging
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
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

MAX_CONNECTIONS = 4
"""Requests at a time, each on a thread: one Prometheus, its twin, and a person. Others wait in the kernel."""

BACKLOG = 16
"""Connections that wait in the kernel for one of those to end."""

MAX_REQUEST_BYTES = 16 * 1024
"""What a request may be long; Prometheus asks in some hundred bytes."""

REQUEST_LIMIT_S = 10.0
"""From the connection to the last byte of the answer: Prometheus gives up after 10 s by default."""

ACCEPT_PAUSE_MS = 1000
"""How long accepting rests when the process has no descriptor left."""

TakeText = Callable[[float], Completion[bytes]]


class MetricsEndpoint:
    """The listening sockets and the requests that are being answered."""

    def __init__(self, host: str, port: int, tasks: Tasks) -> None:
        """Take the port. Raises StartError."""
        self._host = host
        self._tasks = tasks
        self._take_text: TakeText | None = None
        self._open: set[socket.socket] = set()
        self._is_accepting = False
        self._pause_timer: Timer | None = None
        try:
            self._listening = open_sockets(host, port)
        except ListenError as error:
            raise StartError(f"ottla.metrics.port: metrics cannot be served on {error}") from error

    @property
    def port(self) -> int:
        """The port, also where any free one was asked for."""
        port: int = self._listening[0].getsockname()[1]
        return port

    def start(self, take_text: TakeText) -> None:
        """Answer from now on with the text that `take_text` makes on the loop. Raises StartError."""
        self._take_text = take_text
        for listening in self._listening:
            try:
                listening.listen(BACKLOG)
            except OSError as error:
                raise StartError(f"ottla.metrics.port: metrics cannot be served: {error.strerror}") from error
        self._accept_on()
        host = url_host(self._host or "0.0.0.0")  # noqa: S104 - as the listeners show all interfaces
        logger.info("Metrics are served on http://%s:%d%s", host, self.port, METRICS_PATH)

    def stop(self) -> None:
        """Close everything; a request under way gets no answer."""
        self._pause()
        if self._pause_timer is not None:
            self._pause_timer.cancel()
        for listening in self._listening:
            listening.close()
        self._take_text = None
        for connected in self._open:
            _hang_up(connected)

    def _accept_on(self) -> None:
        self._pause_timer = None
        if not self._is_accepting and self._take_text is not None and len(self._open) < MAX_CONNECTIONS:
            self._is_accepting = True
            for listening in self._listening:
                self._tasks.loop.add_reader(listening.fileno(), self._accept, listening)

    def _pause(self) -> None:
        if self._is_accepting:
            self._is_accepting = False
            for listening in self._listening:
                self._tasks.loop.remove_reader(listening.fileno())

    def _accept(self, listening: socket.socket) -> None:
        try:
            connected, address = listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            logger.error("No request for metrics can be accepted for now: %s", error.strerror)
            self._pause()
            self._pause_timer = self._tasks.call_later(ACCEPT_PAUSE_MS, self._accept_on)
            return
        self._open.add(connected)
        if len(self._open) >= MAX_CONNECTIONS:
            self._pause()
        serving = threading.Thread(
            target=self._serve, args=(connected, address), name="ottla-metrics", daemon=True
        )
        serving.start()

    def _serve(self, connected: socket.socket, address: Any) -> None:
        """Answer one request, on a thread."""
        try:
            _Request(connected, address, self._text_from_loop)
        except OSError as error:
            logger.debug("A request for metrics ended early: %s", error)
        finally:
            connected.close()
            self._tasks.call_soon_threadsafe(partial(self._finished, connected))

    def _finished(self, connected: socket.socket) -> None:
        self._open.discard(connected)
        self._accept_on()

    def _text_from_loop(self, limit_s: float) -> bytes:
        """Return the text that the loop makes, on a thread. Raises TimeoutError, or what the making has raised."""
        asked_s = time.monotonic()
        text: Future[bytes] = Future()

        def made(scrape: Completion[bytes]) -> None:
            if scrape.error is not None:
                text.set_exception(scrape.error)
            else:
                text.set_result(scrape.result())

        def ask() -> None:
            if self._take_text is None:
                text.set_exception(TimeoutError("the broker stops"))
            else:
                self._take_text(asked_s).on_done(made)

        self._tasks.call_soon_threadsafe(ask)
        return text.result(limit_s)


class _TooLargeError(Exception):
    """A request that is longer than any that we answer."""


class _BoundedInput(io.RawIOBase):
    """What a client sends, up to a size and a time."""

    def __init__(self, connected: socket.socket, deadline_s: float) -> None:
        self._connected = connected
        self._deadline_s = deadline_s
        self._left = MAX_REQUEST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left <= 0:
            raise _TooLargeError
        self._connected.settimeout(max(self._deadline_s - time.monotonic(), 0.001))
        count = self._connected.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count


class _Request(BaseHTTPRequestHandler):
    """One request and its answer, from construction to the end."""

    server_version = f"Ottla/{OTTLA_VERSION}"
    sys_version = ""
    # Refusals have a status line also where the request had no version.
    default_request_version = "HTTP/1.0"
    # For refusals that come before the first line was read.
    requestline = ""
    request_version = "HTTP/1.0"
    command = ""

    def __init__(self, connected: socket.socket, address: Any, take_text: Callable[[float], bytes]) -> None:
        self._deadline_s = time.monotonic() + REQUEST_LIMIT_S
        self._take_text = take_text
        super().__init__(connected, address, cast("BaseServer", None))

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(_BoundedInput(self.connection, self._deadline_s))

    def handle(self) -> None:
        try:
            self.handle_one_request()
        except _TooLargeError:
            self.send_error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def do_GET(self) -> None:
        """Answer with the metrics, or with 404 elsewhere."""
        if self.path.partition("?")[0] != METRICS_PATH:
            self.send_error(HTTPStatus.NOT_FOUND, explain=f"Metrics are under {METRICS_PATH}")
            return
        try:
            text = self._take_text(self._left_s())
        except TimeoutError:
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        except Exception:  # noqa: BLE001 - a bug, logged where it happened
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.connection.settimeout(self._left_s())
            self.wfile.write(text)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - http.server's own name
        """Tell of a request where somebody wants to know."""
        logger.debug("/%s " + format, self.client_address[0], *arguments)  # noqa: G003 - its own format

    def _left_s(self) -> float:
        return max(self._deadline_s - time.monotonic(), 0.001)


def _hang_up(connected: socket.socket) -> None:
    """End a connection under the hands of the thread that serves it."""
    with contextlib.suppress(OSError):  # it may have ended already
        connected.shutdown(socket.SHUT_RDWR)
