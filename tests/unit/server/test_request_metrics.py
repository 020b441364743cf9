from __future__ import annotations

import struct
from typing import Any

import pytest
from tests.unit.server.support import RecordingSink, frame

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.handlers.outcome import Outcome
from ottla.protocol.api import APIS, ApiKey, response_class
from ottla.protocol.messages.fetch import FetchableTopicResponse, FetchResponse, PartitionData
from ottla.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ottla.protocol.messages.offset_fetch import (
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopics,
)
from ottla.protocol.messages.produce import PartitionProduceResponse, ProduceResponse, TopicProduceResponse
from ottla.server.connection import Answer, CloseConnectionError
from ottla.server.dispatch import Route
from ottla.server.request_metrics import MeasuredSink, count_answers, error_counter
from ottla.telemetry.metrics import RequestCounters

CLIENT = "127.0.0.1"
HEARTBEAT = memoryview(int(ApiKey.HEARTBEAT).to_bytes(2, "big") + b"rest")


@pytest.fixture
def counters() -> RequestCounters:
    return RequestCounters()


@pytest.fixture
def sink() -> RecordingSink:
    return RecordingSink()


def errors_of(response: Any) -> dict[int, int]:
    count = error_counter(type(response))
    assert count is not None
    errors: dict[int, int] = {}
    count(response, errors)
    return errors


def test_an_answered_request_is_counted_with_its_bytes_and_times(
    sink: RecordingSink, counters: RequestCounters
) -> None:
    answer = MeasuredSink(sink, counters).dispatch(HEARTBEAT, CLIENT)
    assert answer == [frame(bytes(HEARTBEAT))]
    (key,) = counters.by_api
    api = counters.by_api[key]
    assert key == ApiKey.HEARTBEAT
    assert (api.requests, api.waiting) == (1, 0)
    assert (api.request_bytes, api.response_bytes) == (len(HEARTBEAT) + 4, len(HEARTBEAT) + 4)
    assert sum(api.local.counts) == sum(api.total.counts) == 1


@pytest.mark.parametrize("is_done_at_once", [False, True])
def test_a_request_that_waits_is_counted_as_waiting_until_it_is_answered(
    sink: RecordingSink, counters: RequestCounters, is_done_at_once: bool
) -> None:
    later: Completion[Answer] = Completion()
    if is_done_at_once:
        later.resolve([b"12345678"])
    sink.answer = lambda _body: later
    assert MeasuredSink(sink, counters).dispatch(HEARTBEAT, CLIENT) is later
    api = counters.by_api[ApiKey.HEARTBEAT]
    if not is_done_at_once:
        assert (api.waiting, sum(api.local.counts), sum(api.total.counts)) == (1, 1, 0)
        later.resolve([b"1234", b"5678"])
    assert (api.waiting, sum(api.total.counts), api.response_bytes) == (0, 1, 8)


def test_a_request_without_an_answer_sends_no_bytes(sink: RecordingSink, counters: RequestCounters) -> None:
    sink.answer = lambda _body: Outcome.NO_RESPONSE
    assert MeasuredSink(sink, counters).dispatch(HEARTBEAT, CLIENT) is Outcome.NO_RESPONSE
    api = counters.by_api[ApiKey.HEARTBEAT]
    assert (api.requests, api.response_bytes, sum(api.total.counts)) == (1, 0, 1)


def test_what_closes_the_connection_is_refused_and_belongs_to_no_api(
    sink: RecordingSink, counters: RequestCounters
) -> None:
    def refuse(_body: bytes) -> Answer:
        raise CloseConnectionError("no such API")

    sink.answer = refuse
    with pytest.raises(CloseConnectionError):
        MeasuredSink(sink, counters).dispatch(HEARTBEAT, CLIENT)
    assert counters.refused == 1
    assert not counters.by_api


def test_the_frame_is_kept_as_the_dispatcher_says(sink: RecordingSink, counters: RequestCounters) -> None:
    sink.keeps = True
    assert MeasuredSink(sink, counters).keeps_frame(HEARTBEAT)


def test_errors_are_counted_one_by_one_wherever_they_stand() -> None:
    assert errors_of(HeartbeatResponse()) == {}
    assert errors_of(HeartbeatResponse(error_code=ErrorCode.UNKNOWN_MEMBER_ID)) == {25: 1}
    partitions = [PartitionProduceResponse(index=n, error_code=code) for n, code in enumerate((0, 3, 3, 10))]
    assert errors_of(ProduceResponse(responses=[TopicProduceResponse(partition_responses=partitions)])) == {
        3: 2,
        10: 1,
    }
    topic = OffsetFetchResponseTopics(name="t", partitions=[OffsetFetchResponsePartitions(error_code=88)])
    groups = [OffsetFetchResponseGroup(topics=[topic]), OffsetFetchResponseGroup(error_code=16)]
    assert errors_of(OffsetFetchResponse(groups=groups)) == {88: 1, 16: 1}


def test_every_served_answer_has_a_place_for_errors() -> None:
    without = [api.name for api in APIS.values() if api.served and not error_counter(response_class(api.key))]
    assert without == []


def test_a_class_without_a_place_for_errors_has_no_counter() -> None:
    assert error_counter(HeartbeatRequest) is None


def test_answers_are_counted_before_they_are_encoded(counters: RequestCounters) -> None:
    encoded: list[Any] = []

    def route(api_key: ApiKey) -> Route:
        return Route(
            api_key=api_key,
            api_version=12,
            decode=lambda _frame, _position: (None, 0),
            handle=lambda _request, _context: None,
            encode=lambda response, _pieces: encoded.append(response),
            head=struct.Struct(">ii"),
            carries_file_ranges=False,
        )

    partitions = [
        PartitionData(partition_index=0, records=b"12345"),
        PartitionData(partition_index=1, error_code=ErrorCode.OFFSET_OUT_OF_RANGE, records=b""),
        PartitionData(partition_index=2, records=None),
    ]
    fetched = FetchResponse(responses=[FetchableTopicResponse(topic="t", partitions=partitions)])
    watched = count_answers(counters, route(ApiKey.FETCH))
    for _ in range(2):
        watched.encode(fetched, [])
    assert encoded == [fetched, fetched]
    assert counters.by_api[ApiKey.FETCH].errors == {1: 2}
    assert (counters.fetched_bytes, counters.fetched_bytes_total) == ({"t": 10}, 10)
