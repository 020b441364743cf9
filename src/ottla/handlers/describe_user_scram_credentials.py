"""DescribeUserScramCredentials (50), v0: mechanisms and iterations of users' credentials, never a secret (KIP-554).

The rules and texts are those of Kafka's ScramImage.
"""

from __future__ import annotations

from collections import Counter

from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.context import RequestContext
from ottla.metadata.aspects.scram_credentials import ScramCredentialsImage
from ottla.protocol.messages.describe_user_scram_credentials import (
    CredentialInfo,
    DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResponse,
    DescribeUserScramCredentialsResult,
)


def handle(
    request: DescribeUserScramCredentialsRequest, context: RequestContext
) -> DescribeUserScramCredentialsResponse:
    """Describe the credentials of the users that are asked for, of all where none is.

    Raises KafkaError on the controller listener, where Kafka lists this API and does not know it.
    """
    if context.listener_is_controller:
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
    credentials = context.services.image().scram_credentials
    times = Counter(user.name for user in request.users or [])
    return DescribeUserScramCredentialsResponse(
        results=[
            _describe(credentials, user, is_asked_once=times[user] <= 1)
            for user in (times or credentials.by_user)
        ],
    )


def _describe(
    credentials: ScramCredentialsImage, user: str, *, is_asked_once: bool
) -> DescribeUserScramCredentialsResult:
    found = credentials.of(user)
    if not is_asked_once:
        return DescribeUserScramCredentialsResult(
            user=user,
            error_code=ErrorCode.DUPLICATE_RESOURCE,
            error_message="Cannot describe SCRAM credentials for the same user twice in a single request: "
            + user,
        )
    if not found:
        return DescribeUserScramCredentialsResult(
            user=user,
            error_code=ErrorCode.RESOURCE_NOT_FOUND,
            error_message=f"Attempt to describe a user credential that does not exist: {user}",
        )
    return DescribeUserScramCredentialsResult(
        user=user,
        credential_infos=[
            CredentialInfo(mechanism=mechanism, iterations=credential.iterations)
            for mechanism, credential in sorted(found.items())
        ],
    )
