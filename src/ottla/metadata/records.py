"""The records of the metadata log, and the frame around each.

Every record that 4.1.1 can read is a message here and a row of `RECORDS`. A frame is three unsigned varints, frame
version 1, key and version of the record, followed by the record itself (Kafka's AbstractApiMessageSerde, facts 2.6).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import cast, get_args

from ottla.types import Uuid
from ottla.wire.compiler import Decoder, decoder, encode
from ottla.wire.primitives import Buffer, WireError, read_uvarint, uvarint
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
    message_schema_of,
    struct,
)

FRAME_VERSION = 1


@struct
class BrokerEndpoint:
    """Where a broker listens."""

    name: str = field(STRING)
    """Name of the listener."""
    host: str = field(STRING)
    port: int = field(UINT16)
    security_protocol: int = field(INT16)
    """0: PLAINTEXT; 1: SSL; 2: SASL_PLAINTEXT; 3: SASL_SSL."""


@struct
class BrokerFeature:
    """The levels of a feature that a broker supports."""

    name: str = field(STRING)
    min_supported_version: int = field(INT16)
    max_supported_version: int = field(INT16)


@message(key=0, versions="0-3", flexible="0+")
class RegisterBrokerRecord:
    """A broker came up. It is fenced until it has caught up."""

    broker_id: int = field(INT32)
    is_migrating_zk_broker: bool = field(BOOL, versions="2+")
    """A remnant of the migration from ZooKeeper (KIP-866)."""
    incarnation_id: Uuid = field(UUID)
    """A new one for every start of the process."""
    broker_epoch: int = field(INT64)
    """Offset of this record in the metadata log."""
    end_points: list[BrokerEndpoint] = array_of(BrokerEndpoint)
    features: list[BrokerFeature] = array_of(BrokerFeature)
    rack: str | None = field(STRING, nullable="0+")
    """Null where the broker has none."""
    fenced: bool = field(BOOL, default=True)
    """Whether it is kept out of leadership."""
    in_controlled_shutdown: bool = field(BOOL, versions="1+")
    """Whether it is handing its leaderships over before it stops."""
    log_dirs: list[Uuid] = array_of(UUID, versions="3+", tag=0)
    """Directory ids of its data directories that work (KIP-858)."""


@message(key=1, versions="0", flexible="0+")
class UnregisterBrokerRecord:
    """A broker was removed for good."""

    broker_id: int = field(INT32)
    broker_epoch: int = field(INT64)


@message(key=2, versions="0", flexible="0+")
class TopicRecord:
    """A topic exists; its partitions follow in records of their own."""

    name: str = field(STRING)
    topic_id: Uuid = field(UUID)


@message(key=3, versions="0-2", flexible="0+")
class PartitionRecord:
    """The whole state of a partition."""

    partition_id: int = field(INT32, default=-1)
    topic_id: Uuid = field(UUID)
    replicas: list[int] = array_of(INT32)
    """The first is the preferred leader."""
    isr: list[int] = array_of(INT32)
    """The replicas that are in sync."""
    removing_replicas: list[int] = array_of(INT32)
    """Replicas that a reassignment is taking away."""
    adding_replicas: list[int] = array_of(INT32)
    """Replicas that a reassignment is bringing in."""
    leader: int = field(INT32, default=-1)
    """-1 when there is no leader."""
    leader_recovery_state: int = field(INT8, tag=0)
    """0: recovered; 1: recovering from an unclean election (KIP-704)."""
    leader_epoch: int = field(INT32, default=-1)
    """Raised by every change of leader."""
    partition_epoch: int = field(INT32, default=-1)
    """Raised by every change of the partition."""
    directories: list[Uuid] = array_of(UUID, versions="1+")
    """Directory of each replica, in the order of `replicas` (KIP-858)."""
    eligible_leader_replicas: list[int] | None = array_of(
        INT32, versions="2+", nullable="0+", default=None, tag=1
    )
    """Replicas out of sync that may still lead without loss (KIP-966); null when the feature is off."""
    last_known_elr: list[int] | None = array_of(INT32, versions="2+", nullable="0+", default=None, tag=2)
    """The last eligible leaders (KIP-966); null when the feature is off."""


@message(key=4, versions="0", flexible="0+")
class ConfigRecord:
    """One configuration value of one resource."""

    resource_type: int = field(INT8)
    """2: topic; 4: broker; 16: client metrics; 32: group."""
    resource_name: str = field(STRING)
    """Empty for the default of all brokers."""
    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")
    """Null removes the key."""


@message(key=5, versions="0-2", flexible="0+")
class PartitionChangeRecord:
    """What changed in a partition; what is not set stays."""

    partition_id: int = field(INT32, default=-1)
    topic_id: Uuid = field(UUID)
    isr: list[int] | None = array_of(INT32, nullable="0+", default=None, tag=0)
    """Null for no change."""
    leader: int = field(INT32, default=-2, tag=1)
    """-2 for no change; -1 for no leader."""
    replicas: list[int] | None = array_of(INT32, nullable="0+", default=None, tag=2)
    """Null for no change."""
    removing_replicas: list[int] | None = array_of(INT32, nullable="0+", default=None, tag=3)
    """Null for no change."""
    adding_replicas: list[int] | None = array_of(INT32, nullable="0+", default=None, tag=4)
    """Null for no change."""
    leader_recovery_state: int = field(INT8, default=-1, tag=5)
    """-1 for no change."""
    directories: list[Uuid] | None = array_of(UUID, versions="1+", nullable="0+", default=None, tag=8)
    """Null for no change."""
    eligible_leader_replicas: list[int] | None = array_of(
        INT32, versions="2+", nullable="0+", default=None, tag=6
    )
    """Null for no change."""
    last_known_elr: list[int] | None = array_of(INT32, versions="2+", nullable="0+", default=None, tag=7)
    """Null for no change."""


@message(key=7, versions="0", flexible="0+")
class FenceBrokerRecord:
    """A broker is out of service. Superseded by BrokerRegistrationChangeRecord."""

    id: int = field(INT32)
    epoch: int = field(INT64)


@message(key=8, versions="0", flexible="0+")
class UnfenceBrokerRecord:
    """A broker is in service. Superseded by BrokerRegistrationChangeRecord."""

    id: int = field(INT32)
    epoch: int = field(INT64)


@message(key=9, versions="0", flexible="0+")
class RemoveTopicRecord:
    """A topic is gone, with its partitions and configuration."""

    topic_id: Uuid = field(UUID)


@message(key=10, versions="0", flexible="0+")
class DelegationTokenRecord:
    """A delegation token, without its secret."""

    owner: str = field(STRING)
    """Principal such as `User:alice`."""
    requester: str = field(STRING)
    """Principal that asked for it."""
    renewers: list[str] = array_of(STRING)
    """Principals that may renew it."""
    issue_timestamp: int = field(INT64)
    """In ms."""
    max_timestamp: int = field(INT64)
    """No renewal goes beyond it, in ms."""
    expiration_timestamp: int = field(INT64)
    """In ms."""
    token_id: str = field(STRING)


@message(key=11, versions="0", flexible="0+")
class UserScramCredentialRecord:
    """What is kept of a user's SCRAM password."""

    name: str = field(STRING)
    mechanism: int = field(INT8)
    """1: SCRAM-SHA-256; 2: SCRAM-SHA-512."""
    salt: bytes = field(BYTES)
    stored_key: bytes = field(BYTES)
    server_key: bytes = field(BYTES)
    iterations: int = field(INT32)


