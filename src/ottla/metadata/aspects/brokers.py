"""The registered brokers and controllers.

A broker's epoch is the log offset of its registration; a record that names another epoch is about an
earlier life of the broker and contradicts the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.metadata.records import (
    BrokerEndpoint,
    BrokerFeature,
    BrokerRegistrationChangeRecord,
    ControllerEndpoint,
    ControllerFeature,
    FenceBrokerRecord,
    RegisterBrokerRecord,
    RegisterControllerRecord,
    UnfenceBrokerRecord,
    UnregisterBrokerRecord,
)
from ottla.types import Uuid

_FENCE = 1
_UNFENCE = -1
_IN_CONTROLLED_SHUTDOWN = 1
"""The values of a change's flags; 0 leaves things as they are (BrokerRegistrationFencingChange)."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where clients reach a node on one listener."""

    listener_name: str
    host: str
    port: int
    security_protocol: int
    """Kafka's code: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL."""


@dataclass(frozen=True, slots=True)
class BrokerImage:
    """One registered broker."""

    node_id: int
    epoch: int
    incarnation_id: Uuid
    endpoints: Mapping[str, Endpoint]
    """By listener name."""
    features: Mapping[str, tuple[int, int]]
    """Lowest and highest supported level by feature name."""
    rack: str | None
    fenced: bool
    in_controlled_shutdown: bool
    is_migrating_zk_broker: bool
    log_dirs: tuple[Uuid, ...]

    def to_record(self) -> RegisterBrokerRecord:
        """Return the record that rebuilds this registration."""
        return RegisterBrokerRecord(
            broker_id=self.node_id,
            is_migrating_zk_broker=self.is_migrating_zk_broker,
            incarnation_id=self.incarnation_id,
            broker_epoch=self.epoch,
            end_points=[
                BrokerEndpoint(
                    name=item.listener_name,
                    host=item.host,
                    port=item.port,
                    security_protocol=item.security_protocol,
                )
                for item in self.endpoints.values()
            ],
            features=[
                BrokerFeature(name=name, min_supported_version=minimum, max_supported_version=maximum)
                for name, (minimum, maximum) in self.features.items()
            ],
            rack=self.rack,
            fenced=self.fenced,
            in_controlled_shutdown=self.in_controlled_shutdown,
            log_dirs=list(self.log_dirs),
        )


@dataclass(frozen=True, slots=True)
class ControllerImage:
    """One registered controller."""

    node_id: int
    incarnation_id: Uuid
    zk_migration_ready: bool
    endpoints: Mapping[str, Endpoint]
    features: Mapping[str, tuple[int, int]]

    def to_record(self) -> RegisterControllerRecord:
        """Return the record that rebuilds this registration."""
        return RegisterControllerRecord(
            controller_id=self.node_id,
            incarnation_id=self.incarnation_id,
            zk_migration_ready=self.zk_migration_ready,
            end_points=[
                ControllerEndpoint(
                    name=item.listener_name,
                    host=item.host,
                    port=item.port,
                    security_protocol=item.security_protocol,
                )
                for item in self.endpoints.values()
            ],
            features=[
                ControllerFeature(name=name, min_supported_version=minimum, max_supported_version=maximum)
                for name, (minimum, maximum) in self.features.items()
            ],
        )


@dataclass(frozen=True, slots=True)
class BrokersImage:
    """Brokers and controllers by node id."""

    by_id: Mapping[int, BrokerImage] = field(default_factory=dict)
    controllers: Mapping[int, ControllerImage] = field(default_factory=dict)

    def to_records(self) -> Iterator[RegisterBrokerRecord | RegisterControllerRecord]:
        """Yield the records that rebuild this image: brokers first, as in Kafka's snapshots."""
        for broker in self.by_id.values():
            yield broker.to_record()
        for controller in self.controllers.values():
            yield controller.to_record()


