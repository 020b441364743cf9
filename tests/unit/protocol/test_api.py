import pytest

from ottla.protocol.api import APIS, ApiKey, request_class, response_class
from ottla.wire.schema import message_schema_of

SERVED = [api for api in APIS.values() if api.served]


def test_every_key_has_one_row_and_every_row_its_key():
    assert set(APIS) == set(ApiKey)
    assert [api.key for api in APIS.values()] == sorted(ApiKey)
    assert [api.name.upper() for api in APIS.values()] == [key.name.replace("_", "") for key in ApiKey]


def test_the_removed_and_the_future_numbers_are_no_apis():
    assert not {4, 5, 6, 7, 93, 94, -1} & set(APIS)


@pytest.mark.parametrize("api", SERVED, ids=lambda api: api.name)
def test_the_messages_of_a_served_api_have_the_versions_of_its_row(api):
    for cls in (request_class(api.key), response_class(api.key)):
        schema = message_schema_of(cls)
        assert schema.key == api.key
        assert schema.versions.lowest == api.min_version
        assert schema.versions.highest >= api.max_version
        for version in schema.versions:
            assert schema.is_flexible(version) == api.is_flexible(version)


def test_an_unstable_newest_version_is_not_accepted():
    assert APIS[ApiKey.OFFSET_COMMIT].max_version == 9
    assert APIS[ApiKey.OFFSET_FETCH].max_version == 9
    assert APIS[ApiKey.INIT_PRODUCER_ID].max_version == 5
    assert not any(APIS[ApiKey.STREAMS_GROUP_HEARTBEAT].accepts(version) for version in range(-1, 3))


def test_produce_is_advertised_from_0_and_accepted_from_3():
    produce = APIS[ApiKey.PRODUCE]
    assert produce.advertised_min_version == 0
    assert [produce.accepts(version) for version in (2, 3, 13, 14)] == [False, True, True, False]
    assert all(api.advertised_min_version == api.min_version for api in APIS.values() if api is not produce)


def test_an_api_that_is_not_served_has_no_classes():
    for key in (ApiKey.LIST_TRANSACTIONS, 4, 1000):
        with pytest.raises(LookupError, match="not served"):
            request_class(key)
        with pytest.raises(LookupError, match="not served"):
            response_class(key)


def test_an_api_without_flexible_versions_is_never_flexible():
    assert not APIS[ApiKey.OFFSET_DELETE].is_flexible(0)
    assert not APIS[ApiKey.SASL_HANDSHAKE].is_flexible(1)


def test_the_apis_of_client_telemetry_are_served_and_not_advertised():
    assert {api.key for api in SERVED if not api.is_advertised} == {
        ApiKey.GET_TELEMETRY_SUBSCRIPTIONS,
        ApiKey.PUSH_TELEMETRY,
    }