@message(key=12, versions="0", flexible="0+")
class FeatureLevelRecord:
    """The level of a feature; 0 removes it."""

    name: str = field(STRING)
    feature_level: int = field(INT16)


@struct
class EntityData:
    """A part of the entity that a quota is for."""

    entity_type: str = field(STRING)
    """`user`, `client-id` or `ip`."""
    entity_name: str | None = field(STRING, nullable="0+")
    """Null for the default of its type."""


@message(key=14, versions="0", flexible="0+")
class ClientQuotaRecord:
    """One quota of one entity."""

    entity: list[EntityData] = array_of(EntityData)
    key: str = field(STRING)
    """Such as `producer_byte_rate`."""
    value: float = field(FLOAT64)
    remove: bool = field(BOOL)
    """Remove the key; `value` is then ignored."""


@message(key=15, versions="0", flexible="0+")
class ProducerIdsRecord:
    """Producer ids below `next_producer_id` are handed out."""

    broker_id: int = field(INT32)
    """The broker that got the block."""
    broker_epoch: int = field(INT64, default=-1)
    """The epoch in which it got it."""
    next_producer_id: int = field(INT64)


@message(key=17, versions="0-2", flexible="0+")
class BrokerRegistrationChangeRecord:
    """What changed in the registration of a broker; what is not set stays."""

    broker_id: int = field(INT32)
    broker_epoch: int = field(INT64)
    fenced: int = field(INT8, tag=0)
    """1: fenced; -1: unfenced; 0: no change."""
    in_controlled_shutdown: int = field(INT8, versions="1+", tag=1)
    """1: it began; 0: no change."""
    log_dirs: list[Uuid] = array_of(UUID, versions="2+", tag=2)
    """Empty for no change (KIP-858)."""


