"""The answers of quotas, credentials, access control and tokens to a request that failed as a whole.

A part of `error_responses`, which is the one place that uses them; the shapes are those of each Kafka request's
`getErrorResponse`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ottla.errors import ErrorCode, error_message, own_words
from ottla.handlers import create_delegation_token as token_creation
from ottla.protocol.api import ApiKey
from ottla.protocol.messages import (
    alter_client_quotas,
    alter_user_scram_credentials,
    create_acls,
    create_delegation_token,
    delete_acls,
    describe_acls,
    describe_client_quotas,
    describe_user_scram_credentials,
)


def _describe_client_quotas(
    _version: int,
    _request: describe_client_quotas.DescribeClientQuotasRequest,
    code: ErrorCode,
    message: str | None,
) -> Any:
    return describe_client_quotas.DescribeClientQuotasResponse(
        error_code=code, error_message=own_words(code, message), entries=None
    )


def _alter_client_quotas(
    _version: int,
    request: alter_client_quotas.AlterClientQuotasRequest,
    code: ErrorCode,
    _message: str | None,
) -> Any:
    # Kafka has the text of the code here, whatever the reason was.
    return alter_client_quotas.AlterClientQuotasResponse(
        entries=[
            alter_client_quotas.EntryResult(
                error_code=code, error_message=error_message(code), entity=entry.entity
            )
            for entry in request.entries
        ]
    )


def _describe_user_scram_credentials(
    _version: int,
    request: describe_user_scram_credentials.DescribeUserScramCredentialsRequest,
    code: ErrorCode,
    message: str | None,
) -> Any:
    # Kafka has a result for each user, and does not say for which.
    result = describe_user_scram_credentials.DescribeUserScramCredentialsResult(
        error_code=code, error_message=own_words(code, message)
    )
    return describe_user_scram_credentials.DescribeUserScramCredentialsResponse(
        error_code=code,
        error_message=own_words(code, message),
        results=[result] * len(request.users or []),
    )


def _alter_user_scram_credentials(
    _version: int,
    request: alter_user_scram_credentials.AlterUserScramCredentialsRequest,
    code: ErrorCode,
    message: str | None,
) -> Any:
    users = {each.name for each in request.deletions} | {each.name for each in request.upsertions}
    return alter_user_scram_credentials.AlterUserScramCredentialsResponse(
        results=[
            alter_user_scram_credentials.AlterUserScramCredentialsResult(
                user=user, error_code=code, error_message=own_words(code, message)
            )
            for user in sorted(users)
        ]
    )


def _describe_acls(
    _version: int, _request: describe_acls.DescribeAclsRequest, code: ErrorCode, message: str | None
) -> Any:
    return describe_acls.DescribeAclsResponse(error_code=code, error_message=own_words(code, message))


def _create_acls(
    _version: int, request: create_acls.CreateAclsRequest, code: ErrorCode, message: str | None
) -> Any:
    result = create_acls.AclCreationResult(error_code=code, error_message=own_words(code, message))
    return create_acls.CreateAclsResponse(results=[result] * len(request.creations))


def _delete_acls(
    _version: int, request: delete_acls.DeleteAclsRequest, code: ErrorCode, message: str | None
) -> Any:
    result = delete_acls.DeleteAclsFilterResult(error_code=code, error_message=own_words(code, message))
    return delete_acls.DeleteAclsResponse(filter_results=[result] * len(request.filters))


def _create_delegation_token(
    _version: int,
    _request: create_delegation_token.CreateDelegationTokenRequest,
    code: ErrorCode,
    _message: str | None,
) -> Any:
    return token_creation.refused(code)


BUILDERS: dict[ApiKey, Callable[[int, Any, ErrorCode, str | None], Any]] = {
    ApiKey.DESCRIBE_CLIENT_QUOTAS: _describe_client_quotas,
    ApiKey.ALTER_CLIENT_QUOTAS: _alter_client_quotas,
    ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS: _describe_user_scram_credentials,
    ApiKey.ALTER_USER_SCRAM_CREDENTIALS: _alter_user_scram_credentials,
    ApiKey.DESCRIBE_ACLS: _describe_acls,
    ApiKey.CREATE_ACLS: _create_acls,
    ApiKey.DELETE_ACLS: _delete_acls,
    ApiKey.CREATE_DELEGATION_TOKEN: _create_delegation_token,
}
