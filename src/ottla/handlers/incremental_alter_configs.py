"""IncrementalAlterConfigs (44), v0-1: changes of overrides; a resource is all or nothing (facts 6.2)."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.incremental_alter_configs import (
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)


def handle(
    request: IncrementalAlterConfigsRequest, context: RequestContext
) -> Completion[IncrementalAlterConfigsResponse]:
    """Change the overrides; the answer comes when the changes are committed."""
    altered = context.services.controller.alter_configs(
        request.resources, validate_only=request.validate_only, replace=False
    )
    return altered.map(lambda results: IncrementalAlterConfigsResponse(responses=results))
