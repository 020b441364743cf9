"""Small values that every layer shares: identifiers, topic partitions and the hash that spreads keys.

An identifier (Kafka's `Uuid`) is 16 raw bytes; its text form is 22 characters of unpadded base64url.
"""

from __future__ import annotations

import base64
import binascii
import os
from functools import lru_cache
from typing import NamedTuple, NewType

Uuid = NewType("Uuid", bytes)
"""16 bytes, big-endian, as on the wire and on disk."""

ZERO_UUID = Uuid(bytes(16))
METADATA_TOPIC_ID = Uuid(bytes(15) + b"\x01")
"""Topic id of `__cluster_metadata`, fixed by Kafka (Uuid.METADATA_TOPIC_ID)."""

UNASSIGNED_DIRECTORY_ID = ZERO_UUID
LOST_DIRECTORY_ID = METADATA_TOPIC_ID
"""Directory ids below 100 are reserved by Kafka (KIP-858); 0 is unassigned and 1 is lost."""

CONSUMER_OFFSETS_TOPIC = "__consumer_offsets"
TRANSACTION_STATE_TOPIC = "__transaction_state"
SHARE_GROUP_STATE_TOPIC = "__share_group_state"
CLUSTER_METADATA_TOPIC = "__cluster_metadata"

INTERNAL_TOPICS = frozenset({CONSUMER_OFFSETS_TOPIC, TRANSACTION_STATE_TOPIC, SHARE_GROUP_STATE_TOPIC})
"""Topics that Metadata marks as internal; `__cluster_metadata` is not visible to clients at all."""

REMEMBERED_KEYS = 4096
LONGEST_REMEMBERED_KEY = 256
"""Group ids whose partition is remembered: those of most clusters, in at most 4 MB."""

_RESERVED_PREFIX = bytes(15)
_RESERVED_IDS = 100


class TopicPartition(NamedTuple):
    """A topic name and a partition number; prints as Kafka prints it, `topic-0`."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}"


def random_uuid() -> Uuid:
    """Return a random version 4 identifier that Kafka would accept as its own.

    Kafka avoids reserved values and text that starts with a dash, which command lines take for an option.
    """
    while True:
        raw = bytearray(os.urandom(16))
        raw[6] = (raw[6] & 0x0F) | 0x40
        raw[8] = (raw[8] & 0x3F) | 0x80
        candidate = Uuid(bytes(raw))
        if not is_reserved_uuid(candidate) and not uuid_to_text(candidate).startswith("-"):
            return candidate


def is_reserved_uuid(value: Uuid) -> bool:
    """Tell whether Kafka keeps this value for itself (the first hundred numbers)."""
    return value[:15] == _RESERVED_PREFIX and value[15] < _RESERVED_IDS


def uuid_to_text(value: Uuid) -> str:
    """Return the 22 characters that Kafka prints for an identifier."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def uuid_from_text(text: str) -> Uuid:
    """Parse Kafka's text form of an identifier.

    Raises ValueError when the text is not base64url or does not hold exactly 16 bytes.
    """
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error) as error:
        raise ValueError(f"{text!r} is not an identifier: 22 base64url characters are expected") from error
    if len(raw) != 16:
        raise ValueError(f"{text!r} holds {len(raw)} bytes; an identifier has 16")
    return Uuid(raw)


def java_string_hash(text: str) -> int:
    """Return Java's `String.hashCode` as a signed 32-bit number, over UTF-16 code units."""
    units = text.encode("utf-16-be", "surrogatepass")
    value = 0
    for index in range(0, len(units), 2):
        value = (value * 31 + (units[index] << 8 | units[index + 1])) & 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value


@lru_cache(maxsize=REMEMBERED_KEYS)
def _remembered_hash(key: str) -> int:
    """Return the hash of a key that comes again with every heartbeat and commit; to work it out takes 4 us."""
    return java_string_hash(key)


def coordinator_partition(key: str, partition_count: int) -> int:
    """Return the partition of an internal topic that a group or transactional id belongs to.

    Kafka takes `abs(hash) % count`, with the most negative hash counted as 0 (facts 2.8).
    """
    value = _remembered_hash(key) if len(key) <= LONGEST_REMEMBERED_KEY else java_string_hash(key)
    return 0 if value == -(1 << 31) else abs(value) % partition_count
