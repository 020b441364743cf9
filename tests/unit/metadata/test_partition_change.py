from typing import Any

import pytest
from tests.unit.metadata.clusters import DIRECTORY, broker, cluster, partition, topic_id

from ottla.metadata import records as r
from ottla.metadata.image import ClusterImage, apply_records
from ottla.metadata.partition_change import Election, PartitionTarget, plan_partition_change

T = topic_id("t")


def image_with(
    replicas: tuple[int, ...], *brokers: r.RegisterBrokerRecord, elr: bool = True, **state: Any
) -> ClusterImage:
    """A cluster with one partition of a topic, in any state."""
    record = partition("t", 0, replicas)
    for name, value in state.items():
        setattr(record, name, value)
    image = cluster({}, *brokers, eligible_leader_replicas=elr)
    return apply_records(image, [r.TopicRecord(name="t", topic_id=T), record])[0]


def change(image: ClusterImage, election: Election = Election.ONLINE, **target: Any) -> Any:
    topic = image.topics.by_name["t"]
    wanted = PartitionTarget.unchanged(topic.partitions[0])
    for name, value in target.items():
        setattr(wanted, name, value)
    return plan_partition_change(image, topic, 0, wanted, election, min_insync_replicas=1)


def changed(**fields: Any) -> r.PartitionChangeRecord:
    return r.PartitionChangeRecord(partition_id=0, topic_id=T, **fields)


@pytest.mark.parametrize("election", Election)
def test_what_is_well_stays_as_it_is(election: Election) -> None:
    assert change(image_with((1,)), election) is None


def test_the_leader_stays_where_another_would_be_preferred_unless_that_is_asked_for() -> None:
    image = image_with((2, 1), broker(1), broker(2), leader=1)
    assert change(image) is None
    assert change(image, Election.UNCLEAN) is None
    assert change(image, Election.PREFERRED) == changed(leader=2)


def test_who_is_fenced_or_out_of_sync_is_not_elected() -> None:
    fenced = image_with((2, 1), broker(1), broker(2, fenced=True), leader=1)
    assert change(fenced, Election.PREFERRED) is None
    out_of_sync = image_with((2, 1), broker(1), broker(2), leader=1, isr=[1])
    assert change(out_of_sync, Election.PREFERRED) is None


@pytest.mark.parametrize("elr", [False, True])
def test_only_an_unclean_election_takes_who_is_out_of_sync(elr: bool) -> None:
    image = image_with((2, 1), broker(1), broker(2, fenced=True), elr=elr, leader=-1, isr=[2])
    assert change(image) is None
    assert change(image, Election.PREFERRED) is None
    assert change(image, Election.UNCLEAN) == changed(leader=1, isr=[1], leader_recovery_state=1)


def test_a_recovery_that_is_under_way_is_not_begun_again() -> None:
    image = image_with((2, 1), broker(1), broker(2, fenced=True), leader=-1, isr=[2], leader_recovery_state=1)
    assert change(image, Election.UNCLEAN) == changed(leader=1, isr=[1])


def test_who_leaves_last_stays_eligible_and_is_remembered() -> None:
    image = image_with((1,), broker(1, fenced=True))
    assert change(image, isr=[]) == changed(
        isr=[], leader=-1, eligible_leader_replicas=[1], last_known_elr=[1]
    )


def test_without_eligible_leaders_the_last_one_stays_in_sync() -> None:
    image = image_with((1,), broker(1, fenced=True), elr=False)
    assert change(image, isr=[]) == changed(leader=-1)


def test_an_eligible_replica_leads_where_nobody_is_in_sync() -> None:
    image = image_with((1,), leader=-1, isr=[], eligible_leader_replicas=[1], last_known_elr=[1])
    assert change(image) == changed(leader=1, isr=[1], eligible_leader_replicas=[], last_known_elr=[])


def test_the_last_known_leader_leads_and_recovers_where_nobody_is_eligible() -> None:
    image = image_with((1,), leader=-1, isr=[], last_known_elr=[1])
    assert change(image) == changed(leader=1, isr=[1], leader_recovery_state=1, last_known_elr=[])
    fenced = image_with((1,), broker(1, fenced=True), leader=-1, isr=[], last_known_elr=[1])
    assert change(fenced) is None


def test_eligibility_ends_when_enough_are_in_sync() -> None:
    image = image_with((1, 2), broker(1), broker(2), isr=[1], eligible_leader_replicas=[2])
    assert change(image) == changed(eligible_leader_replicas=[])


def test_a_move_waits_for_those_that_come() -> None:
    image = image_with((1,), broker(1), broker(2))
    wanted = changed(
        replicas=[2, 1], adding_replicas=[2], removing_replicas=[1], directories=[DIRECTORY, DIRECTORY]
    )
    assert change(image, replicas=[2, 1], adding=[2], removing=[1]) == wanted


def test_a_move_is_over_when_those_that_stay_are_in_sync() -> None:
    moving = {"adding_replicas": [2], "removing_replicas": [1], "leader": 1}
    image = image_with((2, 1), broker(1), broker(2), isr=[1], **moving)
    assert change(image, isr=[1, 2]) == changed(
        replicas=[2], isr=[2], leader=2, adding_replicas=[], removing_replicas=[], directories=[DIRECTORY]
    )


def test_who_is_no_replica_any_more_is_told_by_a_new_leader_epoch() -> None:
    image = image_with((1, 2), broker(1), broker(2, fenced=True), isr=[1])
    assert change(image, replicas=[1, 2], removing=[2]) == changed(
        replicas=[1], leader=1, directories=[DIRECTORY]
    )


def test_a_new_order_of_the_same_replicas_needs_no_new_epoch() -> None:
    image = image_with((1, 2), broker(1), broker(2))
    assert change(image, replicas=[2, 1]) == changed(replicas=[2, 1])


def test_records_of_releases_without_directories_stay_without() -> None:
    image = image_with((1,), broker(1), broker(2), directories=[])
    assert change(image, replicas=[1, 2], adding=[2]) == changed(replicas=[1, 2], adding_replicas=[2])
