"""The three APIs of access control entries, without an authorizer."""

from __future__ import annotations

import pytest
from tests.unit.handlers.support import cluster_records, context_of, image_of

from ottla.errors import ErrorCode
from ottla.handlers import create_acls, delete_acls, describe_acls
from ottla.handlers.outcome import Outcome
from ottla.protocol.messages.create_acls import AclCreation, CreateAclsRequest, CreateAclsResponse
from ottla.protocol.messages.delete_acls import DeleteAclsFilter, DeleteAclsRequest, DeleteAclsResponse
from ottla.protocol.messages.describe_acls import DescribeAclsRequest, DescribeAclsResponse

CONTEXT = context_of(image_of(cluster_records()), 3)
CODES = ["resource_type_filter", "pattern_type_filter", "operation", "permission_type"]


def codes_of_a_filter() -> dict[str, int]:
    return dict.fromkeys(CODES, 1)


def codes_of_an_entry() -> dict[str, int]:
    return {"resource_type": 2, "resource_pattern_type": 3, "operation": 4, "permission_type": 3}


def test_there_is_no_authorizer_to_describe() -> None:
    answer = describe_acls.handle(DescribeAclsRequest(**codes_of_a_filter()), CONTEXT)
    assert answer == DescribeAclsResponse(
        error_code=ErrorCode.SECURITY_DISABLED, error_message="No Authorizer is configured on the broker"
    )


def test_every_entry_and_every_filter_is_refused() -> None:
    entries = [AclCreation(**codes_of_an_entry()) for _ in range(2)]
    created = create_acls.handle(CreateAclsRequest(creations=entries), CONTEXT)
    assert isinstance(created, CreateAclsResponse)
    assert [(each.error_code, each.error_message) for each in created.results] == [
        (ErrorCode.SECURITY_DISABLED, "No Authorizer is configured.")
    ] * 2
    filters = [DeleteAclsFilter(**codes_of_a_filter()) for _ in range(3)]
    deleted = delete_acls.handle(DeleteAclsRequest(filters=filters), CONTEXT)
    assert isinstance(deleted, DeleteAclsResponse)
    assert [(each.error_code, each.error_message) for each in deleted.filter_results] == [
        (ErrorCode.SECURITY_DISABLED, "No Authorizer is configured.")
    ] * 3


@pytest.mark.parametrize("name", CODES)
def test_a_filter_with_an_unknown_code_closes_the_connection(name: str) -> None:
    codes = {**codes_of_a_filter(), name: 0}
    assert describe_acls.handle(DescribeAclsRequest(**codes), CONTEXT) is Outcome.CLOSE_CONNECTION
    filters = [DeleteAclsFilter(**codes_of_a_filter()), DeleteAclsFilter(**codes)]
    assert delete_acls.handle(DeleteAclsRequest(filters=filters), CONTEXT) is Outcome.CLOSE_CONNECTION


@pytest.mark.parametrize("name", list(codes_of_an_entry()))
def test_an_entry_with_an_unknown_code_closes_the_connection(name: str) -> None:
    entries = [AclCreation(**codes_of_an_entry()), AclCreation(**{**codes_of_an_entry(), name: 0})]
    assert create_acls.handle(CreateAclsRequest(creations=entries), CONTEXT) is Outcome.CLOSE_CONNECTION


def test_codes_that_nobody_knows_are_no_error_before_an_authorizer_is_asked() -> None:
    answer = describe_acls.handle(DescribeAclsRequest(**dict.fromkeys(CODES, 99)), CONTEXT)
    assert isinstance(answer, DescribeAclsResponse)
    assert answer.error_code == ErrorCode.SECURITY_DISABLED
