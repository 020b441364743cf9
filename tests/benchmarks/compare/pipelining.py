"""A raw client that sends one request over and over with some always in flight, as cheaply as Python can.

Answers are counted by their length prefix and not decoded; the first is kept, and all have to be as long as it.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.benchmarks.compare.run import RunFailedError

RECEIVE_BYTES = 1 << 18
ANSWER_TIMEOUT_S = 60.0
SIZE_BYTES = 4


@dataclass(slots=True)
class AnswerStream:
    """Counts the frames in a stream of bytes that arrives in any pieces."""

    first: bytes = b""
    """The content of the first frame."""
    sizes: set[int] = field(default_factory=set)
    """All sizes that frames had."""
    _head: bytearray = field(default_factory=bytearray)
    _left: int = 0
    """Bytes of the current frame's content that have not come yet."""
    _first_complete: bool = False

    def feed(self, piece: memoryview) -> int:
        """Take the next bytes and return how many frames they complete."""
        completed = position = 0
        while position < len(piece):
            if self._left == 0:
                missing = SIZE_BYTES - len(self._head)
                self._head += piece[position : position + missing]
                position += missing
                if len(self._head) < SIZE_BYTES:
                    return completed
                self._left = int.from_bytes(self._head, "big")
                self.sizes.add(self._left)
                self._head.clear()
                continue
            taken = min(self._left, len(piece) - position)
            if not self._first_complete:
                self.first += piece[position : position + taken]
            position += taken
            self._left -= taken
            if self._left == 0:
                self._first_complete = True
                completed += 1
        return completed


def pipeline(port: int, frame: bytes, requests: int, in_flight: int) -> bytes:
    """Send a framed request so many times and return the content of the first answer.

    Raises RunFailedError when an answer differs in size from the others or the broker closes the connection.
    """
    with connect(port) as connection:
        return pipeline_on(connection, [frame], requests, in_flight)


def pipeline_on(connection: socket.socket, frames: Sequence[bytes], requests: int, in_flight: int) -> bytes:
    """Do as `pipeline` on an open connection, with frames that take turns."""
    answers = AnswerStream()
    try:
        answered = _exchange(connection, frames, requests, in_flight, answers)
    except ConnectionError as error:
        raise RunFailedError(f"the connection broke: {error}") from error
    if answered < requests:
        raise RunFailedError(f"the broker closed the connection after {answered} of {requests} answers")
    if len(answers.sizes) != 1:
        raise RunFailedError(f"answers to one request differ in size: {sorted(answers.sizes)[:10]}")
    return answers.first


def take_turns(port: int, frame: bytes, turns: int, connections: int) -> bytes:
    """Send a framed request on each of some connections and then take all answers, so many times over.

    Returns the content of the first answer and raises RunFailedError as `pipeline` does.
    """
    with ExitStack() as opened:
        streams = [(opened.enter_context(connect(port)), AnswerStream()) for _ in range(connections)]
        buffer = memoryview(bytearray(RECEIVE_BYTES))
        try:
            for _ in range(turns):
                for connection, _answers in streams:
                    connection.sendall(frame)
                for connection, answers in streams:
                    while size := connection.recv_into(buffer):
                        if answers.feed(buffer[:size]):
                            break
                    else:
                        raise ConnectionError("the stream has ended")
        except ConnectionError as error:
            raise RunFailedError(f"the connection broke: {error}") from error
    sizes = set().union(*(answers.sizes for _, answers in streams))
    if len(sizes) != 1:
        raise RunFailedError(f"answers to one request differ in size: {sorted(sizes)[:10]}")
    return streams[0][1].first


def _exchange(
    connection: socket.socket, frames: Sequence[bytes], requests: int, in_flight: int, answers: AnswerStream
) -> int:
    buffer = memoryview(bytearray(RECEIVE_BYTES))
    window = min(in_flight, requests)
    connection.sendall(b"".join(frames[number % len(frames)] for number in range(window)))
    sent, answered = window, 0
    while answered < requests:
        size = connection.recv_into(buffer)
        if size == 0:
            break
        completed = answers.feed(buffer[:size])
        answered += completed
        more = min(completed, requests - sent)
        if more:
            connection.sendall(b"".join(frames[number % len(frames)] for number in range(sent, sent + more)))
            sent += more
    return answered


def connect(port: int) -> socket.socket:
    """Return a connection that sends at once and does not wait forever."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_TIMEOUT_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
