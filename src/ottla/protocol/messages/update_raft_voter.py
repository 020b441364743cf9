"""UpdateRaftVoter (82), v0: a voter of the metadata quorum has new listeners or versions (KIP-853)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import (
    INT16,
    INT32,
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
class VoterListener:
    """Where the voter listens."""

    name: str = field(STRING)
    host: str = field(STRING)
    port: int = field(UINT16)


@struct
class KRaftVersionFeature:
    """The levels of kraft.version that the voter supports."""

    min_supported_version: int = field(INT16)
    max_supported_version: int = field(INT16)


@message(key=82, versions="0", flexible="0+")
class UpdateRaftVoterRequest:
    """What is new about the voter."""

    cluster_id: str | None = field(STRING, nullable="0+")
    current_leader_epoch: int = field(INT32)
    voter_id: int = field(INT32)
    voter_directory_id: Uuid = field(UUID)
    listeners: list[VoterListener] = array_of(VoterListener)
    kraft_version_feature: KRaftVersionFeature = struct_of(
        KRaftVersionFeature, kafka_name="kRaftVersionFeature"
    )


@struct
class CurrentLeader:
    """Who leads, and where it listens."""

    leader_id: int = field(INT32, default=-1)
    """-1 when unknown."""
    leader_epoch: int = field(INT32, default=-1)
    host: str = field(STRING)
    port: int = field(INT32)


@message(key=82, versions="0", flexible="0+")
class UpdateRaftVoterResponse:
    """Whether it was taken note of."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    current_leader: CurrentLeader | None = struct_of(CurrentLeader, default=None, tag=0)
    """None where it is not sent."""
