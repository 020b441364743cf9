"""DeleteGroups (42), v0-2: delete groups without members, with their offsets; a group named twice is deleted once."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse


def handle(request: DeleteGroupsRequest, context: RequestContext) -> Completion[DeleteGroupsResponse]:
    """Delete the groups, each with an answer of its own."""
    deleted = context.services.groups.delete_groups(dict.fromkeys(request.groups_names))
    return deleted.map(lambda results: DeleteGroupsResponse(results=results))
