"""ApiVersions (18), v0-4: what this node can do.

Allowed before a client has authenticated. A version that is too new is answered in v0 with UNSUPPORTED_VERSION and the
range that is known, and every response has header v0, so that any client can read it (KIP-511).
"""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT16, INT32, INT64, STRING, array_of, field, message, struct


@message(key=18, versions="0-4", flexible="3+")
class ApiVersionsRequest:
    """Who asks, from v3 (KIP-511)."""

    client_software_name: str = field(STRING, versions="3+")
    """Letters, digits, dots and dashes, with a letter or digit at both ends; INVALID_REQUEST otherwise."""
    client_software_version: str = field(STRING, versions="3+")
    """The same."""


@struct
class ApiVersion:
    """The versions of one API."""

    api_key: int = field(INT16)
    min_version: int = field(INT16)
    max_version: int = field(INT16)


@struct
class SupportedFeatureKey:
    """A feature and the levels that this node supports (KIP-584)."""

    name: str = field(STRING)
    min_version: int = field(INT16)
    """Features that start at 0 are left out before v4."""
    max_version: int = field(INT16)


@struct
class FinalizedFeatureKey:
    """A feature and the level that the cluster has agreed on."""

    name: str = field(STRING)
    max_version_level: int = field(INT16)
    min_version_level: int = field(INT16)


@message(key=18, versions="0-4", flexible="3+")
class ApiVersionsResponse:
    """APIs and features."""

    error_code: int = field(INT16)
    api_keys: list[ApiVersion] = array_of(ApiVersion)
    throttle_time_ms: int = field(INT32, versions="1+")
    supported_features: list[SupportedFeatureKey] = array_of(SupportedFeatureKey, versions="3+", tag=0)
    finalized_features_epoch: int = field(INT64, versions="3+", default=-1, tag=1)
    """Metadata offset at which `finalized_features` held; -1 when unknown."""
    finalized_features: list[FinalizedFeatureKey] = array_of(FinalizedFeatureKey, versions="3+", tag=2)
    zk_migration_ready: bool = field(BOOL, versions="3+", tag=3)
    """A remnant of the migration from ZooKeeper (KIP-866); false."""
