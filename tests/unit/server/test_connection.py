"""What depends on the order of events within one turn of the loop, on a loop that the test turns by hand."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, cast

import pytest
from tests.unit.server.support import RecordingSink, echo, frame

from ottla.completion import Completion
from ottla.server.connection import LONGEST_TURN_S, Answer, Connection
from ottla.server.receiving import SharedBuffer


class HandLoop:
    """An event loop that does nothing by itself."""

    def __init__(self) -> None:
        self.readers: dict[int, Callable[[], None]] = {}
        self.writers: dict[int, Callable[[], None]] = {}
        self.soon: list[Callable[[], None]] = []

    def time(self) -> float:
        return 0.0

    def add_reader(self, number: int, callback: Callable[[], None]) -> None:
        self.readers[number] = callback

    def remove_reader(self, number: int) -> None:
        self.readers.pop(number, None)

    def add_writer(self, number: int, callback: Callable[[], None]) -> None:
        self.writers[number] = callback

    def remove_writer(self, number: int) -> None:
        self.writers.pop(number, None)

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def poll(self) -> None:
        """Tell everybody who waits for bytes to read, as if there were some."""
        for callback in list(self.readers.values()):
            callback()

    def run_soon(self) -> None:
        due, self.soon = self.soon, []
        for callback in due:
            callback()


class Owner:
    def connection_closed(self, connection: Connection) -> None:
        pass


@pytest.fixture
def loop() -> HandLoop:
    return HandLoop()


@pytest.fixture
def sink() -> RecordingSink:
    return RecordingSink()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    far.setblocking(False)
    near.setblocking(False)
    with near, far:
        yield near, far


@pytest.fixture
def far(pair: tuple[socket.socket, socket.socket]) -> socket.socket:
    return pair[1]


@pytest.fixture
def client(
    loop: HandLoop, sink: RecordingSink, pair: tuple[socket.socket, socket.socket]
) -> Iterator[socket.socket]:
    near, far = pair
    connection = Connection(
        far,
        "127.0.0.1",
        cast("Any", loop),
        SharedBuffer(),
        sink,
        Owner(),
        max_frame_bytes=1 << 20,
        logger=logging.getLogger("test"),
    )
    yield near
    connection.close()


def test_bytes_that_arrive_while_older_ones_wait_for_their_turn_stay_behind_them(
    loop: HandLoop, sink: RecordingSink, client: socket.socket
) -> None:
    parked: Completion[Answer] = Completion()
    sink.answer = lambda body: parked if body == b"parked" else echo(body)
    client.send(frame(b"parked") + frame(b"second") + frame(b"third")[:5])
    loop.poll()
    assert sink.requests == [b"parked"]
    parked.resolve([frame(b"answer")])
    client.send(frame(b"third")[5:])
    # The new bytes are readable before the turn of the old ones has come.
    loop.poll()
    loop.run_soon()
    loop.poll()
    assert sink.requests == [b"parked", b"second", b"third"]
    assert client.recv(1 << 16) == frame(b"answer") + frame(b"second") + frame(b"third")


def test_answers_that_come_at_once_leave_in_one_send(
    loop: HandLoop, sink: RecordingSink, client: socket.socket
) -> None:
    client.send(frame(b"one") + frame(b"two"))
    loop.poll()
    assert sink.requests == [b"one", b"two"]
    assert client.recv(1 << 16) == frame(b"one") + frame(b"two")
    assert not loop.soon
    assert not loop.writers


def test_who_sends_many_requests_at_once_has_them_answered_in_turns(
    loop: HandLoop, sink: RecordingSink, client: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = count(0, LONGEST_TURN_S / 2.5)  # as if every request took so long
    monkeypatch.setattr("ottla.server.connection.monotonic", lambda: next(looks))
    requests = [b"%d" % number for number in range(10)]
    client.send(b"".join(map(frame, requests)))
    loop.poll()
    assert sink.requests == requests[:3]
    assert client.recv(1 << 16) == b"".join(map(frame, requests[:3])), "what is answered does not wait"
    assert not loop.readers, "what comes meanwhile stays behind what is here"
    client.send(frame(b"newer"))
    turns = 1
    while loop.soon:
        loop.run_soon()
        turns += 1
    loop.poll()
    assert turns == 4
    assert sink.requests == [*requests, b"newer"]
    assert client.recv(1 << 16) == b"".join(map(frame, [*requests[3:], b"newer"]))


def test_answers_before_a_bad_request_go_out_whole_before_the_connection_is_closed(
    loop: HandLoop, sink: RecordingSink, far: socket.socket, client: socket.socket
) -> None:
    far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    answer = frame(bytes(200_000))
    sink.answer = lambda _body: [answer]
    client.send(frame(b"good") + b"\xff\xff\xff\xff" + frame(b"never read"))
    loop.poll()
    received = bytearray()
    while loop.writers:
        received += client.recv(1 << 20)
        for callback in list(loop.writers.values()):
            callback()
    while chunk := client.recv(1 << 20):
        received += chunk
    assert received == answer
    assert sink.requests == [b"good"]
    assert not loop.readers
