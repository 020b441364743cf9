"""ListGroups (16), v0-5: the groups that this node coordinates, filtered by state (v4) and type (v5)."""

from __future__ import annotations

from ottla.completion import Completion
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse


def handle(request: ListGroupsRequest, context: RequestContext) -> Completion[ListGroupsResponse]:
    """List the groups; a partition of the offsets topic that is still loading fails the whole answer."""
    listed = context.services.groups.list_groups(request.states_filter, request.types_filter)
    return listed.map(lambda groups: ListGroupsResponse(groups=groups))
