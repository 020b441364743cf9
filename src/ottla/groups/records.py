"""The records of `__consumer_offsets` that classic groups need, and the prefixes of key and value.

A key begins with an int16, its type; a value with an int16, its version; a null value deletes. Types that are not known
here belong to other kinds of groups, or to a newer broker, and are skipped on load, as Kafka does (Kafka's
CoordinatorRecordSerde, facts 2.8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct
from types import MappingProxyType
from typing import cast, get_args, overload

from ottla.types import Uuid
from ottla.wire.compiler import decode, encode
from ottla.wire.primitives import Buffer, WireError
from ottla.wire.schema import (
    BYTES,
    INT32,
    INT64,
    STRING,
    UUID,
    array_of,
    field,
    message,
    message_schema_of,
    struct,
)

NO_EXPIRY = -1
"""In place of a timestamp: the offset expires by the broker's rule."""


@message(key=0, versions="0", flexible="none")
class LegacyOffsetCommitKey:
    """The group, topic and partition that an offset belongs to, as brokers before 0.9 wrote it; read like
    OffsetCommitKey.
    """

    group: str = field(STRING)
    topic: str = field(STRING)
    partition: int = field(INT32)


@message(key=0, versions="0", flexible="none")
class LegacyOffsetCommitValue:
    """An offset as brokers before 0.9 wrote it."""

    offset: int = field(INT64)
    metadata: str = field(STRING)
    commit_timestamp: int = field(INT64)
    """In ms."""


@message(key=1, versions="0", flexible="none")
class OffsetCommitKey:
    """The group, topic and partition that an offset belongs to."""

    group: str = field(STRING)
    topic: str = field(STRING)
    partition: int = field(INT32)


@message(key=1, versions="0-4", flexible="4+")
class OffsetCommitValue:
    """A committed offset."""

    offset: int = field(INT64)
    """Offset of the next record that the group will read."""
    leader_epoch: int = field(INT32, versions="3+", default=-1)
    """Leader epoch of the last record read; -1 when unknown (KIP-320)."""
    metadata: str = field(STRING)
    """The consumer's own text."""
    commit_timestamp: int = field(INT64)
    """When it was committed, in ms."""
    expire_timestamp: int = field(INT64, versions="1", default=-1)
    """v1 only: when it expires, in ms, where the client had asked for a retention time; -1 otherwise."""
    topic_id: Uuid = field(UUID, versions="4+", tag=0)
    """Tells a topic from a later one of the same name, from v4 (KIP-848); zero when unknown."""


@message(key=2, versions="0", flexible="none")
class GroupMetadataKey:
    """The classic group that a GroupMetadataValue is about."""

    group: str = field(STRING)


@struct
class MemberMetadata:
    """A member of a classic group."""

    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, versions="3+", nullable="0+", default=None)
    """Null for a dynamic member (KIP-345)."""
    client_id: str = field(STRING)
    client_host: str = field(STRING)
    """Its address as Java prints it: `/127.0.0.1`."""
    rebalance_timeout: int = field(INT32, versions="1+", default=-1)
    """In ms; v0 uses the session timeout."""
    session_timeout: int = field(INT32)
    """In ms."""
    subscription: bytes = field(BYTES)
    """The member's metadata for the chosen protocol."""
    assignment: bytes = field(BYTES)
    """What the leader gave the member."""


@message(key=2, versions="0-4", flexible="4+")
class GroupMetadataValue:
    """A classic group after a rebalance."""

    protocol_type: str = field(STRING)
    """Empty for a group that only has offsets."""
    generation: int = field(INT32)
    protocol: str | None = field(STRING, nullable="0+")
    """The chosen protocol; null without members."""
    leader: str | None = field(STRING, nullable="0+")
    """Member id of the leader; null without members."""
    current_state_timestamp: int = field(INT64, versions="2+", default=-1)
    """When the group came into its state, in ms; offsets of an empty group expire from there. -1 when unknown."""
    members: list[MemberMetadata] = array_of(MemberMetadata)


