import pytest
from tests.unit.metadata.clusters import DIRECTORY, broker, cluster, topic_id

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.placement import check_manual_assignment, new_partition, place
from ottla.types import UNASSIGNED_DIRECTORY_ID

ONE = cluster({}).brokers
THREE = cluster({}, broker(1), broker(2), broker(3, fenced=True)).brokers


def test_one_broker_has_every_partition() -> None:
    assert place(ONE, 0, 3, 1) == [[1], [1], [1]]


def test_unfenced_brokers_take_turns_and_fenced_ones_come_last() -> None:
    assert place(THREE, 0, 2, 3) == [[1, 2, 3], [2, 1, 3]]
    assert place(THREE, 5, 1, 1) == [[2]]


@pytest.mark.parametrize(
    ("brokers", "replication_factor", "message"),
    [
        (
            ONE,
            3,
            "The target replication factor of 3 cannot be reached because only 1 broker(s) are registered.",
        ),
        (ONE, 0, "Invalid replication factor 0: the replication factor must be positive."),
        (cluster({}, broker(1, fenced=True)).brokers, 1, "All brokers are currently fenced."),
    ],
)
def test_too_few_brokers(brokers, replication_factor: int, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(KafkaError) as refusal:
        place(brokers, 0, 1, replication_factor)
    assert (refusal.value.code, refusal.value.message) == (ErrorCode.INVALID_REPLICATION_FACTOR, message)


@pytest.mark.parametrize(
    ("replicas", "before", "message"),
    [
        ([], None, "The manual partition assignment includes an empty replica list."),
        (
            [1, 7],
            None,
            "The manual partition assignment includes broker 7, but no such broker is registered.",
        ),
        ([2, 1, 2], None, "The manual partition assignment includes the broker 2 more than once."),
        (
            [1, 2],
            1,
            (
                "The manual partition assignment includes a partition with 2 replica(s), but this is not "
                "consistent with previous partitions, which have 1 replica(s)."
            ),
        ),
    ],
)
def test_impossible_assignments(replicas: list[int], before: int | None, message: str) -> None:
    with pytest.raises(KafkaError) as refusal:
        check_manual_assignment(THREE, replicas, before)
    assert (refusal.value.code, refusal.value.message) == (ErrorCode.INVALID_REPLICA_ASSIGNMENT, message)


def test_a_new_partition_is_led_by_its_first_active_replica() -> None:
    record = new_partition(THREE, topic_id("t"), 4, [3, 2], is_manual=True)
    assert (record.partition_id, record.replicas, record.isr, record.leader) == (4, [3, 2], [2], 2)
    assert (record.leader_epoch, record.partition_epoch) == (0, 0)
    assert record.directories == [DIRECTORY, DIRECTORY]


def test_a_new_partition_needs_an_active_replica() -> None:
    with pytest.raises(KafkaError) as refusal:
        new_partition(THREE, topic_id("t"), 4, [3], is_manual=True)
    assert refusal.value.message == (
        "All brokers specified in the manual partition assignment for partition 4 are fenced or in "
        "controlled shutdown."
    )


def test_replicas_that_were_placed_need_an_active_one_too() -> None:
    leaving = broker(1)
    leaving.in_controlled_shutdown = True
    brokers = cluster({}, leaving).brokers
    with pytest.raises(KafkaError) as refusal:
        new_partition(brokers, topic_id("t"), 0, *place(brokers, 0, 1, 1), is_manual=False)
    assert (refusal.value.code, refusal.value.message) == (
        ErrorCode.INVALID_REPLICATION_FACTOR,
        "Unable to replicate the partition 1 time(s): All brokers are currently fenced or in controlled shutdown.",
    )


def test_a_broker_with_several_directories_chooses_itself() -> None:
    registration = broker(1)
    registration.log_dirs = [DIRECTORY, topic_id("other-directory")]
    record = new_partition(cluster({}, registration).brokers, topic_id("t"), 0, [1], is_manual=True)
    assert record.directories == [UNASSIGNED_DIRECTORY_ID]
