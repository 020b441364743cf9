from __future__ import annotations

import logging
from typing import Any

import pytest
from tests.unit.handlers.support import cluster_records, context_of, image_of

from ottla.clock import SystemClock
from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers import registry
from ottla.handlers.outcome import Outcome
from ottla.protocol.api import ApiKey, response_class
from ottla.protocol.headers import RequestHeader, decode_response_header, encode_request_header
from ottla.protocol.messages.api_versions import ApiVersionsRequest
from ottla.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ottla.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic
from ottla.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from ottla.server.connection import CloseConnectionError
from ottla.server.dispatch import Dispatcher
from ottla.wire.compiler import decode_message, encode

CORRELATION_ID = 77


@pytest.fixture
def dispatcher() -> Dispatcher:
    services: Any = context_of(image_of(cluster_records()), 0).services
    services.clock = SystemClock()
    return Dispatcher(services, "PLAINTEXT", is_controller=False, logger=logging.getLogger("test"))


def request_frame(
    api_key: int, version: int, request: object, encode_version: int | None = None
) -> memoryview:
    header = encode_request_header(RequestHeader(api_key, version, CORRELATION_ID, "tester"))
    return memoryview(header + encode(request, version if encode_version is None else encode_version))


def decoded(answer: Any, api_key: ApiKey, version: int) -> Any:
    """Join the pieces of an answer, check its frame and header, and return the response."""
    content = b"".join(answer)
    assert int.from_bytes(content[:4], "big") == len(content) - 4
    correlation_id, position = decode_response_header(api_key, version, content[4:])
    assert correlation_id == CORRELATION_ID
    return decode_message(response_class(api_key), version, content[4 + position :])


def answer_with(monkeypatch: pytest.MonkeyPatch, outcome: Any) -> None:
    """Have every handler answer like this: with a value, or by raising."""

    def handle(_request: Any, _context: Any) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr("ottla.server.dispatch.load_handler", lambda _key: handle)


@pytest.mark.parametrize("version", [0, 2, 3, 4])
def test_a_request_is_answered_with_its_correlation_id(dispatcher: Dispatcher, version: int) -> None:
    request = ApiVersionsRequest(client_software_name="tester", client_software_version="1")
    answer = dispatcher.dispatch(request_frame(ApiKey.API_VERSIONS, version, request), "127.0.0.1")
    assert decoded(answer, ApiKey.API_VERSIONS, version).error_code == ErrorCode.NONE


def test_a_version_of_api_versions_from_the_future_is_answered_in_version_0(dispatcher: Dispatcher) -> None:
    answer = dispatcher.dispatch(request_frame(ApiKey.API_VERSIONS, 99, ApiVersionsRequest(), 4), "127.0.0.1")
    response = decoded(answer, ApiKey.API_VERSIONS, 0)
    assert response.error_code == ErrorCode.UNSUPPORTED_VERSION
    assert [row.api_key for row in response.api_keys] == [ApiKey.API_VERSIONS]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (memoryview(b""), "header cannot be parsed"),
        (
            request_frame(ApiKey.METADATA, 99, MetadataRequest(), 12),
            "METADATA v99 is not supported, only v0 to v13",
        ),
        (request_frame(ApiKey.VOTE, 0, HeartbeatRequest(), 4), "API key 52 is not served on this listener"),
        (
            request_frame(ApiKey.HEARTBEAT, 4, HeartbeatRequest())[:-3],
            "cannot be parsed.*HeartbeatRequest v4",
        ),
    ],
)
def test_what_kafka_closes_the_connection_for(dispatcher: Dispatcher, frame: memoryview, reason: str) -> None:
    with pytest.raises(CloseConnectionError, match=reason):
        dispatcher.dispatch(frame, "127.0.0.1")


def test_what_the_controller_serves_is_not_what_a_broker_serves(dispatcher: Dispatcher) -> None:
    controller = Dispatcher(
        dispatcher._services, "CONTROLLER", is_controller=True, logger=logging.getLogger("test")
    )
    with pytest.raises(CloseConnectionError, match="API key 3 is not served"):
        controller.dispatch(request_frame(ApiKey.METADATA, 12, MetadataRequest()), "127.0.0.1")


