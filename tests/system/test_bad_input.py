"""What no client should send does no harm: the connection closes, others are served, the log stays readable."""

import contextlib
import re
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import raw_wire
from tests.support.broker_process import RunningBroker
from tests.support.waiting import eventually

ANSWER_TIMEOUT_S = 10.0
NO_SUCH_API = 9999
UNSUPPORTED_VERSION = 35
# The default of socket.request.max.bytes, and one more.
OVERSIZE_BYTES = 104_857_600 + 1
CONNECTION_COUNT = 5_000
# Connections that are open at a time: enough to need many accepts, below the limit of open files of this process.
CONNECTIONS_AT_A_TIME = 250

Connect = Callable[[], socket.socket]


@pytest.fixture
def connect(broker: RunningBroker) -> Iterator[Connect]:
    """Give a function that opens raw connections to the broker; all are closed after the test."""
    with contextlib.ExitStack() as opened:
        yield lambda: opened.enter_context(
            socket.create_connection(("localhost", broker.port), ANSWER_TIMEOUT_S)
        )


def assert_serves(broker: RunningBroker) -> None:
    """Ask for the API versions over a new connection; raises where no sound answer comes."""
    assert raw_wire.METADATA in raw_wire.offered_apis(broker.port, ANSWER_TIMEOUT_S)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", id="http"),
        pytest.param(bytes(range(255, 0, -1)), id="negative-length"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), id="tls-hello"),
        pytest.param(raw_wire.LENGTH.pack(OVERSIZE_BYTES), id="oversize-frame"),
        pytest.param(raw_wire.frame(b""), id="empty-frame"),
        pytest.param(raw_wire.frame(b"\x00\x12"), id="cut-header"),
        pytest.param(raw_wire.request(raw_wire.METADATA, 12, b"\xff" * 40, flexible=True), id="garbage-body"),
        pytest.param(
            raw_wire.request(raw_wire.METADATA, 1, struct.pack(">i", 2**31 - 1), flexible=False),
            id="huge-array",
        ),
        pytest.param(raw_wire.request(NO_SUCH_API, 0, flexible=False), id="unknown-api"),
        pytest.param(raw_wire.request(raw_wire.METADATA, 99, flexible=True), id="unsupported-version"),
    ],
)
def test_a_connection_that_sends_nonsense_is_closed(
    broker: RunningBroker, connect: Connect, content: bytes
) -> None:
    stream = connect()
    stream.sendall(content)
    assert raw_wire.is_closed(stream)
    assert_serves(broker)


def test_too_new_a_question_for_versions_is_answered_in_the_oldest(connect: Connect) -> None:
    stream = connect()
    stream.sendall(raw_wire.request(raw_wire.API_VERSIONS, 99, b"\x01\x01\x00", flexible=True))
    answer = raw_wire.read_frame(stream)
    assert struct.unpack_from(">ihi", answer) == (1, UNSUPPORTED_VERSION, 1)
    assert struct.unpack_from(">hhh", answer, 10) == (raw_wire.API_VERSIONS, 0, 4)


def test_half_a_frame_waits_without_holding_up_others(broker: RunningBroker, connect: Connect) -> None:
    whole = raw_wire.request(raw_wire.API_VERSIONS, 0, flexible=False)
    halves = [connect() for _ in range(20)]
    for stream in halves:
        stream.sendall(whole[:7])
    assert_serves(broker)
    for stream in halves:
        stream.sendall(whole[7:])
        assert raw_wire.read_frame(stream)[:4] == b"\0\0\0\1"


def test_requests_sent_at_once_are_answered_in_order(connect: Connect) -> None:
    stream = connect()
    numbers = range(100)
    stream.sendall(
        b"".join(
            raw_wire.request(raw_wire.API_VERSIONS, 0, flexible=False, correlation_id=number)
            for number in numbers
        )
    )
    answered = [struct.unpack_from(">i", raw_wire.read_frame(stream))[0] for _ in numbers]
    assert answered == list(numbers)


def test_a_bare_probe_leaves_no_trace_in_the_log(broker: RunningBroker) -> None:
    before = len(broker.log_lines())
    for _ in range(10):
        socket.create_connection(("localhost", broker.port), ANSWER_TIMEOUT_S).close()
    assert_serves(broker)
    said = [
        line for line in broker.log_lines()[before:] if re.search(r"\b(WARN|ERROR|FATAL)\b|Traceback", line)
    ]
    assert said == []


def test_thousands_of_dropped_connections_leave_nothing_open(broker: RunningBroker) -> None:
    assert_serves(broker)
    before = open_file_count(broker)
    for _ in range(CONNECTION_COUNT // CONNECTIONS_AT_A_TIME):
        with contextlib.ExitStack() as opened:
            for number in range(CONNECTIONS_AT_A_TIME):
                stream = socket.create_connection(("localhost", broker.port), ANSWER_TIMEOUT_S)
                opened.enter_context(stream)
                # Some say nothing, some half a frame, some ask and do not wait for the answer.
                question = raw_wire.request(raw_wire.API_VERSIONS, 0, flexible=False)
                stream.sendall(question[: (0, 7, len(question))[number % 3]])
    assert_serves(broker)
    eventually(lambda: open_file_count(broker) <= before + 10)


def open_file_count(broker: RunningBroker) -> int:
    """Return how many descriptors the broker holds, or 0 where the system does not tell."""
    assert broker.child is not None
    descriptors = Path(f"/proc/{broker.child.process.pid}/fd")
    return sum(1 for _ in descriptors.iterdir()) if descriptors.is_dir() else 0
