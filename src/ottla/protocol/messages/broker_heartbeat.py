"""BrokerHeartbeat (63), v0-1: a registered broker lives, and says in which state it wants to be (KIP-631)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import BOOL, INT16, INT32, INT64, UUID, array_of, field, message


@message(key=63, versions="0-1", flexible="0+")
class BrokerHeartbeatRequest:
    """What the broker says about itself."""

    broker_id: int = field(INT32)
    broker_epoch: int = field(INT64, default=-1)
    current_metadata_offset: int = field(INT64)
    """How much of the metadata log it has applied."""
    want_fence: bool = field(BOOL)
    want_shut_down: bool = field(BOOL)
    offline_log_dirs: list[Uuid] = array_of(UUID, versions="1+", tag=0)
    """Directories that failed (KIP-858)."""


@message(key=63, versions="0-1", flexible="0+")
class BrokerHeartbeatResponse:
    """The state that the broker is in."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    is_caught_up: bool = field(BOOL, default=False)
    """Whether it has applied its own registration."""
    is_fenced: bool = field(BOOL, default=True)
    should_shut_down: bool = field(BOOL)
