"""IncrementalAlterConfigs (44), v0-1: changes of settings; a resource is all or nothing (facts 6.2).

What is stored goes to the controller; the levels of loggers change in this process, before that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ottla.completion import Completion
from ottla.errors import KafkaError
from ottla.handlers.broker_loggers import alter_loggers
from ottla.handlers.context import RequestContext
from ottla.metadata.alter_configs_plan import repeated_resource
from ottla.metadata.aspects.configs import ResourceType
from ottla.protocol.messages.incremental_alter_configs import (
    AlterConfigsResource,
    AlterConfigsResourceResponse,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)


def handle(
    request: IncrementalAlterConfigsRequest, context: RequestContext
) -> Completion[IncrementalAlterConfigsResponse] | IncrementalAlterConfigsResponse:
    """Change the settings; the answer comes when the changes are committed."""
    loggers = [each for each in request.resources if each.resource_type == ResourceType.BROKER_LOGGER]
    others = [each for each in request.resources if each.resource_type != ResourceType.BROKER_LOGGER]
    results = _alter_loggers(loggers, context, validate_only=request.validate_only)
    if loggers and not others:
        return IncrementalAlterConfigsResponse(responses=results)
    altered = context.services.controller.alter_configs(
        others, validate_only=request.validate_only, replace=False
    )
    return altered.map(
        lambda stored: IncrementalAlterConfigsResponse(
            responses=_in_order(request.resources, results, stored)
        )
    )


def _alter_loggers(
    resources: list[AlterConfigsResource], context: RequestContext, *, validate_only: bool
) -> list[AlterConfigsResourceResponse]:
    times = Counter(each.resource_name for each in resources)
    results = []
    for resource in resources:
        result = AlterConfigsResourceResponse(
            resource_type=resource.resource_type, resource_name=resource.resource_name, error_message=None
        )
        try:
            if times[resource.resource_name] > 1:
                raise repeated_resource()
            alter_loggers(
                context.services.levels, resource, context.services.node_id, validate_only=validate_only
            )
        except KafkaError as error:
            result.error_code, result.error_message = error.code, error.message
        results.append(result)
    return results


def _in_order(
    resources: list[AlterConfigsResource],
    loggers: Iterable[AlterConfigsResourceResponse],
    stored: Iterable[AlterConfigsResourceResponse],
) -> list[AlterConfigsResourceResponse]:
    """Put the results of both kinds in the order of the request."""
    told, kept = iter(loggers), iter(stored)
    return [
        next(told) if each.resource_type == ResourceType.BROKER_LOGGER else next(kept) for each in resources
    ]
