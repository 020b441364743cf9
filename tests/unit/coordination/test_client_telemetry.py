from __future__ import annotations

from typing import Any

import pytest

from ottla.coordination import client_telemetry
from ottla.coordination.client_telemetry import (
    DEFAULT_INTERVAL_MS,
    FORGET_AFTER_INTERVALS,
    Client,
    ClientTelemetry,
    Subscription,
    subscription_for,
)
from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.aspects.configs import ConfigsImage, ResourceType
from ottla.metadata.image import EMPTY, apply_records
from ottla.metadata.records import ConfigRecord
from ottla.records.compression import Codec, compress
from ottla.types import METADATA_TOPIC_ID, ZERO_UUID, Uuid

NOW_MS = 1_700_000_000_000
CLIENT = Client(Uuid(b"client-instance-"), "tester", "127.0.0.1")
NOTHING = ConfigsImage()
MAX_BYTES = 100


def configs(**subscriptions: dict[str, str]) -> ConfigsImage:
    """The configuration of some subscriptions; dots in names are underscores."""
    records = [
        ConfigRecord(
            resource_type=ResourceType.CLIENT_METRICS,
            resource_name=name,
            name=key.replace("_", "."),
            value=value,
        )
        for name, values in subscriptions.items()
        for key, value in values.items()
    ]
    return apply_records(EMPTY, records)[0].configs


def push(
    telemetry: ClientTelemetry,
    now_ms: int,
    subscription_id: int,
    *,
    client: Client = CLIENT,
    is_terminating: bool = False,
    compression_type: int = 0,
    metrics: bytes = b"xxxxx",
    current: ConfigsImage = NOTHING,
) -> ErrorCode:
    try:
        telemetry.push(
            client,
            current,
            now_ms,
            subscription_id=subscription_id,
            is_terminating=is_terminating,
            compression_type=compression_type,
            metrics=metrics,
        )
    except KafkaError as error:
        return error.code
    return ErrorCode.NONE


def subscribe(
    telemetry: ClientTelemetry, now_ms: int, current: ConfigsImage = NOTHING
) -> Subscription | None:
    """The subscription, or None where the client asks too often."""
    try:
        return telemetry.subscribe(CLIENT, current, now_ms)
    except KafkaError as error:
        if error.code is not ErrorCode.THROTTLING_QUOTA_EXCEEDED:
            raise
        return None


def test_without_subscriptions_nothing_is_wanted() -> None:
    subscription = subscribe(ClientTelemetry(MAX_BYTES), NOW_MS)
    assert subscription is not None
    assert (subscription.metrics, subscription.interval_ms) == ((), DEFAULT_INTERVAL_MS)


def test_a_client_may_ask_once_in_its_interval() -> None:
    telemetry = ClientTelemetry(MAX_BYTES)
    first = subscribe(telemetry, NOW_MS)
    assert subscribe(telemetry, NOW_MS + DEFAULT_INTERVAL_MS - 1) is None
    assert subscribe(telemetry, NOW_MS + DEFAULT_INTERVAL_MS) == first


def test_a_push_counts_as_asking() -> None:
    telemetry = ClientTelemetry(MAX_BYTES)
    first = subscribe(telemetry, NOW_MS)
    assert first is not None
    assert push(telemetry, NOW_MS + 5, first.subscription_id) is ErrorCode.NONE
    assert subscribe(telemetry, NOW_MS + DEFAULT_INTERVAL_MS) is None


def test_the_first_push_may_come_at_once_and_the_next_after_an_interval() -> None:
    telemetry = ClientTelemetry(MAX_BYTES)
    subscription = subscribe(telemetry, NOW_MS)
    assert subscription is not None
    own = subscription.subscription_id
    assert push(telemetry, NOW_MS + 1, own) is ErrorCode.NONE
    assert push(telemetry, NOW_MS + 2, own) is ErrorCode.THROTTLING_QUOTA_EXCEEDED
    assert push(telemetry, NOW_MS + 1 + DEFAULT_INTERVAL_MS, own) is ErrorCode.NONE


