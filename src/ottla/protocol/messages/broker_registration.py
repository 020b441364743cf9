"""BrokerRegistration (62), v0-4: a broker enters the cluster (KIP-631)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import (
    BOOL,
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
)


@struct
class RegisteredListener:
    """Where the broker listens."""

    name: str = field(STRING)
    host: str = field(STRING)
    port: int = field(UINT16)
    security_protocol: int = field(INT16)
    """0: PLAINTEXT; 1: SSL; 2: SASL_PLAINTEXT; 3: SASL_SSL."""


@struct
class RegisteredFeature:
    """The levels of a feature that the broker supports."""

    name: str = field(STRING)
    min_supported_version: int = field(INT16)
    max_supported_version: int = field(INT16)


@message(key=62, versions="0-4", flexible="0+")
class BrokerRegistrationRequest:
    """The broker that wants to enter."""

    broker_id: int = field(INT32)
    cluster_id: str = field(STRING)
    incarnation_id: Uuid = field(UUID)
    """A new one for every start of the process."""
    listeners: list[RegisteredListener] = array_of(RegisteredListener)
    features: list[RegisteredFeature] = array_of(RegisteredFeature)
    rack: str | None = field(STRING, nullable="0+")
    """Null where the broker has none."""
    is_migrating_zk_broker: bool = field(BOOL, versions="1+")
    """A remnant of the migration from ZooKeeper (KIP-866)."""
    log_dirs: list[Uuid] = array_of(UUID, versions="2+")
    """Directory ids of its data directories (KIP-858)."""
    previous_broker_epoch: int = field(INT64, versions="3+", default=-1)
    """The epoch before its last clean stop; -1 without one (KIP-966)."""


@message(key=62, versions="0-4", flexible="0+")
class BrokerRegistrationResponse:
    """Whether it is in."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    broker_epoch: int = field(INT64, default=-1)
    """The broker's epoch from now on; -1 when it was refused."""
