"""ControllerRegistration (70), v0: a controller makes itself known (KIP-919)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import BOOL, INT16, INT32, STRING, UINT16, UUID, array_of, field, message, struct


@struct
class ControllerListener:
    """Where the controller listens."""

    name: str = field(STRING)
    host: str = field(STRING)
    port: int = field(UINT16)
    security_protocol: int = field(INT16)
    """0: PLAINTEXT; 1: SSL; 2: SASL_PLAINTEXT; 3: SASL_SSL."""


@struct
class ControllerFeature:
    """The levels of a feature that the controller supports."""

    name: str = field(STRING)
    min_supported_version: int = field(INT16)
    max_supported_version: int = field(INT16)


@message(key=70, versions="0", flexible="0+")
class ControllerRegistrationRequest:
    """The controller."""

    controller_id: int = field(INT32)
    incarnation_id: Uuid = field(UUID)
    """A new one for every start of the process."""
    zk_migration_ready: bool = field(BOOL)
    """A remnant of the migration from ZooKeeper (KIP-866)."""
    listeners: list[ControllerListener] = array_of(ControllerListener)
    features: list[ControllerFeature] = array_of(ControllerFeature)


@message(key=70, versions="0", flexible="0+")
class ControllerRegistrationResponse:
    """Whether it is known now."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Empty where there is no error."""
