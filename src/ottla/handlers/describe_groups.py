"""DescribeGroups (15), v0-6: state and members of classic groups.

A group that is not there, or is of another type, is an error from v6 on; before, it is a dead group (KIP-1043).
"""

from __future__ import annotations

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.handlers.authorized_operations import GROUP_OPERATIONS
from ottla.handlers.context import RequestContext
from ottla.protocol.messages.describe_groups import (
    DescribedGroup,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
)

_FIRST_WITH_MISSING_GROUPS = 6


def handle(request: DescribeGroupsRequest, context: RequestContext) -> Completion[DescribeGroupsResponse]:
    """Describe the groups that were asked for."""

    def finish(groups: list[DescribedGroup]) -> DescribeGroupsResponse:
        for group in groups:
            is_missing = group.error_code == ErrorCode.GROUP_ID_NOT_FOUND
            if is_missing and context.api_version < _FIRST_WITH_MISSING_GROUPS:
                group.error_code, group.error_message = ErrorCode.NONE, None
            if request.include_authorized_operations and group.error_code == ErrorCode.NONE:
                group.authorized_operations = GROUP_OPERATIONS
        return DescribeGroupsResponse(groups=groups)

    return context.services.groups.describe_groups(request.groups).map(finish)
