"""A producer's settings depend on each other as Kafka's do."""

import pytest

from ottla.client.failures import ConfigurationError
from ottla.client.producer_settings import ProducerSettings
from ottla.records.compression import Codec


def test_the_defaults_of_the_table_are_those_of_the_class() -> None:
    assert ProducerSettings.from_properties({}) == ProducerSettings()


def test_a_codec_comes_with_its_level() -> None:
    settings = ProducerSettings.from_properties({"compression.type": "zstd", "compression.zstd.level": "7"})
    assert (settings.compression_type, settings.compression_level) == (Codec.ZSTD, 7)


@pytest.mark.parametrize("properties", [{"acks": "1"}, {"acks": "0"}, {"retries": "0"}])
def test_idempotence_gives_way_where_nobody_asked_for_it(properties: dict[str, str]) -> None:
    assert not ProducerSettings.from_properties(properties).enable_idempotence
    with pytest.raises(ConfigurationError, match=r"when using|in order to use"):
        ProducerSettings.from_properties({**properties, "enable.idempotence": "true"})


def test_more_than_five_in_flight_need_idempotence_off() -> None:
    many = {"max.in.flight.requests.per.connection": "6"}
    with pytest.raises(ConfigurationError, match=r"at most 5\. Current value is 6"):
        ProducerSettings.from_properties(many)
    settings = ProducerSettings.from_properties({**many, "enable.idempotence": "false"})
    assert settings.max_in_flight_requests_per_connection == 6


def test_the_delivery_timeout_leaves_room_for_a_request() -> None:
    assert ProducerSettings.from_properties({"request.timeout.ms": "200000"}).delivery_timeout_ms == 200_005
    with pytest.raises(ConfigurationError, match=r"linger\.ms \+ request\.timeout\.ms"):
        ProducerSettings.from_properties({"delivery.timeout.ms": "1000"})


def test_transactions_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="not supported here yet"):
        ProducerSettings.from_properties({"transactional.id": "t"})


@pytest.mark.parametrize(
    ("key", "value"), [("acks", "2"), ("compression.type", "zip"), ("batch.size", "-1"), ("linger.ms", "x")]
)
def test_values_that_cannot_be_are_refused(key: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"Invalid value {value} for configuration {key}"):
        ProducerSettings.from_properties({key: value})
