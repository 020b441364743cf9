"""UpdateFeatures (57), v0-2: other finalized levels of the cluster's features (KIP-584, KIP-778)."""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT8, INT16, INT32, STRING, array_of, field, message, struct


@struct
class FeatureUpdateKey:
    """The level that one feature shall have."""

    feature: str = field(STRING)
    max_version_level: int = field(INT16)
    """The new level; 0 takes the feature away."""
    allow_downgrade: bool = field(BOOL, versions="0")
    """Was meant to permit a lower level; 4.1 ignores it."""
    upgrade_type: int = field(INT8, versions="1+", default=1)
    """1: upgrade; 2: safe downgrade; 3: unsafe downgrade."""


@message(key=57, versions="0-2", flexible="0+")
class UpdateFeaturesRequest:
    """The new levels."""

    timeout_ms: int = field(INT32, default=60000)
    """Longest wait for the controller."""
    feature_updates: list[FeatureUpdateKey] = array_of(FeatureUpdateKey)
    validate_only: bool = field(BOOL, versions="1+", default=False)
    """Only tell whether it could be done."""


@struct
class UpdatableFeatureResult:
    """What came of one feature."""

    feature: str = field(STRING)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")


@message(key=57, versions="0-2", flexible="0+")
class UpdateFeaturesResponse:
    """What came of it: all levels were set, or none."""

    throttle_time_ms: int = field(INT32)
    error_code: int = field(INT16)
    error_message: str | None = field(STRING, nullable="0+")
    """Null where there is no error."""
    results: list[UpdatableFeatureResult] = array_of(UpdatableFeatureResult, versions="0-1")
    """Up to v1, and empty when there is an error."""
