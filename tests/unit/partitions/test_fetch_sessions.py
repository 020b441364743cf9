from __future__ import annotations

import itertools

import pytest

from ottla.errors import ErrorCode, KafkaError
from ottla.partitions.fetch_sessions import (
    EVICTION_MS,
    FINAL_EPOCH,
    MAX_EPOCH,
    FetchedPartition,
    FetchPlan,
    FetchSessionCache,
    PartitionKey,
)
from ottla.types import ZERO_UUID, Uuid


def wish(partition: int, offset: int = 0, topic: str = "t", topic_id: Uuid = ZERO_UUID) -> FetchedPartition:
    return FetchedPartition(topic, topic_id, partition, offset, 1 << 20)


class Client:
    """Plans requests against a cache as one client would send them."""

    def __init__(self, cache: FetchSessionCache) -> None:
        self.cache = cache
        self.now_ms = 1_000

    def ask(
        self,
        session_id: int,
        epoch: int,
        *wanted: FetchedPartition,
        forgotten: tuple[PartitionKey, ...] = (),
        uses_topic_ids: bool = False,
    ) -> FetchPlan:
        return self.cache.plan(
            session_id,
            epoch,
            list(wanted),
            forgotten,
            uses_topic_ids=uses_topic_ids,
            is_privileged=False,
            now_ms=self.now_ms,
        )


def answered(
    plan: FetchPlan, *, records: tuple[int, ...] = (), high_watermark: int = 0, error: int = 0
) -> list[int]:
    """Answer every partition of a plan and return the numbers of those that the answer includes."""
    return [
        each.partition
        for each in plan.partitions
        if plan.includes(
            each,
            has_records=each.partition in records,
            error_code=error,
            high_watermark=high_watermark,
            log_start_offset=0,
        )
    ]


@pytest.fixture
def client() -> Client:
    return Client(FetchSessionCache(2, draw_session_id=itertools.count(7).__next__))


def refused(client: Client, session_id: int, epoch: int, *, uses_topic_ids: bool = False) -> ErrorCode:
    with pytest.raises(KafkaError) as refusal:
        client.ask(session_id, epoch, uses_topic_ids=uses_topic_ids)
    return refusal.value.code


def test_a_full_fetch_opens_a_session_and_answers_every_partition(client: Client) -> None:
    plan = client.ask(0, 0, wish(0), wish(1))
    assert plan.session_id == 7
    assert not plan.is_incremental
    assert answered(plan) == [0, 1]


def test_an_incremental_answer_leaves_out_what_has_not_changed(client: Client) -> None:
    answered(client.ask(0, 0, wish(0), wish(1)))
    assert answered(client.ask(7, 1)) == []
    assert answered(client.ask(7, 2), high_watermark=5) == [0, 1]
    assert answered(client.ask(7, 3), high_watermark=5, records=(1,)) == [1]


def test_partitions_that_brought_records_go_to_the_end_of_the_order(client: Client) -> None:
    answered(client.ask(0, 0, wish(0), wish(1), wish(2)))
    answered(client.ask(7, 1), records=(0,))
    assert [each.partition for each in client.ask(7, 2).partitions] == [1, 2, 0]


def test_an_error_is_told_again_and_so_is_its_end(client: Client) -> None:
    answered(client.ask(0, 0, wish(0)), high_watermark=5)
    assert answered(client.ask(7, 1), high_watermark=5, error=ErrorCode.KAFKA_STORAGE_ERROR) == [0]
    assert answered(client.ask(7, 2), high_watermark=5) == [0]
    assert answered(client.ask(7, 3), high_watermark=5) == []


def test_listed_partitions_are_added_or_updated_and_forgotten_ones_removed(client: Client) -> None:
    answered(client.ask(0, 0, wish(0), wish(1)))
    plan = client.ask(7, 1, wish(1, offset=9), wish(2), forgotten=(("t", 0),))
    assert [(each.partition, each.fetch_offset) for each in plan.partitions] == [(1, 9), (2, 0)]


def test_a_session_without_partitions_is_dropped(client: Client) -> None:
    answered(client.ask(0, 0, wish(0)))
    plan = client.ask(7, 1, forgotten=(("t", 0),))
    assert plan.session_id == 0
    assert plan.partitions == []
    assert refused(client, 7, 2) is ErrorCode.FETCH_SESSION_ID_NOT_FOUND


def test_the_epoch_must_be_the_next_one(client: Client) -> None:
    client.ask(0, 0, wish(0))
    assert refused(client, 7, 2) is ErrorCode.INVALID_FETCH_SESSION_EPOCH
    client.ask(7, 1)
    assert refused(client, 7, 1) is ErrorCode.INVALID_FETCH_SESSION_EPOCH


def test_the_epoch_wraps_to_one(client: Client) -> None:
    plan = client.ask(0, 0, wish(0))
    assert plan.session is not None
    plan.session.next_epoch = MAX_EPOCH
    client.ask(7, MAX_EPOCH)
    assert client.ask(7, 1).session_id == 7


def test_an_unknown_session_is_refused(client: Client) -> None:
    assert refused(client, 99, 1) is ErrorCode.FETCH_SESSION_ID_NOT_FOUND


def test_names_and_topic_ids_do_not_mix_in_one_session(client: Client) -> None:
    client.ask(0, 0, wish(0))
    assert refused(client, 7, 1, uses_topic_ids=True) is ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR


def test_a_final_fetch_closes_its_session_and_opens_none(client: Client) -> None:
    client.ask(0, 0, wish(0))
    plan = client.ask(7, FINAL_EPOCH, wish(0))
    assert plan.session_id == 0
    assert answered(plan) == [0]
    assert len(client.cache) == 0


def test_a_new_full_fetch_replaces_the_clients_session(client: Client) -> None:
    client.ask(0, 0, wish(0))
    assert client.ask(7, 0, wish(0)).session_id == 8
    assert len(client.cache) == 1


def test_a_full_cache_gives_no_session_until_one_is_unused_for_long(client: Client) -> None:
    client.ask(0, 0, wish(0))
    client.now_ms += 1
    client.ask(0, 0, wish(0))
    assert client.ask(0, 0, wish(0)).session_id == 0
    client.now_ms += EVICTION_MS
    assert client.ask(0, 0, wish(0)).session_id == 9
    assert refused(client, 7, 1) is ErrorCode.FETCH_SESSION_ID_NOT_FOUND
    assert client.cache.evictions == 1


def test_a_larger_session_takes_the_slot_of_a_smaller_one_that_is_old_enough(client: Client) -> None:
    client.ask(0, 0, wish(0))
    client.ask(0, 0, wish(0), wish(1))
    client.now_ms += EVICTION_MS + 1
    client.ask(7, 1)
    client.ask(8, 1)
    assert client.ask(0, 0, wish(0)).session_id == 0
    assert client.ask(0, 0, wish(0), wish(1)).session_id == 9
    assert refused(client, 7, 2) is ErrorCode.FETCH_SESSION_ID_NOT_FOUND
    assert client.ask(8, 2).session_id == 8


def test_drawn_session_ids_are_positive_and_never_taken() -> None:
    drawn = iter([5, 5, 6])
    client = Client(FetchSessionCache(10, draw_session_id=drawn.__next__))
    assert [client.ask(0, 0, wish(0)).session_id for _ in range(2)] == [5, 6]
    assert Client(FetchSessionCache(1)).ask(0, 0, wish(0)).session_id > 0