class BrokersDelta:
    """The registrations that one batch of records changes."""

    def __init__(self, image: BrokersImage) -> None:
        self._brokers = dict(image.by_id)
        self._controllers = dict(image.controllers)
        self.changed_brokers: set[int] = set()
        self.changed_controllers: set[int] = set()

    def replay_register_broker(self, record: RegisterBrokerRecord) -> None:
        """Register a broker, in place of its former registration."""
        self._put(
            BrokerImage(
                node_id=record.broker_id,
                epoch=record.broker_epoch,
                incarnation_id=record.incarnation_id,
                endpoints=_endpoints(record.end_points),
                features=_features(record.features),
                rack=record.rack,
                fenced=record.fenced,
                in_controlled_shutdown=record.in_controlled_shutdown,
                is_migrating_zk_broker=record.is_migrating_zk_broker,
                log_dirs=tuple(record.log_dirs),
            )
        )

    def replay_unregister_broker(self, record: UnregisterBrokerRecord) -> None:
        """Forget a broker."""
        self._registered(record.broker_id, record.broker_epoch, record)
        del self._brokers[record.broker_id]
        self.changed_brokers.add(record.broker_id)

    def replay_fence_broker(self, record: FenceBrokerRecord) -> None:
        """Fence a broker, in the words of metadata versions before 3.3."""
        self._put(replace(self._registered(record.id, record.epoch, record), fenced=True))

    def replay_unfence_broker(self, record: UnfenceBrokerRecord) -> None:
        """Unfence a broker, in the words of metadata versions before 3.3."""
        self._put(replace(self._registered(record.id, record.epoch, record), fenced=False))

    def replay_registration_change(self, record: BrokerRegistrationChangeRecord) -> None:
        """Fence or unfence a broker, note its controlled shutdown, or change its directories."""
        broker = self._registered(record.broker_id, record.broker_epoch, record)
        if record.fenced == _FENCE:
            broker = replace(broker, fenced=True)
        elif record.fenced == _UNFENCE:
            broker = replace(broker, fenced=False)
        if record.in_controlled_shutdown == _IN_CONTROLLED_SHUTDOWN:
            broker = replace(broker, in_controlled_shutdown=True)
        if record.log_dirs:
            broker = replace(broker, log_dirs=tuple(record.log_dirs))
        self._put(broker)

    def replay_register_controller(self, record: RegisterControllerRecord) -> None:
        """Register a controller, in place of its former registration."""
        self._controllers[record.controller_id] = ControllerImage(
            node_id=record.controller_id,
            incarnation_id=record.incarnation_id,
            zk_migration_ready=record.zk_migration_ready,
            endpoints=_endpoints(record.end_points),
            features=_features(record.features),
        )
        self.changed_controllers.add(record.controller_id)

    def apply(self) -> BrokersImage:
        """Return the image with the changes."""
        return BrokersImage(self._brokers, self._controllers)

    def _put(self, broker: BrokerImage) -> None:
        self._brokers[broker.node_id] = broker
        self.changed_brokers.add(broker.node_id)

    def _registered(self, node_id: int, epoch: int, record: object) -> BrokerImage:
        broker = self._brokers.get(node_id)
        if broker is None:
            raise InconsistentMetadataError(f"{record} is about broker {node_id}, which is not registered")
        if broker.epoch != epoch:
            raise InconsistentMetadataError(
                f"{record} is about epoch {epoch}, but broker {node_id} is at {broker.epoch}"
            )
        return broker


def _endpoints(records: list[BrokerEndpoint] | list[ControllerEndpoint]) -> dict[str, Endpoint]:
    return {item.name: Endpoint(item.name, item.host, item.port, item.security_protocol) for item in records}


def _features(records: list[BrokerFeature] | list[ControllerFeature]) -> dict[str, tuple[int, int]]:
    return {item.name: (item.min_supported_version, item.max_supported_version) for item in records}
