"""What scripted nodes answer everyday questions with, and a client's cluster for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ottla.client.cluster import Cluster
from ottla.client.properties import ClientConfig
from ottla.protocol.messages.find_coordinator import Coordinator, FindCoordinatorResponse
from ottla.protocol.messages.metadata import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from ottla.types import Uuid

TOPIC_ID = Uuid(bytes(range(16)))


def metadata_response(
    ports: Mapping[int, int], topics: Mapping[str, list[int]] | None = None, *, controller_id: int = 1
) -> MetadataResponse:
    """Return the answer that names nodes by id and port, and topics with the leader of each partition."""
    rows = [
        MetadataResponseTopic(
            name=name,
            topic_id=TOPIC_ID,
            partitions=[
                MetadataResponsePartition(partition_index=index, leader_id=leader, leader_epoch=3)
                for index, leader in enumerate(leaders)
            ],
        )
        for name, leaders in (topics or {}).items()
    ]
    brokers = [
        MetadataResponseBroker(node_id=node, host="127.0.0.1", port=port) for node, port in ports.items()
    ]
    return MetadataResponse(brokers=brokers, topics=rows, controller_id=controller_id, cluster_id="scripted")


def coordinator_response(node_id: int, port: int, *, error_code: int = 0) -> FindCoordinatorResponse:
    """Return the answer that names a group's coordinator."""
    row = Coordinator(
        key="group", node_id=node_id, host="127.0.0.1", port=port, error_code=error_code, error_message=None
    )
    return FindCoordinatorResponse(coordinators=[row])


def cluster_of(address: str, **settings: Any) -> Cluster:
    """Return a client's cluster that starts at an address and waits little between attempts."""
    properties = {"retry.backoff.ms": "1", "retry.backoff.max.ms": "5", "reconnect.backoff.ms": "1"}
    properties |= {key.replace("_", "."): str(value) for key, value in settings.items()}
    return Cluster(ClientConfig.from_properties(properties, bootstrap_servers=address))
