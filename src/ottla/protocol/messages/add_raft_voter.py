"""AddRaftVoter (80), v0: one more voter for the metadata quorum (KIP-853)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import INT16, INT32, STRING, UINT16, UUID, array_of, field, message, struct


@struct
class VoterListener:
    """Where the voter listens."""

    name: str = field(STRING)
    host: str = field(STRING)
    port: int = field(UINT16)


@message(key=80, versions="0", flexible="0+")
class AddRaftVoterRequest:
    """The new voter."""

    cluster_id: str | None = field(STRING, nullable="0+")
    """Null where it is not to be checked."""
    timeout_ms: int = field(INT32)
    voter_id: int = field(INT32)
    voter_directory_id: Uuid = field(UUID)
    listeners: list[VoterListener] = array_of(VoterListener)


@message(key=80, versions="0", flexible="0+")
class AddRaftVoterResponse:
    """Whether it votes now."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error."""
