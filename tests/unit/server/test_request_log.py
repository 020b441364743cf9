from __future__ import annotations

import logging
import re
import struct
from typing import Any

import pytest
from tests.unit.server.support import RecordingSink

from ottla.completion import Completion
from ottla.handlers.outcome import Outcome
from ottla.protocol.api import ApiKey
from ottla.protocol.headers import RequestHeader, encode_request_header
from ottla.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ottla.server.connection import Answer
from ottla.server.dispatch import Route
from ottla.server.request_log import LONGEST_CONTENT, LoggedSink, trace_contents
from ottla.telemetry.logging import TRACE

LOGGER = "kafka.request.logger"
FRAME = memoryview(encode_request_header(RequestHeader(ApiKey.HEARTBEAT, 4, 17, "me")) + b"rest")


def route(api_key: ApiKey, request: Any) -> Route:
    return Route(
        api_key=api_key,
        api_version=4,
        decode=lambda _frame, _position: (request, 9),
        handle=lambda _request, _context: None,
        encode=lambda _response, pieces: pieces.append(b"encoded"),
        head=struct.Struct(">ii"),
        carries_file_ranges=False,
    )


@pytest.mark.parametrize(
    ("answer", "shown"),
    [([b"1234", b"56"], "6 bytes"), (Outcome.NO_RESPONSE, "no response")],
)
@pytest.mark.parametrize("is_later", [False, True])
def test_a_line_tells_of_an_answered_request(
    caplog: pytest.LogCaptureFixture, answer: Answer, shown: str, is_later: bool
) -> None:
    caplog.set_level(logging.DEBUG, LOGGER)
    later: Completion[Answer] = Completion()
    sink = RecordingSink()
    sink.answer = lambda _body: later if is_later else answer
    LoggedSink(sink, "PLAINTEXT").dispatch(FRAME, "127.0.0.1")
    if is_later:
        assert caplog.messages == []
        later.resolve(answer)
    (line,) = caplog.messages
    assert re.fullmatch(
        r"Completed request: HEARTBEAT v4, correlation id 17, client 'me' from /127\.0\.0\.1 on PLAINTEXT, "
        rf"{len(FRAME)} bytes in, answer {shown}, totalTimeMs \d+\.\d{{3}}, localTimeMs \d+\.\d{{3}}",
        line,
    )


def test_contents_are_told_where_the_level_is_trace(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(TRACE, LOGGER)
    watched = trace_contents(route(ApiKey.HEARTBEAT, HeartbeatRequest(group_id="g")))
    assert watched.decode(FRAME, 0) == (HeartbeatRequest(group_id="g"), 9)
    pieces: list[Any] = []
    watched.encode(HeartbeatResponse(error_code=25), pieces)
    assert pieces == [b"encoded"]
    handling, answering = caplog.messages
    assert handling.startswith("Handling HEARTBEAT v4: HeartbeatRequest(group_id='g'")
    assert answering.startswith("Answering HEARTBEAT v4: HeartbeatResponse(")


def test_long_contents_are_cut(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(TRACE, LOGGER)
    trace_contents(route(ApiKey.HEARTBEAT, "x" * 10 * LONGEST_CONTENT)).decode(FRAME, 0)
    (line,) = caplog.messages
    assert len(line) < LONGEST_CONTENT + 100
    assert line.endswith(f"... ({10 * LONGEST_CONTENT + 2} characters)")


def test_below_trace_a_route_is_left_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, LOGGER)
    plain = route(ApiKey.HEARTBEAT, None)
    assert trace_contents(plain) is plain


def test_secrets_are_never_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(TRACE, LOGGER)
    plain = route(ApiKey.SASL_AUTHENTICATE, "password")
    assert trace_contents(plain) is plain
