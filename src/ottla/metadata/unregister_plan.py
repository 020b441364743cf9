"""UnregisterBroker against the image: a broker that will not come back leaves every in-sync set (KIP-631)."""

from __future__ import annotations

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.image import ClusterImage
from ottla.metadata.leadership import plan_departure
from ottla.metadata.records import MetadataRecord, UnregisterBrokerRecord


def plan_unregister_broker(image: ClusterImage, broker_id: int, own_id: int) -> list[MetadataRecord]:
    """Return what forgets a broker.

    Raises KafkaError BROKER_ID_NOT_REGISTERED for one that is not there. This node itself is refused: Kafka forgets it
    and has no broker until the process is started again.
    """
    broker = image.brokers.by_id.get(broker_id)
    if broker is None:
        raise KafkaError(
            ErrorCode.BROKER_ID_NOT_REGISTERED, f"Broker ID {broker_id} is not currently registered"
        )
    if broker_id == own_id:
        raise KafkaError(
            ErrorCode.INVALID_REQUEST,
            f"Broker ID {broker_id} is the only node of this cluster and stays registered as long as it runs",
        )
    return [
        *plan_departure(image, broker_id),
        UnregisterBrokerRecord(broker_id=broker_id, broker_epoch=broker.epoch),
    ]
