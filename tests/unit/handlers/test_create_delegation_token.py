"""The four APIs of delegation tokens, on a PLAINTEXT listener."""

from __future__ import annotations

import pytest
from tests.unit.handlers.support import cluster_records, context_of, image_of

from ottla.errors import ErrorCode, KafkaError
from ottla.handlers import (
    create_delegation_token,
    describe_delegation_token,
    expire_delegation_token,
    renew_delegation_token,
)
from ottla.protocol.messages.create_delegation_token import (
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)
from ottla.protocol.messages.describe_delegation_token import (
    DescribeDelegationTokenRequest,
    DescribeDelegationTokenResponse,
)
from ottla.protocol.messages.expire_delegation_token import (
    ExpireDelegationTokenRequest,
    ExpireDelegationTokenResponse,
)
from ottla.protocol.messages.renew_delegation_token import (
    RenewDelegationTokenRequest,
    RenewDelegationTokenResponse,
)

IMAGE = image_of(cluster_records())
CONTEXT = context_of(IMAGE, 3)
NOT_ALLOWED = ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED


@pytest.mark.parametrize(
    ("owner", "shown"),
    [
        ((None, None), ("User", "ANONYMOUS")),
        (("Group", None), ("User", "ANONYMOUS")),
        (("Group", ""), ("User", "ANONYMOUS")),
        (("User", "alice"), ("User", "alice")),
        (("Group", "g"), ("Group", "g")),
    ],
)
def test_no_token_is_made(owner: tuple[str | None, str | None], shown: tuple[str, str]) -> None:
    request = CreateDelegationTokenRequest(owner_principal_type=owner[0], owner_principal_name=owner[1])
    assert create_delegation_token.handle(request, CONTEXT) == CreateDelegationTokenResponse(
        error_code=NOT_ALLOWED,
        principal_type=shown[0],
        principal_name=shown[1],
        token_requester_principal_type="User",
        token_requester_principal_name="ANONYMOUS",
        issue_timestamp_ms=-1,
        expiry_timestamp_ms=-1,
        max_timestamp_ms=-1,
    )


def test_an_owner_with_a_name_needs_a_type() -> None:
    request = CreateDelegationTokenRequest(owner_principal_type=None, owner_principal_name="alice")
    with pytest.raises(KafkaError) as refused:
        create_delegation_token.handle(request, CONTEXT)
    assert refused.value.code is ErrorCode.UNKNOWN_SERVER_ERROR


def test_no_token_is_renewed_expired_or_described() -> None:
    assert renew_delegation_token.handle(
        RenewDelegationTokenRequest(hmac=b"x"), CONTEXT
    ) == RenewDelegationTokenResponse(error_code=NOT_ALLOWED, expiry_timestamp_ms=-1)
    assert expire_delegation_token.handle(
        ExpireDelegationTokenRequest(hmac=b"x"), CONTEXT
    ) == ExpireDelegationTokenResponse(error_code=NOT_ALLOWED, expiry_timestamp_ms=-1)
    for owners in (None, []):
        request = DescribeDelegationTokenRequest(owners=owners)
        assert describe_delegation_token.handle(request, CONTEXT) == DescribeDelegationTokenResponse(
            error_code=NOT_ALLOWED
        )


def test_the_controller_listener_lists_describing_and_does_not_know_it() -> None:
    context = context_of(IMAGE, 3, listener_is_controller=True)
    with pytest.raises(KafkaError) as refused:
        describe_delegation_token.handle(DescribeDelegationTokenRequest(owners=None), context)
    assert refused.value.code is ErrorCode.UNKNOWN_SERVER_ERROR
