"""ApiVersions (18), v0-4: what this listener serves, in which versions, and the features of the cluster.

A version that is not known is answered with UNSUPPORTED_VERSION and the one row that the client needs to ask again
(facts 7.3); the dispatcher writes that answer in v0.
"""

from __future__ import annotations

import re

from ottla.errors import ErrorCode
from ottla.handlers.context import RequestContext
from ottla.metadata.aspects.features import KRAFT_VERSION, SUPPORTED_FEATURES
from ottla.metadata.image import ClusterImage
from ottla.protocol.api import APIS, ApiKey
from ottla.protocol.messages.api_versions import (
    ApiVersion,
    ApiVersionsRequest,
    ApiVersionsResponse,
    FinalizedFeatureKey,
    SupportedFeatureKey,
)

_SOFTWARE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?", re.ASCII)
_FIRST_WITH_SOFTWARE = 3
_FIRST_WITH_ZERO_MINIMUM = 4
"""Java clients before this version fail on a feature whose lowest level is 0."""


def handle(request: ApiVersionsRequest, context: RequestContext) -> ApiVersionsResponse:
    """List the served APIs of this listener and the features."""
    version = context.api_version
    own = APIS[ApiKey.API_VERSIONS]
    if not own.min_version <= version <= own.max_version:
        row = ApiVersion(api_key=own.key, min_version=own.min_version, max_version=own.max_version)
        return ApiVersionsResponse(error_code=ErrorCode.UNSUPPORTED_VERSION, api_keys=[row])
    if version >= _FIRST_WITH_SOFTWARE and not (
        _SOFTWARE.fullmatch(request.client_software_name)
        and _SOFTWARE.fullmatch(request.client_software_version)
    ):
        return ApiVersionsResponse(error_code=ErrorCode.INVALID_REQUEST)
    listener = "controller" if context.listener_is_controller else "broker"
    image = context.services.image()
    return ApiVersionsResponse(
        api_keys=[
            ApiVersion(
                api_key=api.key,
                min_version=api.min_version
                if api.advertised_min_version is None
                else api.advertised_min_version,
                max_version=api.max_version,
            )
            for api in APIS.values()
            if api.served and api.is_advertised and listener in api.listeners
        ],
        supported_features=[
            SupportedFeatureKey(name=feature.name, min_version=feature.minimum, max_version=feature.maximum)
            for feature in SUPPORTED_FEATURES
            if feature.minimum > 0 or version >= _FIRST_WITH_ZERO_MINIMUM
        ],
        finalized_features_epoch=image.offset,
        finalized_features=[
            FinalizedFeatureKey(name=name, min_version_level=level, max_version_level=level)
            for name, level in _finalized_levels(context, image).items()
        ],
    )


def _finalized_levels(context: RequestContext, image: ClusterImage) -> dict[str, int]:
    """Return the levels above 0: those of the image, and that of the quorum, which the log says in its own way."""
    levels = dict(image.features.levels)
    kraft_version = context.services.quorum.kraft_version
    if kraft_version > 0:
        levels[KRAFT_VERSION] = kraft_version
    return levels
