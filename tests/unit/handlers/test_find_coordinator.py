"""Where the coordinator is, in every version; forms and texts as Apache Kafka 4.1.1 gives them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.groups import GroupBroker

from ottla.errors import ErrorCode, KafkaError, error_message
from ottla.handlers.find_coordinator import handle
from ottla.handlers.transactions_refused import TRANSACTIONS_REFUSED_MESSAGE
from ottla.metadata.records import FenceBrokerRecord
from ottla.protocol.messages.find_coordinator import Coordinator, FindCoordinatorRequest
from ottla.types import CONSUMER_OFFSETS_TOPIC

NOWHERE = {"node_id": -1, "host": "", "port": -1}
HERE = {"node_id": 1, "host": "broker.example", "port": 9092}


@pytest.fixture
def broker(tmp_path: Path) -> GroupBroker:
    return GroupBroker(tmp_path / "data")


@pytest.mark.parametrize("version", [0, 1, 3])
def test_one_key(broker: GroupBroker, version: int) -> None:
    response = handle(FindCoordinatorRequest(key="g"), broker.context(version))
    assert {name: getattr(response, name) for name in HERE} == HERE
    assert (response.error_code, response.error_message) == (ErrorCode.NONE, "NONE")


@pytest.mark.parametrize("version", [4, 6])
def test_many_keys(broker: GroupBroker, version: int) -> None:
    response = handle(FindCoordinatorRequest(coordinator_keys=["g", "h"]), broker.context(version))
    assert response.coordinators == [Coordinator(key=key, **HERE, error_message="") for key in ("g", "h")]


def test_a_missing_offsets_topic_is_created(tmp_path: Path) -> None:
    broker = GroupBroker(tmp_path / "data", offsets_topic=False)
    response = handle(FindCoordinatorRequest(key="g"), broker.context(3))
    assert response.error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert response.error_message == "The coordinator is not available."
    assert {name: getattr(response, name) for name in NOWHERE} == NOWHERE
    assert broker.controller.asked == [CONSUMER_OFFSETS_TOPIC]
    broker.create_offsets_topic()
    assert handle(FindCoordinatorRequest(key="g"), broker.context(3)).error_code == ErrorCode.NONE


def test_a_partition_without_a_leader_that_can_be_reached_has_no_coordinator(broker: GroupBroker) -> None:
    unknown_listener = replace(broker.context(3), listener_name="OTHER")
    assert (
        handle(FindCoordinatorRequest(key="g"), unknown_listener).error_code
        == ErrorCode.COORDINATOR_NOT_AVAILABLE
    )
    broker.set_leader(CONSUMER_OFFSETS_TOPIC, broker.groups.partition_for("g"), -1)
    response = handle(FindCoordinatorRequest(key="g"), broker.context(3))
    assert response.error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert broker.controller.asked == []


def test_a_fenced_broker_coordinates_nothing(broker: GroupBroker) -> None:
    broker.change(FenceBrokerRecord(id=1, epoch=broker.image.brokers.by_id[1].epoch))
    response = handle(FindCoordinatorRequest(key="g"), broker.context(3))
    assert response.error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE


def test_share_groups_are_refused_for_good(broker: GroupBroker) -> None:
    code = ErrorCode.INVALID_REQUEST
    one = handle(FindCoordinatorRequest(key="k", key_type=2), broker.context(3))
    assert (one.error_code, one.error_message, one.node_id) == (code, error_message(code), -1)
    many = handle(FindCoordinatorRequest(coordinator_keys=["k"], key_type=2), broker.context(6))
    assert many.coordinators == [Coordinator(key="k", **NOWHERE, error_code=code, error_message="")]


def test_a_type_that_there_is_not_fails_the_request(broker: GroupBroker) -> None:
    with pytest.raises(KafkaError) as refusal:
        handle(FindCoordinatorRequest(coordinator_keys=["k"], key_type=9), broker.context(6))
    assert refusal.value.code is ErrorCode.INVALID_REQUEST


def test_transactions_are_refused_with_the_code_that_no_client_retries(broker: GroupBroker) -> None:
    code = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    one = handle(FindCoordinatorRequest(key="k", key_type=1), broker.context(3))
    assert (one.error_code, one.error_message) == (code, TRANSACTIONS_REFUSED_MESSAGE)
    (many,) = handle(
        FindCoordinatorRequest(coordinator_keys=["k"], key_type=1), broker.context(6)
    ).coordinators
    assert (many.error_code, many.error_message, many.node_id) == (code, TRANSACTIONS_REFUSED_MESSAGE, -1)
