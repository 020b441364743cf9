from __future__ import annotations

import pytest
from tests.unit.handlers.support import cluster_records, context_of, image_of

from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.describe_user_scram_credentials import handle
from ottla.metadata.records import UserScramCredentialRecord
from ottla.protocol.messages.describe_user_scram_credentials import (
    CredentialInfo,
    DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResult,
    UserName,
)

IMAGE = image_of(
    [
        *cluster_records(),
        UserScramCredentialRecord(name="a", mechanism=2, iterations=8192),
        UserScramCredentialRecord(name="a", mechanism=1, iterations=4096),
        UserScramCredentialRecord(name="b", mechanism=1, iterations=5000),
    ]
)
A = DescribeUserScramCredentialsResult(
    user="a",
    credential_infos=[
        CredentialInfo(mechanism=1, iterations=4096),
        CredentialInfo(mechanism=2, iterations=8192),
    ],
)
B = DescribeUserScramCredentialsResult(
    user="b", credential_infos=[CredentialInfo(mechanism=1, iterations=5000)]
)


def described(*users: str) -> list[DescribeUserScramCredentialsResult]:
    request = DescribeUserScramCredentialsRequest(users=[UserName(name=user) for user in users])
    answer = handle(request, context_of(IMAGE, 0))
    assert answer.error_code == ErrorCode.NONE
    return answer.results


def test_all_users_are_described_where_none_is_named() -> None:
    assert described() == [A, B]
    everybody = DescribeUserScramCredentialsRequest(users=None)
    assert handle(everybody, context_of(IMAGE, 0)).results == [A, B]


def test_users_are_described_one_by_one() -> None:
    assert described("b") == [B]
    missing = DescribeUserScramCredentialsResult(
        user="c",
        error_code=ErrorCode.RESOURCE_NOT_FOUND,
        error_message="Attempt to describe a user credential that does not exist: c",
    )
    twice = DescribeUserScramCredentialsResult(
        user="a",
        error_code=ErrorCode.DUPLICATE_RESOURCE,
        error_message="Cannot describe SCRAM credentials for the same user twice in a single request: a",
    )
    assert described("a", "c", "b", "a") == [twice, missing, B]


def test_the_controller_listener_lists_the_api_and_does_not_know_it() -> None:
    request = DescribeUserScramCredentialsRequest(users=[])
    with pytest.raises(KafkaError) as refused:
        handle(request, context_of(IMAGE, 0, listener_is_controller=True))
    assert refused.value.code is ErrorCode.UNKNOWN_SERVER_ERROR