@message(key=18, versions="0", flexible="0+")
class AccessControlEntryRecord:
    """An access control entry (KIP-801). The numbers are those of the ACL APIs."""

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
    """An access control entry is gone."""

    id: Uuid = field(UUID)


@message(key=20, versions="0", flexible="0+")
class NoOpRecord:
    """Nothing: proves that the controller is alive and moves the end of the log (KIP-835)."""


@message(key=21, versions="0", flexible="0+")
class ZkMigrationStateRecord:
    """How far the migration from ZooKeeper is (KIP-866)."""

    zk_migration_state: int = field(INT8)
    """0: none; 1: pre-migration; 2: migration; 3: post-migration."""


@message(key=22, versions="0", flexible="0+")
class RemoveUserScramCredentialRecord:
    """A SCRAM credential is gone."""

    name: str = field(STRING)
    mechanism: int = field(INT8)
    """1: SCRAM-SHA-256; 2: SCRAM-SHA-512."""


@message(key=23, versions="0", flexible="0+")
class BeginTransactionRecord:
    """What follows takes effect together, at the EndTransactionRecord (KIP-868)."""

    name: str | None = field(STRING, nullable="0+", default=None, tag=0)
    """For people; null when there is none."""


@message(key=24, versions="0", flexible="0+")
class EndTransactionRecord:
    """The records since the BeginTransactionRecord take effect."""


@message(key=25, versions="0", flexible="0+")
class AbortTransactionRecord:
    """The records since the BeginTransactionRecord are void."""

    reason: str | None = field(STRING, nullable="0+", default=None, tag=0)
    """For people; null when there is none."""


@message(key=26, versions="0", flexible="0+")
class RemoveDelegationTokenRecord:
    """A delegation token is gone."""

    token_id: str = field(STRING)


@struct
class ControllerEndpoint:
    """Where a controller listens."""

    name: str = field(STRING)
    """Name of the listener."""
    host: str = field(STRING)
    port: int = field(UINT16)
    security_protocol: int = field(INT16)
    """0: PLAINTEXT; 1: SSL; 2: SASL_PLAINTEXT; 3: SASL_SSL."""


@struct
class ControllerFeature:
    """The levels of a feature that a controller supports."""

    name: str = field(STRING)
    min_supported_version: int = field(INT16)
    max_supported_version: int = field(INT16)


