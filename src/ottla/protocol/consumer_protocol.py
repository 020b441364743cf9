"""What the members of a classic consumer group tell each other through JoinGroup and SyncGroup.

The bytes begin with an int16 version, then come the fields of that version. To a coordinator they are opaque; it looks
into subscriptions only to learn which topics a group still uses (facts 2.8).
"""

from __future__ import annotations

from ottla.wire.compiler import decode
from ottla.wire.primitives import Buffer, WireError
from ottla.wire.schema import BYTES, INT32, STRING, array_of, field, message, struct

_VERSION_SIZE_BYTES = 2
_COMMON_VERSION = 0
"""Every version begins with the fields of this one, newer ones than are known here included."""


@struct
class TopicPartition:
    """The partitions of one topic."""

    topic: str = field(STRING)
    partitions: list[int] = array_of(INT32)


@message(versions="0-3", flexible="none")
class ConsumerProtocolSubscription:
    """What a member wants, as its leader needs to know it."""

    topics: list[str] = array_of(STRING)
    user_data: bytes | None = field(BYTES, nullable="0+", default=None)
    """The assignor's own; null when it has none."""
    owned_partitions: list[TopicPartition] = array_of(TopicPartition, versions="1+")
    """What the member holds, from v1 (KIP-429)."""
    generation_id: int = field(INT32, versions="2+", default=-1)
    """Generation in which it came to hold them, from v2; -1 when unknown."""
    rack_id: str | None = field(STRING, versions="3+", nullable="0+", default=None)
    """From v3 (KIP-881); null when unknown."""


@message(versions="0-3", flexible="none")
class ConsumerProtocolAssignment:
    """What a member gets."""

    assigned_partitions: list[TopicPartition] = array_of(TopicPartition)
    user_data: bytes | None = field(BYTES, nullable="0+", default=None)
    """The assignor's own; null when it has none."""


def subscribed_topics(metadata: Buffer) -> list[str]:
    """Return the topics that the metadata of a group's member subscribes to, whatever its version.

    Raises WireError when the bytes are no subscription; members may send what they like.
    """
    if len(metadata) < _VERSION_SIZE_BYTES:
        raise WireError("the bytes end inside the version of ConsumerProtocolSubscription")
    return decode(ConsumerProtocolSubscription, _COMMON_VERSION, metadata, _VERSION_SIZE_BYTES)[0].topics
