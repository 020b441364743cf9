import socket
import threading

import pytest
from tests.benchmarks.compare.conversations import Conversation, converse
from tests.benchmarks.compare.run import RunFailedError
from tests.support.raw_wire import frame, read_frame

LARGE = b"x" * 3_000_000


def answer(connection: socket.socket, count: int) -> None:
    """Answer requests with their own content until there are so many, then close."""
    with connection:
        try:
            for _ in range(count):
                connection.sendall(frame(read_frame(connection)))
        except (EOFError, ConnectionError):
            return  # the conversation was over before


def test_requests_and_answers_larger_than_a_buffer_arrive_whole() -> None:
    client, server = socket.socketpair()
    thread = threading.Thread(target=answer, args=(server, 1_000_000))
    thread.start()
    seen: list[bytes] = []

    def follow(content: memoryview) -> bytes:
        seen.append(bytes(content))
        return frame(b"small")

    with client:
        conversation = Conversation(client, frame(LARGE), follow)
        while len(seen) < 2:
            converse([conversation], 0.05)
            assert conversation.answers == len(seen)
    thread.join()
    assert seen[0] == LARGE
    assert set(seen[1:]) == {b"small"}


def test_a_connection_that_the_broker_closes_fails_the_run() -> None:
    client, server = socket.socketpair()
    thread = threading.Thread(target=answer, args=(server, 1))
    thread.start()
    with client, pytest.raises(RunFailedError, match="closed a connection after 1 answers"):
        converse([Conversation(client, frame(b"a"), lambda _: frame(b"b"))], 30.0)
    thread.join()
