"""The port for Prometheus as any client meets it: a good one, a slow one, a rude one, and too many."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from tests.support.waiting import eventually

from ottla.completion import Completion
from ottla.server import metrics_endpoint
from ottla.server.metrics_endpoint import MAX_CONNECTIONS, MAX_REQUEST_BYTES, MetricsEndpoint
from ottla.server.start_error import StartError
from ottla.tasks import Tasks

PATIENCE_S = 30.0
TEXT = b"level 1.0\n"


class Served:
    """An endpoint on a loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.answer: Completion[bytes] | None = Completion.resolved(TEXT)
        """What a scrape gets; None for one that never comes."""
        self.endpoint = MetricsEndpoint("127.0.0.1", 0, Tasks(self.loop))
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        starting = self.endpoint.start(lambda: self.answer or Completion())
        asyncio.run_coroutine_threadsafe(starting, self.loop).result(PATIENCE_S)

    def call(self, function: Any) -> Any:
        done: Future[Any] = Future()

        def run() -> None:
            try:
                done.set_result(function())
            except BaseException as error:  # noqa: BLE001 - it belongs to the test
                done.set_exception(error)

        self.loop.call_soon_threadsafe(run)
        return done.result(PATIENCE_S)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.endpoint.port), PATIENCE_S)

    def ask(self, method: str = "GET", path: str = "/metrics") -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.endpoint.port, timeout=PATIENCE_S)
        with contextlib.closing(connection):
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def stop(self) -> None:
        self.call(self.endpoint.stop)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE_S)
        self.loop.close()


@pytest.fixture
def served() -> Iterator[Served]:
    running = Served()
    yield running
    running.stop()


def read_all(connected: socket.socket) -> bytes:
    """Return what comes until the end of the stream, however it ends."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while piece := connected.recv(65536):
            received += piece
    return received


def status_of(answer: bytes) -> bytes:
    return answer.split(b"\r\n")[0].partition(b" ")[2]


def test_metrics_are_answered(served: Served) -> None:
    status, headers, body = served.ask()
    assert (status, body) == (200, TEXT)
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert served.ask(path="/metrics?name[]=up")[0] == 200


def test_head_is_answered_without_the_text(served: Served) -> None:
    status, headers, body = served.ask("HEAD")
    assert (status, headers["Content-Length"], body) == (200, str(len(TEXT)), b"")


def test_there_is_nothing_else(served: Served) -> None:
    for path in ("/", "/metrics/", "/metricsx", "/../metrics"):
        assert served.ask(path=path)[0] == 404
    assert served.ask("POST")[0] == 405


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /metrics HTTP/9.9\r\n\r\n", b"505"),
        (b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"431"),
        (b"GET /" + b"x" * MAX_REQUEST_BYTES, b"431"),
        (b"GET /metrics HTTP/1.1\r\na: " + b"x" * MAX_REQUEST_BYTES, b"431"),
        (b"\x00\x00\x00\x12\x00\x12\x00\x04\r\n", b"400"),
    ],
)
def test_a_bad_request_is_refused(served: Served, sent: bytes, status: bytes) -> None:
    with served.connect() as connected:
        connected.sendall(sent)
        assert status_of(read_all(connected)).startswith(status)
    assert served.ask()[0] == 200


def test_a_client_that_says_nothing_is_left_after_a_while(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_endpoint, "REQUEST_LIMIT_MS", 50)
    with served.connect() as connected:
        assert read_all(connected) == b""


def test_a_client_that_trickles_is_left_after_the_same_while(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_endpoint, "REQUEST_LIMIT_MS", 200)
    with served.connect() as connected:
        connected.settimeout(0.01)
        while True:  # each byte comes well within the limit, all of them together never would
            try:
                connected.sendall(b"x")
                if connected.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break


def test_who_waits_for_a_text_that_does_not_come_is_left_too(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_endpoint, "REQUEST_LIMIT_MS", 200)
    served.answer = None
    with served.connect() as connected:
        connected.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        assert read_all(connected) == b""


def test_a_request_may_come_in_pieces_and_more_may_follow(served: Served) -> None:
    with served.connect() as connected:
        for piece in (b"GET /met", b"rics HTTP/1.1\r\nHost: x\r", b"\n\r\nGET / HTTP/1.1\r\n\r\n"):
            connected.sendall(piece)
        assert read_all(connected).count(b"200 OK") == 1


def test_a_text_that_cannot_be_made_is_an_error(served: Served) -> None:
    served.answer = Completion.failed(ValueError("a bug"))
    assert served.ask()[0] == 500


def test_too_many_at_a_time_are_closed(served: Served) -> None:
    with contextlib.ExitStack() as opened:
        silent = [opened.enter_context(served.connect()) for _ in range(MAX_CONNECTIONS)]
        eventually(lambda: len(served.endpoint._connections) == MAX_CONNECTIONS)
        with served.connect() as another:
            assert read_all(another) == b""
        silent[0].close()
        eventually(lambda: len(served.endpoint._connections) < MAX_CONNECTIONS)
        assert served.ask()[0] == 200


def test_stopping_ends_what_is_under_way(served: Served) -> None:
    served.answer = None
    with served.connect() as connected:
        address = connected.getpeername()
        connected.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        eventually(lambda: len(served.endpoint._connections) == 1)
        served.call(served.endpoint.stop)
        assert read_all(connected) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, PATIENCE_S)


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupant:
        port = occupant.getsockname()[1]
        loop = asyncio.new_event_loop()
        with contextlib.closing(loop), pytest.raises(StartError, match=rf"ottla\.metrics\.port: .*:{port}: "):
            MetricsEndpoint("127.0.0.1", port, Tasks(loop))
