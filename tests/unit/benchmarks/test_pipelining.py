import socket
import threading

import pytest
from tests.benchmarks.compare.pipelining import AnswerStream, pipeline_on, take_turns
from tests.benchmarks.compare.run import RunFailedError
from tests.support.raw_wire import frame, read_frame


@pytest.mark.parametrize("size", [1, 3, 4, 5, 9, 100])
def test_frames_are_counted_in_pieces_of_any_size(size: int) -> None:
    stream = memoryview(frame(b"first") + frame(b"other") + frame(b"third"))
    answers = AnswerStream()
    assert sum(answers.feed(stream[at : at + size]) for at in range(0, len(stream), size)) == 3
    assert (answers.first, answers.sizes) == (b"first", {5})


def test_a_frame_counts_when_its_last_byte_is_there() -> None:
    answers = AnswerStream()
    content = memoryview(frame(b"abc"))
    assert (answers.feed(content[:-1]), answers.feed(content[-1:])) == (0, 1)


def serve(connection: socket.socket, answers: list[bytes]) -> None:
    with connection:
        for answer in answers:
            read_frame(connection)
            connection.sendall(frame(answer))


def talk(answers: list[bytes], requests: int, in_flight: int) -> bytes:
    client, server = socket.socketpair()
    thread = threading.Thread(target=serve, args=(server, answers))
    thread.start()
    try:
        with client:
            client.settimeout(30)
            return pipeline_on(client, [frame(b"request")], requests, in_flight)
    finally:
        thread.join()


def test_every_request_is_answered_and_the_first_answer_returned() -> None:
    assert talk([b"1", b"2", b"3", b"4", b"5"], 5, 2) == b"1"


def test_fewer_requests_than_may_be_in_flight_are_all_that_is_sent() -> None:
    assert talk([b"1"], 1, 50) == b"1"


def test_an_answer_of_another_size_fails_the_run() -> None:
    with pytest.raises(RunFailedError, match="differ in size"):
        talk([b"1", b"22"], 2, 1)


def test_a_closed_connection_fails_the_run() -> None:
    with pytest.raises(RunFailedError, match=r"after 1 of 2|broke"):
        talk([b"1"], 2, 1)


def serve_turns(listener: socket.socket, connections: int, answers: list[bytes]) -> None:
    accepted = [listener.accept()[0] for _ in range(connections)]
    for answer in answers:
        for connection in accepted:
            read_frame(connection)
        for connection in accepted:
            connection.sendall(frame(answer))
    for connection in accepted:
        connection.close()


@pytest.mark.parametrize(
    ("answers", "turns", "outcome"),
    [([b"1", b"2"], 2, b"1"), ([b"1"], 2, "broke"), ([b"1", b"22"], 2, "differ")],
)
def test_connections_take_turns(answers: list[bytes], turns: int, outcome: bytes | str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve_turns, args=(listener, 3, answers))
        thread.start()
        port = listener.getsockname()[1]
        if isinstance(outcome, bytes):
            assert take_turns(port, frame(b"request"), turns, 3) == outcome
        else:
            with pytest.raises(RunFailedError, match=outcome):
                take_turns(port, frame(b"request"), turns, 3)
        thread.join()
