"""The records of a shard: what it appends to its partition of `__consumer_offsets` and what it reads back.

The log's other contents, records of the newer group types and transaction markers, have their own small classes so
that a machine can skip or apply them.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from ottla.groups.records import (
    GroupMetadataKey,
    GroupMetadataValue,
    GroupRecordKey,
    LegacyOffsetCommitKey,
    LegacyOffsetCommitValue,
    OffsetCommitKey,
    OffsetCommitValue,
    UnknownKey,
    decode_key,
    decode_value,
    encode_key,
    encode_value,
)

NO_PRODUCER_ID = -1

FOREIGN_GROUP_TYPES: Mapping[int, str] = MappingProxyType({3: "consumer", 11: "share", 17: "streams"})
"""Key types that carry the epoch of a group, which is there as long as its group is (facts 2.8)."""

_GROUP_ID_LENGTH = Struct(">hh")

_FIXED_BYTES = 192
"""More than the numbers, lengths and prefixes of any record, or of one member in it, and than a batch's header."""

_MOST_BYTES_OF_A_CHARACTER = 4
"""In UTF-8."""


class OffsetRecord(NamedTuple):
    """An offset was committed, or removed when `value` is None."""

    key: OffsetCommitKey
    value: OffsetCommitValue | None
    producer_id: int = NO_PRODUCER_ID
    """Whose transaction the commit waits for; NO_PRODUCER_ID for a plain commit."""


class ClassicGroupRecord(NamedTuple):
    """A classic group after a rebalance, or removed when `value` is None."""

    key: GroupMetadataKey
    value: GroupMetadataValue | None


class TransactionMarker(NamedTuple):
    """A producer's transaction ended in this partition."""

    producer_id: int
    committed: bool


class ForeignRecord(NamedTuple):
    """A record of a group type that is not served here."""

    key_type: int
    group_id: str | None
    """The key's first field in every type so far; None where the bytes are something else."""
    is_removal: bool


ShardRecord: TypeAlias = OffsetRecord | ClassicGroupRecord | TransactionMarker | ForeignRecord


def encode_record(record: ShardRecord) -> tuple[bytes, bytes | None]:
    """Return key and value as the log stores them; a removal has no value."""
    assert isinstance(record, OffsetRecord | ClassicGroupRecord), "only own records are appended"
    return encode_key(record.key), None if record.value is None else encode_value(record.value)


def size_bound_bytes(record: OffsetRecord | ClassicGroupRecord) -> int:
    """Return what a record takes in a batch at most, in bytes, without encoding it."""
    if isinstance(record, OffsetRecord):
        metadata = "" if record.value is None else record.value.metadata
        texts = len(record.key.group) + len(record.key.topic) + len(metadata)
        return _FIXED_BYTES + _MOST_BYTES_OF_A_CHARACTER * texts
    size = _FIXED_BYTES + _MOST_BYTES_OF_A_CHARACTER * len(record.key.group)
    if record.value is None:
        return size
    group = record.value
    texts = len(group.protocol_type) + len(group.protocol or "") + len(group.leader or "")
    for member in group.members:
        texts += len(member.member_id) + len(member.group_instance_id or "")
        texts += len(member.client_id) + len(member.client_host)
        size += _FIXED_BYTES + len(member.subscription) + len(member.assignment)
    return size + _MOST_BYTES_OF_A_CHARACTER * texts


def decode_record(key: bytes | None, value: bytes | None, producer_id: int) -> ShardRecord | None:
    """Return the record that key and value hold; None for one without a key, which compacted topics cannot have.

    Raises WireError for malformed bytes and for a version that is not known here.
    """
    if key is None:
        return None
    group_key: GroupRecordKey | UnknownKey = decode_key(key)
    if isinstance(group_key, UnknownKey):
        return ForeignRecord(group_key.type, _group_id_of(key), value is None)
    if isinstance(group_key, GroupMetadataKey):
        return ClassicGroupRecord(group_key, None if value is None else decode_value(group_key, value))
    if isinstance(group_key, LegacyOffsetCommitKey):
        legacy = None if value is None else decode_value(group_key, value)
        return OffsetRecord(
            OffsetCommitKey(group=group_key.group, topic=group_key.topic, partition=group_key.partition),
            None if legacy is None else _modern(legacy),
            producer_id,
        )
    return OffsetRecord(group_key, None if value is None else decode_value(group_key, value), producer_id)


def _modern(legacy: LegacyOffsetCommitValue) -> OffsetCommitValue:
    return OffsetCommitValue(
        offset=legacy.offset, metadata=legacy.metadata, commit_timestamp=legacy.commit_timestamp
    )


def _group_id_of(key: bytes) -> str | None:
    if len(key) < _GROUP_ID_LENGTH.size:
        return None
    _, length = _GROUP_ID_LENGTH.unpack_from(key)
    text = key[_GROUP_ID_LENGTH.size : _GROUP_ID_LENGTH.size + max(length, 0)]
    try:
        return text.decode("utf-8") if len(text) == length else None
    except UnicodeDecodeError:
        return None
