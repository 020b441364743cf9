"""AlterClientQuotas (49), v0-1: quotas of users, client ids and addresses; an entity is all or nothing (KIP-546)."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.coordination.host_names import find_unknown_hosts
from ottla.handlers.context import RequestContext
from ottla.metadata.alter_client_quotas_plan import host_names
from ottla.protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
)


def handle(
    request: AlterClientQuotasRequest, context: RequestContext
) -> Completion[AlterClientQuotasResponse]:
    """Change the quotas; the answer comes when the changes are committed."""
    services = context.services
    altered = find_unknown_hosts(host_names(request.entries), services.tasks).then(
        lambda unknown_hosts: services.controller.alter_client_quotas(
            request.entries, unknown_hosts, validate_only=request.validate_only
        )
    )
    return altered.map(lambda results: AlterClientQuotasResponse(entries=results))
