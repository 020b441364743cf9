"""Fetch: by name and by id, with sessions, waiting, and with each version's form of an error."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.partitions import DataDirectory, topic_id_of

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.fetch import handle
from ottla.protocol.messages.fetch import (
    EpochEndOffset,
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    ForgottenTopic,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionData,
)
from ottla.storage.files import FileRange
from ottla.types import ZERO_UUID

NEWEST = 18
NO_LIMIT = 0x7FFFFFFF


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.create_topic("t", 3)
    return directory


def wish(index: int = 0, offset: int = 0, **fields: Any) -> FetchPartition:
    return FetchPartition(partition=index, fetch_offset=offset, partition_max_bytes=1 << 20, **fields)


def request(*wishes: FetchPartition, topic: str = "t", **fields: Any) -> FetchRequest:
    topics = [FetchTopic(topic=topic, topic_id=topic_id_of(topic), partitions=list(wishes))] if wishes else []
    fields = {"max_wait_ms": 0, "min_bytes": 1, "max_bytes": NO_LIMIT, **fields}
    return FetchRequest(topics=topics, **fields)


def fetch(broker: DataDirectory, wanted: FetchRequest, version: int = NEWEST) -> FetchResponse:
    if version < 13:
        for topic in (*wanted.topics, *wanted.forgotten_topics_data):
            topic.topic_id = ZERO_UUID
    else:
        for topic in (*wanted.topics, *wanted.forgotten_topics_data):
            topic.topic = ""
    response = handle(wanted, broker.context(version))
    if isinstance(response, Completion):
        return response.result()
    return response


def partitions(response: FetchResponse) -> list[PartitionData]:
    return [partition for topic in response.responses for partition in topic.partitions]


def content(partition: PartitionData) -> bytes:
    records = partition.records
    if isinstance(records, FileRange):
        return records.read()
    assert records == b""
    return b""


@pytest.mark.parametrize("version", range(4, NEWEST + 1))
def test_records_come_as_they_lie_in_the_log(broker: DataDirectory, version: int) -> None:
    broker.append("t", b"a")
    broker.append("t", b"b")
    log = (broker.path / "t-0" / "00000000000000000000.log").read_bytes()
    response = fetch(broker, request(wish()), version)
    (found,) = partitions(response)
    assert content(found) == log
    assert (found.high_watermark, found.last_stable_offset, found.log_start_offset) == (2, 2, 0)
    assert found.aborted_transactions is None
    if version < 13:
        assert response.responses[0].topic == "t"
    else:
        assert response.responses[0].topic_id == topic_id_of("t")


def test_committed_reads_bring_a_list_of_aborted_transactions(broker: DataDirectory) -> None:
    (found,) = partitions(fetch(broker, request(wish(), isolation_level=1)))
    assert found.aborted_transactions == []


def test_a_fetch_waits_for_records(broker: DataDirectory) -> None:
    waiting = handle(request(wish(), max_wait_ms=500), broker.context(NEWEST))
    assert isinstance(waiting, Completion)
    assert not waiting.done
    broker.append("t", b"a")
    broker.loop.turn()
    (found,) = partitions(waiting.result())
    assert len(content(found)) > 0


def test_the_brokers_limit_holds_for_every_client(tmp_path: Path) -> None:
    broker = DataDirectory(tmp_path, {"fetch.max.bytes": "1024"})
    broker.create_topic("t", 2)
    for index in (0, 0, 1):
        broker.append("t", b"x" * 700, index=index)
    found = partitions(fetch(broker, request(wish(0), wish(1))))
    assert [len(content(each)) for each in found] == [1024, 0]
    # What can never be brought is not waited for either.
    assert not isinstance(
        handle(request(wish(0), min_bytes=NO_LIMIT, max_wait_ms=500), broker.context(NEWEST)), Completion
    )


def test_unknown_partitions_have_errors_and_do_not_end_the_wait(broker: DataDirectory) -> None:
    waiting = handle(request(wish(9), wish(), max_wait_ms=500), broker.context(NEWEST))
    assert isinstance(waiting, Completion)
    broker.loop.advance(500)
    assert [(each.partition_index, each.error_code) for each in partitions(waiting.result())] == [
        (0, 0),
        (9, 3),
    ]
    unknown = PartitionData(partition_index=0, error_code=3, high_watermark=-1, records=b"")
    assert partitions(fetch(broker, request(wish(), topic="x"), 12)) == [unknown]
    unknown.error_code = ErrorCode.UNKNOWN_TOPIC_ID
    assert partitions(fetch(broker, request(wish(), topic="x"), 13)) == [unknown]


def test_an_offset_out_of_range_tells_no_offsets(broker: DataDirectory) -> None:
    (found,) = partitions(fetch(broker, request(wish(offset=5))))
    assert found == PartitionData(
        partition_index=0, error_code=1, high_watermark=-1, aborted_transactions=None, records=b""
    )


def test_who_does_not_lead_says_who_does(broker: DataDirectory) -> None:
    broker.set_leader("t", 0, -1)
    response = fetch(broker, request(wish()))
    (found,) = partitions(response)
    assert found.error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert found.current_leader == LeaderIdAndEpoch(leader_id=-1, leader_epoch=1)
    assert response.node_endpoints == []
    broker.set_leader("t", 1, -1)
    broker.set_leader("t", 1, 1)
    fenced = fetch(broker, request(wish(1, current_leader_epoch=0)))
    assert partitions(fenced)[0].error_code == ErrorCode.FENCED_LEADER_EPOCH
    assert partitions(fenced)[0].current_leader == LeaderIdAndEpoch(leader_id=1, leader_epoch=2)
    assert fenced.node_endpoints == [NodeEndpoint(node_id=1, host="broker.example", port=9092, rack="r1")]
    assert partitions(fetch(broker, request(wish()), 15))[0].current_leader is None


@pytest.mark.parametrize(("version", "code"), [(5, 6), (6, 56), (18, 56)])
def test_old_clients_hear_of_a_bad_disk_in_their_words(
    broker: DataDirectory, version: int, code: int
) -> None:
    broker.partition("t").log._go_offline("broken by the test")
    (found,) = partitions(fetch(broker, request(wish()), version))
    assert found.error_code == code


def test_a_diverging_history_is_told(broker: DataDirectory) -> None:
    partition = broker.partition("t")
    partition.lead(1, 2)
    broker.append("t", b"a")
    partition.lead(1, 5)
    broker.append("t", b"a")
    (found,) = partitions(fetch(broker, request(wish(offset=2, last_fetched_epoch=3), max_wait_ms=500)))
    assert found.error_code == 0
    assert found.diverging_epoch == EpochEndOffset(epoch=2, end_offset=1)
    assert content(found) == b""


def indexes(response: FetchResponse) -> list[int]:
    return [partition.partition_index for partition in partitions(response)]


@pytest.mark.parametrize("version", [7, 12, 13, NEWEST])
def test_a_session_answers_only_what_has_changed(broker: DataDirectory, version: int) -> None:
    broker.append("t", b"a")
    first = fetch(broker, request(wish(0), wish(1), wish(2), session_epoch=0), version)
    session = {"session_id": first.session_id}
    assert first.session_id > 0
    assert indexes(first) == [0, 1, 2]
    assert indexes(fetch(broker, request(wish(0, offset=1), session_epoch=1, **session), version)) == []
    broker.append("t", b"a", index=2)
    broker.append("t", b"b")
    third = fetch(broker, request(session_epoch=2, **session), version)
    assert third.session_id == first.session_id
    assert indexes(third) == [0, 2]
    # What brought records goes to the end of the order; its records come again, since the offset did not move.
    forgotten = [ForgottenTopic(topic="t", topic_id=topic_id_of("t"), partitions=[2])]
    fourth = fetch(broker, request(session_epoch=3, forgotten_topics_data=forgotten, **session), version)
    assert indexes(fourth) == [0]
    broker.append("t", b"c", index=1)
    assert indexes(fetch(broker, request(session_epoch=4, **session), version)) == [1, 0]


@pytest.mark.parametrize("version", [7, NEWEST])
@pytest.mark.parametrize("min_bytes", [1, 200])
def test_a_session_that_rests_waits_for_all_its_partitions(
    broker: DataDirectory, version: int, min_bytes: int
) -> None:
    """Those that were read to their end are left out of the first look, but not of the wait."""
    first = fetch(broker, request(wish(0), wish(1), wish(2), session_epoch=0), version)
    session = {"session_id": first.session_id, "min_bytes": min_bytes, "max_wait_ms": 500}
    wanted = request(wish(1), session_epoch=1, **session)
    for topic in wanted.topics:
        topic.topic, topic.topic_id = ("t", ZERO_UUID) if version < 13 else ("", topic_id_of("t"))
    waiting = handle(wanted, broker.context(version))
    assert isinstance(waiting, Completion)
    broker.append("t", b"a", index=2)
    broker.loop.turn()
    assert waiting.done == (min_bytes == 1)
    broker.append("t", bytes(150), index=0)
    broker.loop.turn()
    assert indexes(waiting.result()) == ([2] if min_bytes == 1 else [0, 2])


def test_a_resting_partition_tells_of_a_new_start_epoch_or_isolation(broker: DataDirectory) -> None:
    broker.append("t", b"a")
    first = fetch(broker, request(wish(0, offset=1), wish(1), session_epoch=0))
    session = {"session_id": first.session_id}
    assert indexes(fetch(broker, request(session_epoch=1, **session))) == []
    broker.partition("t").delete_records_before(1)
    assert indexes(fetch(broker, request(session_epoch=2, **session))) == [0]
    (fenced,) = partitions(
        fetch(broker, request(wish(1, current_leader_epoch=9), session_epoch=3, **session))
    )
    assert fenced.error_code == ErrorCode.UNKNOWN_LEADER_EPOCH
    newer = request(wish(0, offset=1, last_fetched_epoch=7), wish(1), session_epoch=4, **session)
    (unknown, _) = partitions(fetch(broker, newer))
    assert unknown.error_code == ErrorCode.OFFSET_OUT_OF_RANGE, "an epoch after all that the log knows"
    with pytest.raises(KafkaError):
        fetch(broker, request(wish(0, offset=1), isolation_level=2, session_epoch=5, **session))


def test_an_error_is_told_again_and_so_is_its_end(broker: DataDirectory) -> None:
    first = fetch(broker, request(wish(0), session_epoch=0))
    broker.set_leader("t", 0, -1)
    codes = []
    for epoch in (1, 2):
        response = fetch(broker, request(session_id=first.session_id, session_epoch=epoch))
        codes += [partition.error_code for partition in partitions(response)]
    assert codes == [6, 6]
    broker.set_leader("t", 0, 1)
    assert indexes(fetch(broker, request(session_id=first.session_id, session_epoch=3))) == [0]
    assert indexes(fetch(broker, request(session_id=first.session_id, session_epoch=4))) == []


@pytest.mark.parametrize(
    ("session_offset", "epoch", "code"),
    [(0, 2, ErrorCode.INVALID_FETCH_SESSION_EPOCH), (1, 1, ErrorCode.FETCH_SESSION_ID_NOT_FOUND)],
)
def test_a_wrong_session_fails_the_request(
    broker: DataDirectory, session_offset: int, epoch: int, code: ErrorCode
) -> None:
    first = fetch(broker, request(wish(0), session_epoch=0))
    wanted = request(session_id=first.session_id + session_offset, session_epoch=epoch)
    assert fetch(broker, wanted) == FetchResponse(error_code=code)


def test_a_session_follows_a_topic_that_is_deleted(broker: DataDirectory) -> None:
    first = fetch(broker, request(wish(0), session_epoch=0))
    broker.delete_topic("t")
    (found,) = partitions(fetch(broker, request(session_id=first.session_id, session_epoch=1)))
    assert found.error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


@pytest.mark.parametrize(("epoch", "code"), [(-1, 6), (-2, 6), (0, 75), (5, 75)])
def test_no_other_node_is_a_replica(broker: DataDirectory, epoch: int, code: int) -> None:
    response = fetch(broker, request(wish(current_leader_epoch=epoch), replica_id=2, max_wait_ms=500), 14)
    (found,) = partitions(response)
    assert (found.error_code, found.high_watermark) == (code, -1)
    assert response.node_endpoints == []


def test_a_negative_epoch_is_none(broker: DataDirectory) -> None:
    (found,) = partitions(fetch(broker, request(wish(current_leader_epoch=-2, last_fetched_epoch=-2))))
    assert (found.error_code, found.diverging_epoch) == (ErrorCode.NONE, None)


def test_an_unknown_isolation_level_is_refused(broker: DataDirectory) -> None:
    with pytest.raises(KafkaError) as refusal:
        fetch(broker, request(wish(), isolation_level=2))
    assert refusal.value.code is ErrorCode.UNKNOWN_SERVER_ERROR
    nothing_to_read = fetch(broker, request(isolation_level=2))
    assert nothing_to_read.error_code == ErrorCode.NONE
    without_session = fetch(broker, request(wish(), isolation_level=2, session_id=5, session_epoch=3))
    assert without_session.error_code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND
