"""Metadata records."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import (
    BOOL,
    BYTES,
    FLOAT64,
    INT8,
    INT16,
    INT32,
    INT64,
    STRING,
    UINT16,
    UUID,
    array_of,
    field,
    message,
    struct,
)


@struct
class BrokerEndpoint:
    """BrokerEndpoint of RegisterBrokerRecord."""

    name: str = field(STRING)
    host: str = field(STRING)
    port: int = field(UINT16)
    security_protocol: int = field(INT16)


@struct
class BrokerFeature:
    """BrokerFeature of RegisterBrokerRecord."""

    name: str = field(STRING)
    min_supported_version: int = field(INT16)
    max_supported_version: int = field(INT16)


@message(key=0, versions="0-3", flexible="0+")
class RegisterBrokerRecord:
    """RegisterBrokerRecord."""

    broker_id: int = field(INT32)
    is_migrating_zk_broker: bool = field(BOOL, versions="2+")
    incarnation_id: Uuid = field(UUID)
    broker_epoch: int = field(INT64)
    end_points: list[BrokerEndpoint] = array_of(BrokerEndpoint)
    features: list[BrokerFeature] = array_of(BrokerFeature)
    rack: str | None = field(STRING, nullable="0+")
    fenced: bool = field(BOOL, default=True)
    in_controlled_shutdown: bool = field(BOOL, versions="1+")
    log_dirs: list[Uuid] = array_of(UUID, versions="3+", tag=0, tagged_versions="3+")


@message(key=1, versions="0", flexible="0+")
class UnregisterBrokerRecord:
    """UnregisterBrokerRecord."""

    broker_id: int = field(INT32)
    broker_epoch: int = field(INT64)


@message(key=2, versions="0", flexible="0+")
class TopicRecord:
    """TopicRecord."""

    name: str = field(STRING)
    topic_id: Uuid = field(UUID)


@message(key=3, versions="0-2", flexible="0+")
class PartitionRecord:
    """PartitionRecord."""

    partition_id: int = field(INT32, default=-1)
    topic_id: Uuid = field(UUID)
    replicas: list[int] = array_of(INT32)
    isr: list[int] = array_of(INT32)
    removing_replicas: list[int] = array_of(INT32)
    adding_replicas: list[int] = array_of(INT32)
    leader: int = field(INT32, default=-1)
    leader_recovery_state: int = field(INT8, tag=0, tagged_versions="0+")
    leader_epoch: int = field(INT32, default=-1)
    partition_epoch: int = field(INT32, default=-1)
    directories: list[Uuid] = array_of(UUID, versions="1+")
    eligible_leader_replicas: list[int] | None = array_of(
        INT32, versions="2+", nullable="0+", default=None, tag=1, tagged_versions="2+"
    )
    last_known_elr: list[int] | None = array_of(
        INT32, versions="2+", nullable="0+", default=None, tag=2, tagged_versions="2+"
    )


@message(key=4, versions="0", flexible="0+")
class ConfigRecord:
    """ConfigRecord."""

    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")


@message(key=5, versions="0-2", flexible="0+")
class PartitionChangeRecord:
    """PartitionChangeRecord."""

    partition_id: int = field(INT32, default=-1)
    topic_id: Uuid = field(UUID)
    isr: list[int] | None = array_of(INT32, nullable="0+", default=None, tag=0, tagged_versions="0+")
    leader: int = field(INT32, default=-2, tag=1, tagged_versions="0+")
    replicas: list[int] | None = array_of(INT32, nullable="0+", default=None, tag=2, tagged_versions="0+")
    removing_replicas: list[int] | None = array_of(
        INT32, nullable="0+", default=None, tag=3, tagged_versions="0+"
    )
    adding_replicas: list[int] | None = array_of(
        INT32, nullable="0+", default=None, tag=4, tagged_versions="0+"
    )
    leader_recovery_state: int = field(INT8, default=-1, tag=5, tagged_versions="0+")
    directories: list[Uuid] | None = array_of(
        UUID, versions="1+", nullable="0+", default=None, tag=8, tagged_versions="1+"
    )
    eligible_leader_replicas: list[int] | None = array_of(
        INT32, versions="2+", nullable="0+", default=None, tag=6, tagged_versions="2+"
    )
    last_known_elr: list[int] | None = array_of(
        INT32, versions="2+", nullable="0+", default=None, tag=7, tagged_versions="2+"
    )


@message(key=7, versions="0", flexible="0+")
class FenceBrokerRecord:
    """FenceBrokerRecord."""

    id: int = field(INT32)
    epoch: int = field(INT64)


@message(key=8, versions="0", flexible="0+")
class UnfenceBrokerRecord:
    """UnfenceBrokerRecord."""

    id: int = field(INT32)
    epoch: int = field(INT64)


@message(key=9, versions="0", flexible="0+")
class RemoveTopicRecord:
    """RemoveTopicRecord."""

    topic_id: Uuid = field(UUID)


@message(key=10, versions="0", flexible="0+")
class DelegationTokenRecord:
    """DelegationTokenRecord."""

    owner: str = field(STRING)
    requester: str = field(STRING)
    renewers: list[str] = array_of(STRING)
    issue_timestamp: int = field(INT64)
    max_timestamp: int = field(INT64)
    expiration_timestamp: int = field(INT64)
    token_id: str = field(STRING)


@message(key=11, versions="0", flexible="0+")
class UserScramCredentialRecord:
    """UserScramCredentialRecord."""

    name: str = field(STRING)
    mechanism: int = field(INT8)
    salt: bytes = field(BYTES)
    stored_key: bytes = field(BYTES)
    server_key: bytes = field(BYTES)
    iterations: int = field(INT32)


@message(key=12, versions="0", flexible="0+")
class FeatureLevelRecord:
    """FeatureLevelRecord."""

    name: str = field(STRING)
    feature_level: int = field(INT16)


@struct
class EntityData:
    """EntityData of ClientQuotaRecord."""

    entity_type: str = field(STRING)
    entity_name: str | None = field(STRING, nullable="0+")


@message(key=14, versions="0", flexible="0+")
class ClientQuotaRecord:
    """ClientQuotaRecord."""

    entity: list[EntityData] = array_of(EntityData)
    key: str = field(STRING)
    value: float = field(FLOAT64)
    remove: bool = field(BOOL)


@message(key=15, versions="0", flexible="0+")
class ProducerIdsRecord:
    """ProducerIdsRecord."""

    broker_id: int = field(INT32)
    broker_epoch: int = field(INT64, default=-1)
    next_producer_id: int = field(INT64)


@message(key=17, versions="0-2", flexible="0+")
class BrokerRegistrationChangeRecord:
    """BrokerRegistrationChangeRecord."""

    broker_id: int = field(INT32)
    broker_epoch: int = field(INT64)
    fenced: int = field(INT8, tag=0, tagged_versions="0+")
    in_controlled_shutdown: int = field(INT8, versions="1+", tag=1, tagged_versions="1+")
    log_dirs: list[Uuid] = array_of(UUID, versions="2+", tag=2, tagged_versions="2+")


@message(key=18, versions="0", flexible="0+")
class AccessControlEntryRecord:
    """AccessControlEntryRecord."""

    id: Uuid = field(UUID)
    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    pattern_type: int = field(INT8)
    principal: str = field(STRING)
    host: str = field(STRING)
    operation: int = field(INT8)
    permission_type: int = field(INT8)


@message(key=19, versions="0", flexible="0+")
class RemoveAccessControlEntryRecord:
    """RemoveAccessControlEntryRecord."""

    id: Uuid = field(UUID)


@message(key=20, versions="0", flexible="0+")
class NoOpRecord:
    """NoOpRecord."""


@message(key=21, versions="0", flexible="0+")
class ZkMigrationStateRecord:
    """ZkMigrationStateRecord."""

    zk_migration_state: int = field(INT8)


@message(key=22, versions="0", flexible="0+")
class RemoveUserScramCredentialRecord:
    """RemoveUserScramCredentialRecord."""

    name: str = field(STRING)
    mechanism: int = field(INT8)


@message(key=23, versions="0", flexible="0+")
class BeginTransactionRecord:
    """BeginTransactionRecord."""

    name: str | None = field(STRING, nullable="0+", default=None, tag=0, tagged_versions="0+")


@message(key=24, versions="0", flexible="0+")
class EndTransactionRecord:
    """EndTransactionRecord."""


@message(key=25, versions="0", flexible="0+")
class AbortTransactionRecord:
    """AbortTransactionRecord."""

    reason: str | None = field(STRING, nullable="0+", default=None, tag=0, tagged_versions="0+")


@message(key=26, versions="0", flexible="0+")
class RemoveDelegationTokenRecord:
    """RemoveDelegationTokenRecord."""

    token_id: str = field(STRING)


@struct
class ControllerEndpoint:
    """ControllerEndpoint of RegisterControllerRecord."""

    name: str = field(STRING)
    host: str = field(STRING)
    port: int = field(UINT16)
    security_protocol: int = field(INT16)


@struct
class ControllerFeature:
    """ControllerFeature of RegisterControllerRecord."""

    name: str = field(STRING)
    min_supported_version: int = field(INT16)
    max_supported_version: int = field(INT16)


@message(key=27, versions="0", flexible="0+")
class RegisterControllerRecord:
    """RegisterControllerRecord."""

    controller_id: int = field(INT32)
    incarnation_id: Uuid = field(UUID)
    zk_migration_ready: bool = field(BOOL)
    end_points: list[ControllerEndpoint] = array_of(ControllerEndpoint)
    features: list[ControllerFeature] = array_of(ControllerFeature)


@message(key=28, versions="0", flexible="0+")
class ClearElrRecord:
    """ClearElrRecord."""

    topic_name: str = field(STRING)
