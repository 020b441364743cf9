"""Group records."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import BYTES, INT32, INT64, STRING, UUID, array_of, field, message, struct


@message(key=0, versions="0", flexible="none")
class LegacyOffsetCommitKey:
    """LegacyOffsetCommitKey."""

    group: str = field(STRING)
    topic: str = field(STRING)
    partition: int = field(INT32)


@message(key=0, versions="0", flexible="none")
class LegacyOffsetCommitValue:
    """LegacyOffsetCommitValue."""

    offset: int = field(INT64)
    metadata: str = field(STRING)
    commit_timestamp: int = field(INT64)


@message(key=1, versions="0", flexible="none")
class OffsetCommitKey:
    """OffsetCommitKey."""

    group: str = field(STRING)
    topic: str = field(STRING)
    partition: int = field(INT32)


@message(key=1, versions="0-4", flexible="4+")
class OffsetCommitValue:
    """OffsetCommitValue."""

    offset: int = field(INT64)
    leader_epoch: int = field(INT32, versions="3+", default=-1)
    metadata: str = field(STRING)
    commit_timestamp: int = field(INT64)
    expire_timestamp: int = field(INT64, versions="1", default=-1)
    topic_id: Uuid = field(UUID, versions="4+", tag=0, tagged_versions="4+")


@message(key=2, versions="0", flexible="none")
class GroupMetadataKey:
    """GroupMetadataKey."""

    group: str = field(STRING)


@struct
class MemberMetadata:
    """MemberMetadata of GroupMetadataValue."""

    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, versions="3+", nullable="0+", default=None)
    client_id: str = field(STRING)
    client_host: str = field(STRING)
    rebalance_timeout: int = field(INT32, versions="1+", default=-1)
    session_timeout: int = field(INT32)
    subscription: bytes = field(BYTES)
    assignment: bytes = field(BYTES)


@message(key=2, versions="0-4", flexible="4+")
class GroupMetadataValue:
    """GroupMetadataValue."""

    protocol_type: str = field(STRING)
    generation: int = field(INT32)
    protocol: str | None = field(STRING, nullable="0+")
    leader: str | None = field(STRING, nullable="0+")
    current_state_timestamp: int = field(INT64, versions="2+", default=-1)
    members: list[MemberMetadata] = array_of(MemberMetadata)
