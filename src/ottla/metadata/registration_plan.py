"""How a node enters the metadata log at its start and leaves it when it stops.

A single node plays both sides of Kafka's registration and heartbeats: it registers as controller and as broker, is
unfenced, and says goodbye with a controlled shutdown. The records and their order are those that Kafka 4.1 writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ottla.metadata.aspects.brokers import Endpoint
from ottla.metadata.aspects.configs import DEFAULT_BROKER_RESOURCE_NAME, ResourceType
from ottla.metadata.aspects.features import (
    ELIGIBLE_LEADER_REPLICAS_VERSION,
    METADATA_VERSION,
    SUPPORTED_FEATURES,
)
from ottla.metadata.image import ClusterImage
from ottla.metadata.leadership import plan_departure, plan_return, plan_unclean_departure
from ottla.metadata.record_versions import TRANSACTIONS_SINCE
from ottla.metadata.records import (
    AbortTransactionRecord,
    BeginTransactionRecord,
    BrokerEndpoint,
    BrokerFeature,
    BrokerRegistrationChangeRecord,
    ConfigRecord,
    ControllerEndpoint,
    ControllerFeature,
    EndTransactionRecord,
    FeatureLevelRecord,
    MetadataRecord,
    RegisterBrokerRecord,
    RegisterControllerRecord,
)
from ottla.types import Uuid

_FENCE = 1
_UNFENCE = -1
_IN_CONTROLLED_SHUTDOWN = 1


@dataclass(frozen=True, slots=True)
class NodeRegistration:
    """What a node says about itself at its start."""

    node_id: int
    incarnation_id: Uuid
    """New for every start of the process."""
    broker_endpoints: Sequence[Endpoint]
    controller_endpoints: Sequence[Endpoint]
    rack: str | None
    directory_id: Uuid
    previous_broker_epoch: int
    """The epoch that the clean-shutdown marker names, -1 without one: then the last stop was a crash."""


def plan_bootstrap(
    bootstrap_records: Sequence[MetadataRecord], min_insync_replicas: int
) -> list[MetadataRecord]:
    """Return the first records of a metadata log, one transaction where the metadata version knows transactions.

    With eligible leader replicas the broker's min.insync.replicas becomes a cluster-wide override, since no broker
    may have its own any more (KIP-966).
    """
    levels = {
        record.name: record.feature_level
        for record in bootstrap_records
        if isinstance(record, FeatureLevelRecord)
    }
    records = list(bootstrap_records)
    if levels.get(ELIGIBLE_LEADER_REPLICAS_VERSION, 0) >= 1:
        records.append(
            ConfigRecord(
                resource_type=ResourceType.BROKER,
                resource_name=DEFAULT_BROKER_RESOURCE_NAME,
                name="min.insync.replicas",
                value=str(min_insync_replicas),
            )
        )
    if levels.get(METADATA_VERSION, 0) < TRANSACTIONS_SINCE:
        return records
    return [BeginTransactionRecord(name="Bootstrap records"), *records, EndTransactionRecord()]


def plan_abort_transaction() -> list[MetadataRecord]:
    """Return the record that ends a transaction whose controller died in the middle."""
    return [AbortTransactionRecord(reason="failover")]


def plan_register_controller(node: NodeRegistration) -> list[MetadataRecord]:
    """Return the registration of this start as a controller."""
    return [
        RegisterControllerRecord(
            controller_id=node.node_id,
            incarnation_id=node.incarnation_id,
            zk_migration_ready=False,
            end_points=[
                ControllerEndpoint(
                    name=item.listener_name,
                    host=item.host,
                    port=item.port,
                    security_protocol=item.security_protocol,
                )
                for item in node.controller_endpoints
            ],
            features=[
                ControllerFeature(
                    name=item.name,
                    min_supported_version=item.minimum,
                    max_supported_version=item.maximum,
                )
                for item in SUPPORTED_FEATURES
            ],
        )
    ]


def plan_fence(image: ClusterImage, node_id: int) -> list[MetadataRecord]:
    """Return what fences a broker whose last life ended without a word; nothing for one that is fenced."""
    broker = image.brokers.by_id.get(node_id)
    if broker is None or broker.fenced:
        return []
    records: list[MetadataRecord] = list(plan_departure(image, node_id))
    records.append(
        BrokerRegistrationChangeRecord(broker_id=node_id, broker_epoch=broker.epoch, fenced=_FENCE)
    )
    return records


def plan_register_broker(
    image: ClusterImage, node: NodeRegistration, next_offset: int
) -> list[MetadataRecord]:
    """Return the registration of this start as a broker, which is fenced at first.

    `next_offset`, where these records will lie, becomes the broker's epoch.
    """
    records: list[MetadataRecord] = []
    before = image.brokers.by_id.get(node.node_id)
    if before is not None and before.epoch != node.previous_broker_epoch:
        records += plan_unclean_departure(image, node.node_id)
    records.append(
        RegisterBrokerRecord(
            broker_id=node.node_id,
            incarnation_id=node.incarnation_id,
            broker_epoch=next_offset,
            end_points=[
                BrokerEndpoint(
                    name=item.listener_name,
                    host=item.host,
                    port=item.port,
                    security_protocol=item.security_protocol,
                )
                for item in node.broker_endpoints
            ],
            features=[
                BrokerFeature(
                    name=item.name,
                    min_supported_version=item.minimum,
                    max_supported_version=item.maximum,
                )
                for item in SUPPORTED_FEATURES
            ],
            rack=node.rack,
            fenced=True,
            log_dirs=[node.directory_id],
        )
    )
    return records


def plan_unfence(image: ClusterImage, node_id: int) -> list[MetadataRecord]:
    """Return what lets a registered broker serve, and lead the partitions that wait for it."""
    broker = image.brokers.by_id[node_id]
    records: list[MetadataRecord] = [
        BrokerRegistrationChangeRecord(broker_id=node_id, broker_epoch=broker.epoch, fenced=_UNFENCE)
    ]
    records += plan_return(image, node_id)
    return records


def plan_controlled_shutdown(image: ClusterImage, node_id: int) -> list[MetadataRecord]:
    """Return what moves leadership away from a broker that is about to stop."""
    broker = image.brokers.by_id[node_id]
    records: list[MetadataRecord] = [
        BrokerRegistrationChangeRecord(
            broker_id=node_id, broker_epoch=broker.epoch, in_controlled_shutdown=_IN_CONTROLLED_SHUTDOWN
        )
    ]
    records += plan_departure(image, node_id)
    return records
