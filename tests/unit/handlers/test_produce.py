"""Produce: which partitions get their batch, and how each refusal is worded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from tests.support.partitions import START_MS, DataDirectory, topic_id_of

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.outcome import Outcome
from ottla.handlers.produce import handle
from ottla.protocol.messages.produce import (
    BatchIndexAndErrorMessage,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from ottla.records.builder import NewRecord, build_batch
from ottla.records.compression import Codec
from ottla.types import ZERO_UUID

NEWEST = 13


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.create_topic("t", 2)
    return directory


def request(
    records: bytes | bytearray | None, *, topic: str = "t", index: int = 0, acks: int = -1, **fields: Any
) -> ProduceRequest:
    partition = PartitionProduceData(index=index, records=None if records is None else memoryview(records))
    data = TopicProduceData(name=topic, topic_id=topic_id_of(topic), partition_data=[partition])
    return ProduceRequest(acks=acks, timeout_ms=1000, topic_data=[data], **fields)


def produce(
    broker: DataDirectory, wanted: ProduceRequest, version: int = NEWEST, client_id: str = "test"
) -> ProduceResponse:
    response = handle(wanted, broker.context(version, client_id))
    assert isinstance(response, ProduceResponse)
    return response


def answer(
    broker: DataDirectory, wanted: ProduceRequest, version: int = NEWEST, client_id: str = "test"
) -> PartitionProduceResponse:
    return produce(broker, wanted, version, client_id).responses[0].partition_responses[0]


def refused(code: ErrorCode, log_start_offset: int = -1) -> PartitionProduceResponse:
    return PartitionProduceResponse(
        index=0, error_code=code, base_offset=-1, log_start_offset=log_start_offset
    )


@pytest.mark.parametrize("version", range(3, NEWEST + 1))
@pytest.mark.parametrize("acks", [1, -1])
def test_a_batch_is_appended(broker: DataDirectory, version: int, acks: int) -> None:
    broker.append("t", b"before")
    found = answer(broker, request(broker.batch(b"a", b"b"), acks=acks), version)
    assert found == PartitionProduceResponse(
        index=0, base_offset=1, log_append_time_ms=-1, log_start_offset=0
    )
    assert broker.partition("t").high_watermark == 3


def test_the_answer_names_topics_as_the_request_does(broker: DataDirectory) -> None:
    by_name = produce(broker, request(broker.batch(b"a")), 12).responses[0]
    assert by_name.name == "t"
    by_id = produce(broker, request(broker.batch(b"a")), 13).responses[0]
    assert by_id.topic_id == topic_id_of("t")


def test_log_append_time_is_told(broker: DataDirectory) -> None:
    broker.create_topic("stamped", message_timestamp_type="LogAppendTime")
    assert answer(broker, request(broker.batch(b"a"), topic="stamped")).log_append_time_ms == START_MS


def test_a_repeat_is_answered_like_the_first_time(broker: DataDirectory) -> None:
    producer = {"producer_id": 4, "producer_epoch": 0, "base_sequence": 0}
    first = answer(broker, request(broker.batch(b"a", **producer)))
    again = answer(broker, request(broker.batch(b"a", **producer)))
    assert (first.base_offset, again.base_offset) == (0, 0)
    assert again.log_append_time_ms == START_MS  # the duplicate's timestamp, as Kafka has it
    assert broker.partition("t").high_watermark == 1


def test_partitions_are_independent(broker: DataDirectory) -> None:
    wanted = request(broker.batch(b"a"))
    wanted.topic_data[0].partition_data += [
        PartitionProduceData(index=7, records=memoryview(broker.batch(b"b"))),
        PartitionProduceData(index=1, records=memoryview(broker.batch(b"c"))),
    ]
    answers = produce(broker, wanted).responses[0].partition_responses
    assert [(each.index, each.error_code) for each in answers] == [(0, 0), (7, 3), (1, 0)]


def test_unknown_topics_have_their_own_code_for_ids(broker: DataDirectory) -> None:
    assert answer(broker, request(broker.batch(b"a"), topic="x"), 12).error_code == 3
    assert answer(broker, request(broker.batch(b"a"), topic="x"), 13) == refused(ErrorCode.UNKNOWN_TOPIC_ID)
    without_id = request(broker.batch(b"a"))
    without_id.topic_data[0].topic_id = ZERO_UUID
    assert answer(broker, without_id, 13).error_code == ErrorCode.UNKNOWN_TOPIC_ID


@pytest.mark.parametrize("records", [None, b"", b"\x00" * 11])
def test_no_batch_is_an_invalid_record(broker: DataDirectory, records: bytes | None) -> None:
    assert answer(broker, request(records)) == refused(ErrorCode.INVALID_RECORD)


def test_two_batches_are_an_invalid_record(broker: DataDirectory) -> None:
    records = broker.batch(b"a") + broker.batch(b"b")
    assert answer(broker, request(records)) == refused(ErrorCode.INVALID_RECORD)


def test_zstd_needs_version_7(broker: DataDirectory) -> None:
    wanted = request(broker.batch(b"a", codec=Codec.ZSTD))
    assert answer(broker, wanted, 6) == refused(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
    assert answer(broker, wanted, 7).error_code == 0


@pytest.mark.parametrize("acks", [-2, 2, 7])
def test_other_acks_are_refused(broker: DataDirectory, acks: int) -> None:
    wanted = request(broker.batch(b"a"), acks=acks)
    assert answer(broker, wanted) == refused(ErrorCode.INVALID_REQUIRED_ACKS)


@pytest.mark.parametrize("version", [3, NEWEST])
def test_whether_there_is_one_batch_is_judged_before_the_acks(broker: DataDirectory, version: int) -> None:
    two = broker.batch(b"a") + broker.batch(b"b")
    legacy = broker.batch(b"a" * 50)
    legacy[16] = 1
    for records in (b"", two, legacy):
        assert answer(broker, request(records, acks=2), version) == refused(ErrorCode.INVALID_RECORD)
    followed_by_noise = broker.batch(b"a") + b"\xff" * 17
    assert answer(broker, request(followed_by_noise, acks=2), version) == refused(ErrorCode.CORRUPT_MESSAGE)


def test_an_unknown_codec_fails_the_whole_request_in_versions_before_zstd(broker: DataDirectory) -> None:
    batch = broker.batch(b"a")
    batch[22] = 5
    with pytest.raises(KafkaError) as refusal:
        produce(broker, request(batch), 6)
    assert refusal.value.code is ErrorCode.UNKNOWN_SERVER_ERROR


def test_internal_topics_are_for_the_tools_of_kafka(broker: DataDirectory) -> None:
    broker.create_topic("__consumer_offsets")
    wanted = request(broker.batch(b"a"), topic="__consumer_offsets")
    assert answer(broker, wanted) == refused(ErrorCode.INVALID_TOPIC_EXCEPTION)
    assert answer(broker, wanted, client_id="__admin_client").error_code == 0


def test_a_batch_in_a_transaction_fails_the_whole_request(broker: DataDirectory) -> None:
    wanted = request(broker.batch(b"a"))
    batch = broker.batch(b"a", producer_id=1, producer_epoch=0, base_sequence=0, transactional=True)
    wanted.topic_data[0].partition_data.append(PartitionProduceData(index=1, records=memoryview(batch)))
    with pytest.raises(KafkaError) as caught:
        handle(wanted, broker.context(NEWEST))
    assert caught.value.code is ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    assert broker.partition("t").high_watermark == 0


def test_refusals_tell_the_log_start_offset_where_kafka_does(broker: DataDirectory) -> None:
    broker.append("t", b"a", b"b")
    broker.partition("t").delete_records_before(1)
    sized = broker.batch(b"x" * 2_000_000)
    assert answer(broker, request(sized)) == refused(ErrorCode.MESSAGE_TOO_LARGE)
    corrupt = broker.batch(b"a")
    corrupt[-1] ^= 1
    assert answer(broker, request(corrupt)) == refused(ErrorCode.CORRUPT_MESSAGE)
    control = broker.batch(b"a", control=True)
    assert answer(broker, request(control)) == refused(ErrorCode.INVALID_RECORD, log_start_offset=1)
    sequence = broker.batch(b"a", producer_id=4, producer_epoch=0, base_sequence=0)
    assert answer(broker, request(sequence)).error_code == 0
    gap = broker.batch(b"a", producer_id=4, producer_epoch=0, base_sequence=5)
    assert answer(broker, request(gap)) == refused(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, log_start_offset=1)


def test_each_refused_record_is_named(broker: DataDirectory) -> None:
    broker.create_topic("c", cleanup_policy="compact")
    batch = build_batch([NewRecord(b"k", b"v"), NewRecord(None, b"v")], now_ms=START_MS)
    found = answer(broker, request(batch, topic="c"))
    assert found.error_code == ErrorCode.INVALID_RECORD
    text = "Compacted topic cannot accept message without key in topic partition c-0"
    assert found.record_errors == [BatchIndexAndErrorMessage(batch_index=1, batch_index_error_message=text)]
    assert found.error_message is not None
    assert found.error_message.startswith(
        "One or more records have been rejected due to 1 record errors in total"
    )
    assert found.log_start_offset == 0


def test_who_does_not_lead_says_who_does(broker: DataDirectory) -> None:
    broker.set_leader("t", 0, -1)
    response = produce(broker, request(broker.batch(b"a")))
    expected = refused(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    expected.current_leader = LeaderIdAndEpoch(leader_id=-1, leader_epoch=1)
    assert response.responses[0].partition_responses == [expected]
    assert response.node_endpoints == []
    assert answer(broker, request(broker.batch(b"a")), 9).current_leader is None


def test_a_leader_elsewhere_is_named_with_its_address_once(broker: DataDirectory) -> None:
    broker.create_topic("u", 2, leader=2)
    wanted = request(broker.batch(b"a"), topic="u")
    wanted.topic_data[0].partition_data.append(
        PartitionProduceData(index=1, records=memoryview(broker.batch(b"a")))
    )
    register(broker, 2)
    response = produce(broker, wanted)
    assert [each.current_leader.leader_id for each in response.responses[0].partition_responses] == [2, 2]
    assert response.node_endpoints == [NodeEndpoint(node_id=2, host="other.example", port=9093, rack=None)]


def register(broker: DataDirectory, node_id: int) -> None:
    from ottla.metadata.records import BrokerEndpoint, RegisterBrokerRecord

    endpoint = BrokerEndpoint(name="PLAINTEXT", host="other.example", port=9093)
    broker.change(RegisterBrokerRecord(broker_id=node_id, end_points=[endpoint], fenced=False, rack=None))


def test_without_acks_there_is_no_response_and_an_error_closes(broker: DataDirectory) -> None:
    context = broker.context(NEWEST)
    assert handle(request(broker.batch(b"a"), acks=0), context) is Outcome.NO_RESPONSE
    assert broker.partition("t").high_watermark == 1
    assert handle(request(broker.batch(b"a"), acks=0, index=9), context) is Outcome.CLOSE_CONNECTION
    assert handle(request(b"", acks=0), context) is Outcome.CLOSE_CONNECTION


class LateWriter:
    """Holds every write back until `run`."""

    is_threaded = True

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Completion[Any]]] = []

    def submit(self, work: Callable[[], Any]) -> Completion[Any]:
        completion: Completion[Any] = Completion()
        self.waiting.append((work, completion))
        return completion

    def run(self) -> None:
        for work, completion in self.waiting:
            completion.resolve(work())
        self.waiting.clear()


@pytest.mark.parametrize("acks", [-1, 0])
def test_the_answer_waits_for_a_slow_disk(broker: DataDirectory, acks: int) -> None:
    writer = LateWriter()
    for index in (0, 1):
        broker.partition("t", index)._writer = cast("Any", writer)
    wanted = request(broker.batch(b"a"), acks=acks)
    wanted.topic_data[0].partition_data += [
        PartitionProduceData(index=1, records=memoryview(broker.batch(b"b"))),
        PartitionProduceData(index=5, records=memoryview(broker.batch(b"b"))),
    ]
    later = handle(wanted, broker.context(NEWEST))
    assert isinstance(later, Completion)
    assert not later.done
    writer.run()
    response = later.result()
    if acks == 0:
        assert response is Outcome.CLOSE_CONNECTION
    else:
        assert isinstance(response, ProduceResponse)
        assert [each.error_code for each in response.responses[0].partition_responses] == [0, 0, 3]


def test_no_topics_are_answered_with_none(broker: DataDirectory) -> None:
    assert produce(broker, ProduceRequest(acks=-1)) == ProduceResponse()