def test_the_last_push_may_come_at_any_time_and_is_the_last() -> None:
    telemetry = ClientTelemetry(MAX_BYTES)
    subscription = subscribe(telemetry, NOW_MS)
    assert subscription is not None
    own = subscription.subscription_id
    assert push(telemetry, NOW_MS + 1, own) is ErrorCode.NONE
    assert push(telemetry, NOW_MS + 2, own, is_terminating=True) is ErrorCode.NONE
    assert push(telemetry, NOW_MS + 3, own, is_terminating=True) is ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"compression_type": 5}, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE),
        ({"compression_type": -1}, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE),
        ({"metrics": bytes(MAX_BYTES + 1)}, ErrorCode.TELEMETRY_TOO_LARGE),
        ({"metrics": bytes(MAX_BYTES)}, ErrorCode.NONE),
        ({"metrics": b"", "compression_type": 4}, ErrorCode.NONE),
        ({"metrics": b"x", "compression_type": 4}, ErrorCode.INVALID_RECORD),
        ({"metrics": compress(Codec.ZSTD, b"x"), "compression_type": 4}, ErrorCode.NONE),
    ],
)
def test_pushes_that_may_not_be(fields: dict[str, Any], code: ErrorCode) -> None:
    telemetry = ClientTelemetry(MAX_BYTES)
    subscription = subscribe(telemetry, NOW_MS)
    assert subscription is not None
    assert push(telemetry, NOW_MS + 1, subscription.subscription_id, **fields) is code


def test_a_push_names_its_subscription() -> None:
    assert push(ClientTelemetry(MAX_BYTES), NOW_MS, 1) is ErrorCode.UNKNOWN_SUBSCRIPTION_ID


@pytest.mark.parametrize("reserved", [ZERO_UUID, METADATA_TOPIC_ID])
def test_a_push_needs_an_identifier(reserved: Uuid) -> None:
    client = CLIENT._replace(instance_id=reserved)
    assert push(ClientTelemetry(MAX_BYTES), NOW_MS, 1, client=client) is ErrorCode.INVALID_REQUEST


def test_a_change_of_subscriptions_makes_clients_new() -> None:
    telemetry = ClientTelemetry(MAX_BYTES)
    before = subscribe(telemetry, NOW_MS)
    changed = configs(all={"metrics": "*", "interval_ms": "1000"})
    after = subscribe(telemetry, NOW_MS + 1, changed)
    assert before is not None
    assert after is not None
    assert (after.metrics, after.interval_ms) == (("*",), 1000)
    assert after.subscription_id != before.subscription_id
    code = push(telemetry, NOW_MS + 2, before.subscription_id, current=changed)
    assert code is ErrorCode.UNKNOWN_SUBSCRIPTION_ID


def test_a_silent_client_is_forgotten() -> None:
    telemetry = ClientTelemetry(MAX_BYTES)
    subscription = subscribe(telemetry, NOW_MS)
    assert subscription is not None
    assert push(telemetry, NOW_MS, subscription.subscription_id, is_terminating=True) is ErrorCode.NONE
    later_ms = NOW_MS + FORGET_AFTER_INTERVALS * DEFAULT_INTERVAL_MS
    assert push(telemetry, later_ms - 1, subscription.subscription_id) is ErrorCode.INVALID_REQUEST
    later_ms += FORGET_AFTER_INTERVALS * DEFAULT_INTERVAL_MS
    assert push(telemetry, later_ms, subscription.subscription_id) is ErrorCode.NONE


def test_only_so_many_clients_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_telemetry, "MAX_INSTANCES", 2)
    telemetry = ClientTelemetry(MAX_BYTES)
    clients = [CLIENT._replace(instance_id=Uuid(bytes(15) + bytes([number]))) for number in (7, 8, 9)]
    for client in clients:
        telemetry.subscribe(client, NOTHING, NOW_MS)
    telemetry.subscribe(clients[0], NOTHING, NOW_MS)
    with pytest.raises(KafkaError):
        telemetry.subscribe(clients[2], NOTHING, NOW_MS)


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ("", True),
        ("client_id=test.*", True),
        ("client_id=test", False),
        (" client_id = tester , client_source_address=127[.]0[.]0[.]1", True),
        ("client_id=tester,client_source_address=10.*", False),
        ("client_software_name=.*", False),
        ("client_id=(", False),
    ],
)
def test_whom_a_subscription_fits(match: str, fits: bool) -> None:
    subscription = subscription_for(CLIENT, {"s": {"match": match, "metrics": "a.", "interval.ms": "100"}})
    assert (subscription.metrics, subscription.interval_ms) == (
        (("a.",), 100) if fits else ((), DEFAULT_INTERVAL_MS)
    )


def test_subscriptions_add_up() -> None:
    subscription = subscription_for(
        CLIENT,
        {
            "a": {"metrics": "org.apache.kafka.consumer., org.apache.kafka.producer.", "interval.ms": "500"},
            "b": {"metrics": "org.apache.kafka.producer.", "interval.ms": "200"},
            "elsewhere": {"metrics": "*", "match": "client_id=other", "interval.ms": "100"},
        },
    )
    assert subscription.metrics == ("org.apache.kafka.producer.", "org.apache.kafka.consumer.")
    assert subscription.interval_ms == 200
