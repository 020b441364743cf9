"""CreateDelegationToken (38), v1-3: refused, since every listener is PLAINTEXT."""

from __future__ import annotations

from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.context import RequestContext
from ottla.handlers.delegation_tokens import ANONYMOUS, NO_TIMESTAMP, NOT_ALLOWED, USER_TYPE
from ottla.protocol.messages.create_delegation_token import (
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)


def handle(
    request: CreateDelegationTokenRequest,
    _context: RequestContext,
) -> CreateDelegationTokenResponse:
    """Refuse the token, and say whose it would have been.

    Raises KafkaError for an owner with a name and no type, of which Kafka cannot make a principal.
    """
    owner_type, owner_name = USER_TYPE, ANONYMOUS
    if request.owner_principal_name:
        if request.owner_principal_type is None:
            raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
        owner_type, owner_name = request.owner_principal_type, request.owner_principal_name
    return refused(NOT_ALLOWED, owner_type, owner_name)


def refused(
    code: ErrorCode, owner_type: str = USER_TYPE, owner_name: str = ANONYMOUS
) -> CreateDelegationTokenResponse:
    """Return the answer without a token."""
    return CreateDelegationTokenResponse(
        error_code=code,
        principal_type=owner_type,
        principal_name=owner_name,
        token_requester_principal_type=USER_TYPE,
        token_requester_principal_name=ANONYMOUS,
        issue_timestamp_ms=NO_TIMESTAMP,
        expiry_timestamp_ms=NO_TIMESTAMP,
        max_timestamp_ms=NO_TIMESTAMP,
    )
