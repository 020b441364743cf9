from tests.unit.metadata.clusters import broker, cluster, partition, topic_id

from ottla.metadata import records as r
from ottla.metadata.image import apply_records
from ottla.metadata.leadership import plan_departure, plan_return, plan_unclean_departure

T = topic_id("t")


def test_the_last_replica_leaves_an_empty_isr_and_stays_eligible() -> None:
    assert list(plan_departure(cluster({"t": 1}), 1)) == [
        r.PartitionChangeRecord(
            partition_id=0, topic_id=T, isr=[], leader=-1, eligible_leader_replicas=[1], last_known_elr=[1]
        )
    ]


def test_without_eligible_leaders_the_last_replica_stays_in_the_isr() -> None:
    image = cluster({"t": 1}, eligible_leader_replicas=False)
    departure = list(plan_departure(image, 1))
    assert departure == [r.PartitionChangeRecord(partition_id=0, topic_id=T, leader=-1)]
    image, _ = apply_records(image, departure)
    assert list(plan_departure(image, 1)) == []
    assert list(plan_return(image, 1)) == [r.PartitionChangeRecord(partition_id=0, topic_id=T, leader=1)]


def test_another_replica_takes_over() -> None:
    image, _ = apply_records(
        cluster({}, broker(1), broker(2)), [r.TopicRecord(name="t", topic_id=T), partition("t", 0, (1, 2))]
    )
    assert list(plan_departure(image, 1)) == [
        r.PartitionChangeRecord(partition_id=0, topic_id=T, isr=[2], leader=2)
    ]
    assert list(plan_departure(image, 2)) == [r.PartitionChangeRecord(partition_id=0, topic_id=T, isr=[1])]


def test_after_a_clean_stop_the_broker_leads_again() -> None:
    image = cluster({"t": 1})
    image, _ = apply_records(image, plan_departure(image, 1))
    assert list(plan_departure(image, 1)) == []
    back = list(plan_return(image, 1))
    assert back == [
        r.PartitionChangeRecord(
            partition_id=0, topic_id=T, isr=[1], leader=1, eligible_leader_replicas=[], last_known_elr=[]
        )
    ]
    image, _ = apply_records(image, back)
    assert image.topics.by_name["t"].partitions[0].leader_epoch == 2
    assert list(plan_return(image, 1)) == []


def test_after_a_crash_the_last_known_leader_leads_and_recovers() -> None:
    image = cluster({"t": 1})
    image, _ = apply_records(image, plan_departure(image, 1))
    unclean = list(plan_unclean_departure(image, 1))
    assert unclean == [r.PartitionChangeRecord(partition_id=0, topic_id=T, eligible_leader_replicas=[])]
    image, _ = apply_records(image, unclean)
    assert list(plan_return(image, 1)) == [
        r.PartitionChangeRecord(
            partition_id=0, topic_id=T, isr=[1], leader=1, leader_recovery_state=1, last_known_elr=[]
        )
    ]


def test_a_partition_of_others_is_left_alone() -> None:
    image, _ = apply_records(
        cluster({}, broker(1), broker(2)), [r.TopicRecord(name="t", topic_id=T), partition("t", 0, (2,))]
    )
    assert list(plan_departure(image, 1)) == []
    image, _ = apply_records(image, plan_departure(image, 2))
    assert list(plan_return(image, 1)) == []
