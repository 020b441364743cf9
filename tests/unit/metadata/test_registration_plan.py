from tests.unit.metadata.clusters import DIRECTORY, cluster, topic_id

from ottla.metadata import records as r
from ottla.metadata.aspects.brokers import Endpoint
from ottla.metadata.formatting import default_bootstrap_records
from ottla.metadata.image import ClusterImage, apply_records
from ottla.metadata.registration_plan import (
    NodeRegistration,
    plan_bootstrap,
    plan_controlled_shutdown,
    plan_fence,
    plan_register_broker,
    plan_register_controller,
    plan_unfence,
)
from ottla.types import random_uuid

T = topic_id("t")


def node(previous_broker_epoch: int = -1) -> NodeRegistration:
    return NodeRegistration(
        node_id=1,
        incarnation_id=random_uuid(),
        broker_endpoints=[Endpoint("PLAINTEXT", "localhost", 9092, 0)],
        controller_endpoints=[Endpoint("CONTROLLER", "localhost", 9093, 0)],
        rack="r",
        directory_id=DIRECTORY,
        previous_broker_epoch=previous_broker_epoch,
    )


def apply(image: ClusterImage, records: list[r.MetadataRecord]) -> ClusterImage:
    return apply_records(image, records, offset=image.offset + len(records))[0]


def test_the_first_records_are_one_transaction() -> None:
    records = plan_bootstrap(default_bootstrap_records(), 1)
    assert records[0] == r.BeginTransactionRecord(name="Bootstrap records")
    assert records[1:-2] == default_bootstrap_records()
    assert records[-2] == r.ConfigRecord(
        resource_type=4, resource_name="", name="min.insync.replicas", value="1"
    )
    assert records[-1] == r.EndTransactionRecord()


def test_an_old_metadata_version_knows_no_transactions_and_no_eligible_leaders() -> None:
    old: list[r.MetadataRecord] = [r.FeatureLevelRecord(name="metadata.version", feature_level=13)]
    assert plan_bootstrap(old, 1) == old


def test_a_broker_registers_fenced_and_its_epoch_is_its_offset() -> None:
    me = node()
    (record,) = plan_register_broker(cluster({}, eligible_leader_replicas=True), node(9), 42)
    assert isinstance(record, r.RegisterBrokerRecord)
    assert (record.broker_epoch, record.fenced, record.rack) == (42, True, "r")
    assert record.log_dirs == [DIRECTORY]
    (controller,) = plan_register_controller(me)
    assert isinstance(controller, r.RegisterControllerRecord)
    assert controller.end_points == [r.ControllerEndpoint(name="CONTROLLER", host="localhost", port=9093)]
    assert [
        (item.name, item.min_supported_version, item.max_supported_version) for item in controller.features
    ] == [
        ("group.version", 0, 1),
        ("transaction.version", 0, 2),
        ("eligible.leader.replicas.version", 0, 1),
        ("kraft.version", 0, 1),
        ("metadata.version", 7, 27),
        ("share.version", 0, 1),
    ]


def test_a_clean_stop_and_start_writes_what_kafka_writes() -> None:
    image = cluster({"t": 1})
    shutdown = plan_controlled_shutdown(image, 1)
    assert shutdown == [
        r.BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=9, in_controlled_shutdown=1),
        r.PartitionChangeRecord(
            partition_id=0, topic_id=T, isr=[], leader=-1, eligible_leader_replicas=[1], last_known_elr=[1]
        ),
    ]
    image = apply(image, shutdown)
    fence = plan_fence(image, 1)
    assert fence == [r.BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=9, fenced=1)]
    image = apply(image, fence)
    assert plan_fence(image, 1) == []
    image = apply(image, plan_register_broker(image, node(previous_broker_epoch=9), 200))
    assert image.brokers.by_id[1].fenced
    assert plan_unfence(image, 1) == [
        r.BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=200, fenced=-1),
        r.PartitionChangeRecord(
            partition_id=0, topic_id=T, isr=[1], leader=1, eligible_leader_replicas=[], last_known_elr=[]
        ),
    ]


def test_a_start_after_a_crash_writes_what_kafka_writes() -> None:
    image = cluster({"t": 1})
    fence = plan_fence(image, 1)
    assert fence == [
        r.PartitionChangeRecord(
            partition_id=0, topic_id=T, isr=[], leader=-1, eligible_leader_replicas=[1], last_known_elr=[1]
        ),
        r.BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=9, fenced=1),
    ]
    image = apply(image, fence)
    registration = plan_register_broker(image, node(), 89)
    assert registration[0] == r.PartitionChangeRecord(partition_id=0, topic_id=T, eligible_leader_replicas=[])
    assert isinstance(registration[1], r.RegisterBrokerRecord)
    assert registration[1].broker_epoch == 89
    image = apply(image, registration)
    assert plan_unfence(image, 1)[1:] == [
        r.PartitionChangeRecord(
            partition_id=0, topic_id=T, isr=[1], leader=1, leader_recovery_state=1, last_known_elr=[]
        )
    ]