def test_a_kafka_error_is_the_answer_everywhere_in_the_response(dispatcher: Dispatcher) -> None:
    request = MetadataRequest(topics=[MetadataRequestTopic(name=None), MetadataRequestTopic(name="orders")])
    answer = dispatcher.dispatch(request_frame(ApiKey.METADATA, 10, request), "127.0.0.1")
    response = decoded(answer, ApiKey.METADATA, 10)
    assert [topic.error_code for topic in response.topics] == [ErrorCode.INVALID_REQUEST] * 2


def test_a_bug_is_logged_once_with_its_request_and_answered(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answer_with(monkeypatch, ZeroDivisionError("a bug"))
    answer = dispatcher.dispatch(request_frame(ApiKey.HEARTBEAT, 4, HeartbeatRequest()), "127.0.0.1")
    assert decoded(answer, ApiKey.HEARTBEAT, 4).error_code == ErrorCode.UNKNOWN_SERVER_ERROR
    (record,) = caplog.records
    assert "HEARTBEAT v4 (correlation id 77, client 'tester') met a bug" in record.message


def test_a_response_that_cannot_be_written_is_a_bug_like_any_other(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answer_with(monkeypatch, HeartbeatResponse(error_code=1 << 40))
    answer = dispatcher.dispatch(request_frame(ApiKey.HEARTBEAT, 4, HeartbeatRequest()), "127.0.0.1")
    assert decoded(answer, ApiKey.HEARTBEAT, 4).error_code == ErrorCode.UNKNOWN_SERVER_ERROR
    assert len(caplog.records) == 1


@pytest.mark.parametrize("error", [None, KafkaError(ErrorCode.REBALANCE_IN_PROGRESS)])
def test_an_answer_that_comes_later(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch, error: KafkaError | None
) -> None:
    later: Completion[HeartbeatResponse] = Completion()
    answer_with(monkeypatch, later)
    answer = dispatcher.dispatch(request_frame(ApiKey.HEARTBEAT, 4, HeartbeatRequest()), "127.0.0.1")
    assert isinstance(answer, Completion)
    assert not answer.done
    if error is None:
        later.resolve(HeartbeatResponse(throttle_time_ms=9))
    else:
        later.fail(error)
    response = decoded(answer.result(), ApiKey.HEARTBEAT, 4)
    assert (response.throttle_time_ms, response.error_code) == ((9, 0) if error is None else (0, error.code))


def test_a_produce_without_acks_has_no_form_for_an_error(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, KafkaError(ErrorCode.INVALID_REQUIRED_ACKS))
    data = [TopicProduceData(name="t", partition_data=[PartitionProduceData(index=0, records=b"")])]
    frame = request_frame(ApiKey.PRODUCE, 9, ProduceRequest(acks=0, topic_data=data))
    assert dispatcher.dispatch(frame, "127.0.0.1") is Outcome.CLOSE_CONNECTION
    assert dispatcher.keeps_frame(frame)
    frame = request_frame(ApiKey.PRODUCE, 9, ProduceRequest(acks=1, topic_data=data))
    (topic,) = decoded(dispatcher.dispatch(frame, "127.0.0.1"), ApiKey.PRODUCE, 9).responses
    assert topic.partition_responses[0].error_code == ErrorCode.INVALID_REQUIRED_ACKS


def test_every_served_api_can_say_that_it_failed(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ottla.protocol.api import APIS, request_class

    answer_with(monkeypatch, KafkaError(ErrorCode.REQUEST_TIMED_OUT))
    services = dispatcher._services
    controller = Dispatcher(services, "CONTROLLER", is_controller=True, logger=logging.getLogger("test"))
    for key in registry.HANDLERS:
        asked = dispatcher if "broker" in APIS[key].listeners else controller
        for version in range(APIS[key].min_version, APIS[key].max_version + 1):
            request = request_class(key)()
            if key is ApiKey.PRODUCE:
                request.acks = 1
            decoded(asked.dispatch(request_frame(key, version, request), "127.0.0.1"), key, version)
