"""UpdateFeatures (57), v0-2: other finalized levels of the cluster's features (KIP-584, KIP-778, KIP-1022).

All levels are set, or none: one that cannot be fails the whole request, with its text. Only a success of the older
versions has results for each feature.
"""

from __future__ import annotations

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.update_features import (
    UpdatableFeatureResult,
    UpdateFeaturesRequest,
    UpdateFeaturesResponse,
)

_LAST_WITH_RESULTS = 1
_NO_ERROR_TEXT = "NONE"
"""What Kafka says beside a feature that was updated."""


def handle(request: UpdateFeaturesRequest, context: RequestContext) -> Completion[UpdateFeaturesResponse]:
    """Set levels, or only tell whether they could be set."""

    def respond(refusal: KafkaError | None) -> UpdateFeaturesResponse:
        if refusal is not None:
            return UpdateFeaturesResponse(
                error_code=refusal.code,
                error_message=(
                    "The update failed for all features since the following feature had an error: "
                    f"{refusal.text}"
                ),
            )
        response = UpdateFeaturesResponse(error_code=ErrorCode.NONE, error_message=None)
        if context.api_version <= _LAST_WITH_RESULTS:
            response.results = [
                UpdatableFeatureResult(feature=update.feature, error_message=_NO_ERROR_TEXT)
                for update in request.feature_updates
            ]
        return response

    updated = context.services.controller.update_features(
        request.feature_updates, validate_only=request.validate_only
    )
    return updated.map(respond)