@message(key=27, versions="0", flexible="0+")
class RegisterControllerRecord:
    """A controller came up (KIP-919)."""

    controller_id: int = field(INT32)
    incarnation_id: Uuid = field(UUID)
    """A new one for every start of the process."""
    zk_migration_ready: bool = field(BOOL)
    """A remnant of the migration from ZooKeeper (KIP-866)."""
    end_points: list[ControllerEndpoint] = array_of(ControllerEndpoint)
    features: list[ControllerFeature] = array_of(ControllerFeature)


@message(key=28, versions="0", flexible="0+")
class ClearElrRecord:
    """Forget the eligible leaders of a topic, or of all (KIP-966)."""

    topic_name: str = field(STRING)
    """Empty for all topics."""


MetadataRecord = (
    RegisterBrokerRecord
    | UnregisterBrokerRecord
    | TopicRecord
    | PartitionRecord
    | ConfigRecord
    | PartitionChangeRecord
    | FenceBrokerRecord
    | UnfenceBrokerRecord
    | RemoveTopicRecord
    | DelegationTokenRecord
    | UserScramCredentialRecord
    | FeatureLevelRecord
    | ClientQuotaRecord
    | ProducerIdsRecord
    | BrokerRegistrationChangeRecord
    | AccessControlEntryRecord
    | RemoveAccessControlEntryRecord
    | NoOpRecord
    | ZkMigrationStateRecord
    | RemoveUserScramCredentialRecord
    | BeginTransactionRecord
    | EndTransactionRecord
    | AbortTransactionRecord
    | RemoveDelegationTokenRecord
    | RegisterControllerRecord
    | ClearElrRecord
)
"""Every record that 4.1.1 knows; it refuses a log with another."""

RECORDS: Mapping[int, type[MetadataRecord]] = MappingProxyType(
    {cast("int", message_schema_of(record).key): record for record in get_args(MetadataRecord)}
)
"""The records by key."""


def encode_record(record: MetadataRecord, version: int) -> bytes:
    """Return the value of the log record that carries a metadata record, frame included.

    Raises ValueError when the record has no such version, EncodingError for a field that cannot be written.
    """
    key = cast("int", message_schema_of(type(record)).key)
    return b"".join((uvarint(FRAME_VERSION), uvarint(key), uvarint(version), encode(record, version)))


def decode_record(buffer: Buffer) -> MetadataRecord:
    """Return the metadata record that the value of a log record carries.

    Raises WireError for a frame, key or version that is not known, for malformed bytes and for bytes left over: state
    that cannot be understood must not be skipped. Stricter than Kafka in one point, which
    reads a version above its own as if that had no new fields and so would lose what they say.
    """
    try:
        frame_version, position = read_uvarint(buffer, 0)
        key, position = read_uvarint(buffer, position)
        version, position = read_uvarint(buffer, position)
    except IndexError as error:
        raise WireError("the bytes end inside the frame of a metadata record") from error
    if frame_version != FRAME_VERSION:
        raise WireError(f"frame version {frame_version} of a metadata record is not {FRAME_VERSION}")
    decode, name = _decoder_of(key, version)
    record, end = decode(buffer, position)
    if end != len(buffer):
        raise WireError(f"{len(buffer) - end} bytes are left over", message=name, version=version)
    return record


@cache
def _decoder_of(key: int, version: int) -> tuple[Decoder[MetadataRecord], str]:
    """Return the decoder of a record and the record's name; raises WireError where there is none."""
    record_class = RECORDS.get(key)
    if record_class is None:
        raise WireError(
            f"key {key} is no metadata record that is known here; a newer Apache Kafka may have written it"
        )
    schema = message_schema_of(record_class)
    if version not in schema.versions:
        raise WireError("this version is not known here", message=schema.name, version=version)
    return decoder(record_class, version), schema.name
