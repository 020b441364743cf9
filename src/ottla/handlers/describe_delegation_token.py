"""DescribeDelegationToken (41), v1-3: refused, since every listener is PLAINTEXT."""

from __future__ import annotations

from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.context import RequestContext
from ottla.handlers.delegation_tokens import NOT_ALLOWED
from ottla.protocol.messages.describe_delegation_token import (
    DescribeDelegationTokenRequest,
    DescribeDelegationTokenResponse,
)


def handle(
    _request: DescribeDelegationTokenRequest,
    context: RequestContext,
) -> DescribeDelegationTokenResponse:
    """Refuse whoever's tokens they are.

    Raises KafkaError on the controller listener, where Kafka lists this API and does not know it.
    """
    if context.listener_is_controller:
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
    return DescribeDelegationTokenResponse(error_code=NOT_ALLOWED)
