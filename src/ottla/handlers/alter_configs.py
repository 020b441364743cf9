"""AlterConfigs (33), v0-2: the settings of a resource are replaced; a resource is all or nothing (facts 6.2).

For the controller it is IncrementalAlterConfigs with nothing but SET, and with a DELETE for what is not named. Levels
of loggers are not replaced: this request does not know them.
"""

from __future__ import annotations

from ottla.completion import Completion
from ottla.config.alterations import AlterOperation
from ottla.handlers.context import RequestContext
from ottla.protocol.messages import incremental_alter_configs as incremental
from ottla.protocol.messages.alter_configs import (
    AlterConfigsRequest,
    AlterConfigsResource,
    AlterConfigsResourceResponse,
    AlterConfigsResponse,
)


def handle(request: AlterConfigsRequest, context: RequestContext) -> Completion[AlterConfigsResponse]:
    """Replace the settings; the answer comes when the changes are committed."""
    altered = context.services.controller.alter_configs(
        [_settings(resource) for resource in request.resources],
        validate_only=request.validate_only,
        replace=True,
    )
    return altered.map(lambda results: AlterConfigsResponse(responses=[_result(each) for each in results]))


def _settings(resource: AlterConfigsResource) -> incremental.AlterConfigsResource:
    return incremental.AlterConfigsResource(
        resource_type=resource.resource_type,
        resource_name=resource.resource_name,
        configs=[
            incremental.AlterableConfig(
                name=entry.name, config_operation=AlterOperation.SET, value=entry.value
            )
            for entry in resource.configs
        ],
    )


def _result(result: incremental.AlterConfigsResourceResponse) -> AlterConfigsResourceResponse:
    return AlterConfigsResourceResponse(
        error_code=result.error_code,
        error_message=result.error_message,
        resource_type=result.resource_type,
        resource_name=result.resource_name,
    )
