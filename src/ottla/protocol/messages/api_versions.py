"""ApiVersions (18), v0-4: request and response."""

from __future__ import annotations

from ottla.wire.schema import BOOL, INT16, INT32, INT64, STRING, array_of, field, message, struct


@message(key=18, versions="0-4", flexible="3+")
class ApiVersionsRequest:
    """ApiVersionsRequest."""

    client_software_name: str = field(STRING, versions="3+")
    client_software_version: str = field(STRING, versions="3+")


@struct
class ApiVersion:
    """ApiVersion of ApiVersionsResponse."""

    api_key: int = field(INT16)
    min_version: int = field(INT16)
    max_version: int = field(INT16)


@struct
class SupportedFeatureKey:
    """SupportedFeatureKey of ApiVersionsResponse."""

    name: str = field(STRING)
    min_version: int = field(INT16)
    max_version: int = field(INT16)


@struct
class FinalizedFeatureKey:
    """FinalizedFeatureKey of ApiVersionsResponse."""

    name: str = field(STRING)
    max_version_level: int = field(INT16)
    min_version_level: int = field(INT16)


@message(key=18, versions="0-4", flexible="3+")
class ApiVersionsResponse:
    """ApiVersionsResponse."""

    error_code: int = field(INT16)
    api_keys: list[ApiVersion] = array_of(ApiVersion)
    throttle_time_ms: int = field(INT32, versions="1+")
    supported_features: list[SupportedFeatureKey] = array_of(
        SupportedFeatureKey, versions="3+", tag=0, tagged_versions="3+"
    )
    finalized_features_epoch: int = field(INT64, versions="3+", default=-1, tag=1, tagged_versions="3+")
    finalized_features: list[FinalizedFeatureKey] = array_of(
        FinalizedFeatureKey, versions="3+", tag=2, tagged_versions="3+"
    )
    zk_migration_ready: bool = field(BOOL, versions="3+", tag=3, tagged_versions="3+")
