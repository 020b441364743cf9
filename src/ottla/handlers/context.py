"""What a handler gets beside its request: who asks, and the services that it sequences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ottla.handlers.topic_answers import TopicAnswers

if TYPE_CHECKING:
    from ottla.clock import Clock
    from ottla.config.resolved import BrokerConfig
    from ottla.coordination.client_telemetry import ClientTelemetry
    from ottla.coordination.controller import Controller
    from ottla.coordination.quorum import MetadataQuorum
    from ottla.groups.service import GroupService
    from ottla.metadata.image import ClusterImage
    from ottla.partitions.data_volume import DataVolume
    from ottla.partitions.fetch_sessions import FetchSessionCache
    from ottla.partitions.partition_set import PartitionSet
    from ottla.partitions.producer_ids import ProducerIdAllocator
    from ottla.partitions.reader import FetchReader
    from ottla.tasks import Tasks
    from ottla.telemetry.running_levels import RunningLevels


@dataclass(slots=True)
class Services:
    """Everything that handlers may use; built once, in `server.broker`. The configuration alone is ever replaced."""

    config: BrokerConfig
    """The broker's configuration in effect."""
    node_id: int
    cluster_id: str
    image: Callable[[], ClusterImage]
    """The newest published image; ask once per request so that one answer is consistent."""
    partitions: PartitionSet
    volume: DataVolume
    reader: FetchReader
    fetch_sessions: FetchSessionCache
    producer_ids: ProducerIdAllocator
    controller: Controller
    groups: GroupService
    levels: RunningLevels
    quorum: MetadataQuorum
    client_telemetry: ClientTelemetry
    clock: Clock
    tasks: Tasks
    topic_answers: TopicAnswers = field(default_factory=TopicAnswers)

    def update_broker_config(self, config: BrokerConfig) -> None:
        """Go by this configuration from the next request on."""
        self.config = config


@dataclass(slots=True)
class RequestContext:
    """One request's circumstances."""

    services: Services
    api_version: int
    correlation_id: int
    client_id: str
    """The client's own name for itself; empty when it sent null (facts 7.1)."""
    listener_name: str
    listener_is_controller: bool
    client_address: str
    """The peer's IP address in text form; Kafka shows it to clients with a leading slash."""
    now_ms: int

    @property
    def client_host(self) -> str:
        """The address as group descriptions show it: Java's `InetAddress.toString` puts a slash before it."""
        return f"/{self.client_address}"
