from __future__ import annotations

from tests.unit.handlers.support import cluster_records, context_of, image_of

from ottla.errors import ErrorCode
from ottla.handlers.api_versions import handle
from ottla.protocol.api import APIS, ApiKey
from ottla.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse


def ask(
    version: int, name: str = "tester", software: str = "1.0", *, controller: bool = False
) -> ApiVersionsResponse:
    context = context_of(image_of(cluster_records()), version, listener_is_controller=controller)
    return handle(ApiVersionsRequest(client_software_name=name, client_software_version=software), context)


def test_exactly_the_served_apis_are_listed() -> None:
    listed = {row.api_key: (row.min_version, row.max_version) for row in ask(4).api_keys}
    served = {
        api.key for api in APIS.values() if api.served and api.is_advertised and "broker" in api.listeners
    }
    assert set(listed) == served
    assert listed[ApiKey.FETCH] == (4, 18)


def test_produce_is_listed_from_version_0_for_librdkafka() -> None:
    listed = {row.api_key: (row.min_version, row.max_version) for row in ask(4).api_keys}
    assert listed[ApiKey.PRODUCE] == (0, 13)


def test_the_controller_lists_its_own_apis_only() -> None:
    listed = {row.api_key for row in ask(4, controller=True).api_keys}
    assert ApiKey.PRODUCE not in listed
    assert {ApiKey.CREATE_TOPICS, ApiKey.API_VERSIONS} <= listed


def test_features_with_lowest_level_0_are_left_out_below_version_4() -> None:
    assert {feature.name for feature in ask(3).supported_features} == {"metadata.version"}
    assert "group.version" in {feature.name for feature in ask(4).supported_features}


def test_finalized_features_carry_the_offset_of_the_image() -> None:
    answer = ask(3)
    levels = {row.name: (row.min_version_level, row.max_version_level) for row in answer.finalized_features}
    assert levels == {"metadata.version": (27, 27), "group.version": (1, 1)}
    assert answer.finalized_features_epoch == len(cluster_records()) - 1


def test_a_version_from_the_future_gets_the_row_to_ask_again_with() -> None:
    answer = ask(99)
    assert answer.error_code == ErrorCode.UNSUPPORTED_VERSION
    assert [(row.api_key, row.min_version, row.max_version) for row in answer.api_keys] == [(18, 0, 4)]


def test_a_client_must_name_its_software_from_version_3_on() -> None:
    assert ask(2, name="").error_code == ErrorCode.NONE
    for name, software in (("", "1"), ("a", ""), ("-a", "1"), ("a b", "1"), ("a", "1.")):
        assert ask(3, name, software).error_code == ErrorCode.INVALID_REQUEST
    assert ask(3, "apache-kafka-java", "4.1.1").error_code == ErrorCode.NONE
