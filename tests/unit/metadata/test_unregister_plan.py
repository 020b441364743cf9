from __future__ import annotations

from tests.unit.metadata.clusters import broker, cluster, partition, topic_id

from ottla.metadata import records as r
from ottla.metadata.image import apply_records
from ottla.metadata.unregister_plan import plan_unregister_broker


def test_a_broker_leaves_what_it_was_in_sync_with_and_is_forgotten() -> None:
    image = cluster({}, broker(1), broker(2, fenced=True, epoch=7))
    records = [r.TopicRecord(name="t", topic_id=topic_id("t")), partition("t", 0, (1, 2))]
    image, _ = apply_records(image, records)
    planned = plan_unregister_broker(image, 2, own_id=1)
    assert planned == [
        r.PartitionChangeRecord(partition_id=0, topic_id=topic_id("t"), isr=[1]),
        r.UnregisterBrokerRecord(broker_id=2, broker_epoch=7),
    ]
    after, _ = apply_records(image, planned)
    assert list(after.brokers.by_id) == [1]
