"""RemoveRaftVoter (81), v0: a voter less for the metadata quorum (KIP-853)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import INT16, INT32, STRING, UUID, field, message


@message(key=81, versions="0", flexible="0+")
class RemoveRaftVoterRequest:
    """The voter that is to go."""

    cluster_id: str | None = field(STRING, nullable="0+")
    """Null where it is not to be checked."""
    voter_id: int = field(INT32)
    voter_directory_id: Uuid = field(UUID)


@message(key=81, versions="0", flexible="0+")
class RemoveRaftVoterResponse:
    """Whether it has gone."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error."""
