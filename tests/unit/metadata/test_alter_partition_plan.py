"""A leader's wish against the partition as it is, check by check in Kafka's order."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.metadata.clusters import broker, cluster, partition, topic_id

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata import records as r
from ottla.metadata.alter_partition_plan import AlterPartitionPlan, plan_alter_partition
from ottla.metadata.image import ClusterImage, apply_records
from ottla.protocol.messages.alter_partition import (
    AlteredPartition,
    AlteredTopic,
    AlterPartitionRequest,
    BrokerState,
)

EPOCH = 9


def image_with(*changes: r.MetadataRecord) -> ClusterImage:
    """Broker 1 leads t-0, whose other replica on broker 2 is fenced."""
    image = cluster({}, broker(1), broker(2, fenced=True))
    records = [r.TopicRecord(name="t", topic_id=topic_id("t")), partition("t", 0, (1, 2)), *changes]
    return apply_records(image, records)[0]


def plan(image: ClusterImage, name: str = "t", number: int = 0, **wish: Any) -> AlterPartitionPlan:
    isr = wish.pop("isr", [(1, -1)])
    broker_id, broker_epoch = wish.pop("broker", (1, EPOCH))
    altered = AlteredPartition(
        partition_index=number,
        new_isr_with_epochs=[BrokerState(broker_id=each, broker_epoch=epoch) for each, epoch in isr],
        **wish,
    )
    topic = AlteredTopic(topic_id=topic_id(name), partitions=[altered])
    return plan_alter_partition(
        image, AlterPartitionRequest(broker_id=broker_id, broker_epoch=broker_epoch, topics=[topic])
    )


def test_a_smaller_in_sync_set_is_written() -> None:
    planned = plan(image_with())
    assert planned.records == [r.PartitionChangeRecord(partition_id=0, topic_id=topic_id("t"), isr=[1])]
    (state,) = planned.topics[0].partitions
    assert (state.error_code, state.isr, state.partition_epoch, state.leader_epoch) == (0, [1], 1, 0)


def test_what_is_so_already_is_not_written_again() -> None:
    alone = r.PartitionChangeRecord(partition_id=0, topic_id=topic_id("t"), isr=[1])
    planned = plan(image_with(alone), partition_epoch=1)
    assert planned.records == []
    (state,) = planned.topics[0].partitions
    assert (state.error_code, state.isr, state.partition_epoch) == (0, [1], 1)


def test_old_versions_name_replicas_without_epochs() -> None:
    altered = AlteredPartition(new_isr=[1])
    topic = AlteredTopic(topic_id=topic_id("t"), partitions=[altered])
    planned = plan_alter_partition(
        image_with(), AlterPartitionRequest(broker_id=1, broker_epoch=EPOCH, topics=[topic])
    )
    assert planned.topics[0].partitions[0].isr == [1]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"name": "u"}, ErrorCode.UNKNOWN_TOPIC_ID),
        ({"number": 1}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ({"leader_epoch": 1}, ErrorCode.NOT_CONTROLLER),
        ({"partition_epoch": 1}, ErrorCode.NOT_CONTROLLER),
        ({"leader_epoch": -1}, ErrorCode.FENCED_LEADER_EPOCH),
        ({"broker": (2, EPOCH)}, ErrorCode.INVALID_REQUEST),
        ({"partition_epoch": -1}, ErrorCode.INVALID_UPDATE_VERSION),
        ({"isr": [(1, -1), (3, -1)]}, ErrorCode.INVALID_REQUEST),
        ({"isr": [(1, -1), (1, -1)]}, ErrorCode.INVALID_REQUEST),
        ({"isr": [(2, -1)]}, ErrorCode.INVALID_REQUEST),
        ({"isr": []}, ErrorCode.INVALID_REQUEST),
        ({"leader_recovery_state": 1}, ErrorCode.INVALID_REQUEST),
        ({"leader_recovery_state": 1, "isr": [(1, -1), (2, -1)]}, ErrorCode.INVALID_REQUEST),
        ({"isr": [(1, -1), (2, -1)]}, ErrorCode.INELIGIBLE_REPLICA),
        ({"isr": [(1, EPOCH + 1)]}, ErrorCode.INELIGIBLE_REPLICA),
    ],
)
def test_a_wish_that_does_not_fit_is_refused(wish: dict[str, Any], code: ErrorCode) -> None:
    planned = plan(image_with(), **wish)
    assert planned.records == []
    assert planned.topics[0].partitions[0].error_code == code


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        ((1, EPOCH + 1), "Expected broker epoch 9, but got broker epoch 10"),
        ((7, EPOCH), "No broker registration found for broker id 7"),
    ],
)
def test_a_broker_in_another_epoch_is_refused(sender: tuple[int, int], text: str) -> None:
    with pytest.raises(KafkaError) as refusal:
        plan(image_with(), broker=sender)
    assert (refusal.value.code, refusal.value.message) == (ErrorCode.STALE_BROKER_EPOCH, text)


def test_a_leader_that_has_recovered_says_so() -> None:
    recovering = r.PartitionChangeRecord(
        partition_id=0, topic_id=topic_id("t"), isr=[1], leader_recovery_state=1
    )
    planned = plan(image_with(recovering), partition_epoch=1)
    assert planned.records == [
        r.PartitionChangeRecord(partition_id=0, topic_id=topic_id("t"), leader_recovery_state=0)
    ]
