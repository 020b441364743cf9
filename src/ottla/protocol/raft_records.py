"""Raft records."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import (
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
    struct_of,
)


@struct
class Voter:
    """Voter of LeaderChangeMessage."""

    voter_id: int = field(INT32)
    voter_directory_id: Uuid = field(UUID, versions="1+")


@message(versions="0-1", flexible="0+")
class LeaderChangeMessage:
    """LeaderChangeMessage."""

    version: int = field(INT16)
    leader_id: int = field(INT32)
    voters: list[Voter] = array_of(Voter)
    granting_voters: list[Voter] = array_of(Voter)


@message(versions="0", flexible="0+")
class SnapshotHeaderRecord:
    """SnapshotHeaderRecord."""

    version: int = field(INT16)
    last_contained_log_timestamp: int = field(INT64)


@message(versions="0", flexible="0+")
class SnapshotFooterRecord:
    """SnapshotFooterRecord."""

    version: int = field(INT16)


@message(versions="0", flexible="0+")
class KRaftVersionRecord:
    """KRaftVersionRecord."""

    version: int = field(INT16)
    kraft_version: int = field(INT16, kafka_name="KRaftVersion")


@struct
class Endpoint:
    """Endpoint of VotersRecord."""

    name: str = field(STRING)
    host: str = field(STRING)
    port: int = field(UINT16)


@struct
class KRaftVersionFeature:
    """KRaftVersionFeature of VotersRecord."""

    min_supported_version: int = field(INT16)
    max_supported_version: int = field(INT16)


@struct
class VotersRecordVoter:
    """Voter of VotersRecord."""

    voter_id: int = field(INT32)
    voter_directory_id: Uuid = field(UUID)
    endpoints: list[Endpoint] = array_of(Endpoint)
    kraft_version_feature: KRaftVersionFeature = struct_of(
        KRaftVersionFeature, kafka_name="KRaftVersionFeature"
    )


@message(versions="0", flexible="0+")
class VotersRecord:
    """VotersRecord."""

    version: int = field(INT16)
    voters: list[VotersRecordVoter] = array_of(VotersRecordVoter)