GroupRecordKey = LegacyOffsetCommitKey | OffsetCommitKey | GroupMetadataKey
GroupRecordValue = LegacyOffsetCommitValue | OffsetCommitValue | GroupMetadataValue


@dataclass(frozen=True, slots=True)
class UnknownKey:
    """The key of a record that is skipped."""

    type: int


_KEYS: Mapping[int, type[GroupRecordKey]] = MappingProxyType(
    {cast("int", message_schema_of(key).key): key for key in get_args(GroupRecordKey)}
)
_VALUES: Mapping[type[GroupRecordKey], type[GroupRecordValue]] = MappingProxyType(
    {_KEYS[cast("int", message_schema_of(value).key)]: value for value in get_args(GroupRecordValue)}
)
_KEY_VERSION = 0
"""Version of the fields of every key; keys never had another."""

_PREFIX = Struct(">h")


def encode_key(key: GroupRecordKey) -> bytes:
    """Return the key of a log record: the type, then the fields.

    Raises EncodingError for a field that cannot be written.
    """
    return _PREFIX.pack(message_schema_of(type(key)).key) + encode(key, _KEY_VERSION)


def encode_value(value: GroupRecordValue) -> bytes:
    """Return the value of a log record: the version that 4.1.1 writes (`value_version`), then the fields.

    Raises EncodingError for a field that cannot be written.
    """
    version = value_version(value)
    return _PREFIX.pack(version) + encode(value, version)


def value_version(value: GroupRecordValue) -> int:
    """Return the version in which Apache Kafka 4.1.1 writes a value.

    Group metadata stays at 3, since 4 only made the fields flexible; an offset is written in 4, or in 1 where it
    carries an expiry, which no later version has (GroupCoordinatorRecordHelpers).
    """
    match value:
        case OffsetCommitValue():
            return 4 if value.expire_timestamp == NO_EXPIRY else 1
        case GroupMetadataValue():
            return 3
        case LegacyOffsetCommitValue():
            return 0


def decode_key(buffer: Buffer) -> GroupRecordKey | UnknownKey:
    """Return the key that a log record carries, or `UnknownKey` for a type that is not known here.

    Bytes behind the fields are ignored, as Kafka does. Raises WireError for malformed bytes.
    """
    key_type = _read_prefix(buffer, "type of a group record")
    key_class = _KEYS.get(key_type)
    if key_class is None:
        return UnknownKey(key_type)
    return decode(key_class, _KEY_VERSION, buffer, _PREFIX.size)[0]


@overload
def decode_value(key: LegacyOffsetCommitKey, buffer: Buffer) -> LegacyOffsetCommitValue: ...
@overload
def decode_value(key: OffsetCommitKey, buffer: Buffer) -> OffsetCommitValue: ...
@overload
def decode_value(key: GroupMetadataKey, buffer: Buffer) -> GroupMetadataValue: ...
def decode_value(key: GroupRecordKey, buffer: Buffer) -> GroupRecordValue:
    """Return the value that belongs to a key.

    Bytes behind the fields are ignored, as Kafka does. Raises WireError for malformed bytes and for a version that is
    not known here: unlike an unknown key, it is state of this coordinator that must not be lost.
    """
    value_class = _VALUES[type(key)]
    schema = message_schema_of(value_class)
    version = _read_prefix(buffer, f"version of {schema.name}")
    if version not in schema.versions:
        raise WireError("this version is not known here", message=schema.name, version=version)
    return decode(value_class, version, buffer, _PREFIX.size)[0]


def _read_prefix(buffer: Buffer, what: str) -> int:
    if len(buffer) < _PREFIX.size:
        raise WireError(f"the bytes end inside the {what}")
    return cast("int", _PREFIX.unpack_from(buffer)[0])
