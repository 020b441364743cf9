from __future__ import annotations

from tests.unit.handlers.support import CLUSTER_ID, NODE_ID, cluster_records, context_of, image_of

from ottla.errors import ErrorCode
from ottla.handlers.authorized_operations import CLUSTER_OPERATIONS, NOT_ASKED
from ottla.handlers.describe_cluster import handle
from ottla.metadata.records import BrokerEndpoint, RegisterBrokerRecord
from ottla.protocol.messages.describe_cluster import DescribeClusterRequest


def test_a_broker_listener_describes_brokers() -> None:
    answer = handle(DescribeClusterRequest(), context_of(image_of(cluster_records()), 2))
    assert (answer.cluster_id, answer.controller_id, answer.endpoint_type) == (CLUSTER_ID, NODE_ID, 1)
    assert [(each.broker_id, each.host, each.port) for each in answer.brokers] == [
        (NODE_ID, "broker.example", 9092)
    ]
    assert answer.cluster_authorized_operations == NOT_ASKED


def test_the_controller_listener_describes_controllers() -> None:
    context = context_of(
        image_of(cluster_records()), 2, listener_name="CONTROLLER", listener_is_controller=True
    )
    answer = handle(
        DescribeClusterRequest(endpoint_type=2, include_cluster_authorized_operations=True), context
    )
    assert [(each.broker_id, each.host, each.port) for each in answer.brokers] == [
        (NODE_ID, "localhost", 9093)
    ]
    assert answer.endpoint_type == 2
    assert answer.cluster_authorized_operations == CLUSTER_OPERATIONS


def test_the_other_kind_of_node_is_refused() -> None:
    answer = handle(DescribeClusterRequest(endpoint_type=2), context_of(image_of(cluster_records()), 1))
    assert answer.error_code == ErrorCode.MISMATCHED_ENDPOINT_TYPE
    assert answer.error_message == (
        "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER"
    )


def test_a_version_without_kinds_cannot_be_asked_of_the_controller_listener() -> None:
    context = context_of(
        image_of(cluster_records()), 0, listener_name="CONTROLLER", listener_is_controller=True
    )
    answer = handle(DescribeClusterRequest(), context)
    assert answer.error_code == ErrorCode.INVALID_REQUEST
    assert answer.error_message == (
        "The request was sent to an endpoint of type CONTROLLER, but we wanted an endpoint of type BROKER"
    )


def test_an_unknown_kind_of_node_is_refused() -> None:
    answer = handle(DescribeClusterRequest(endpoint_type=7), context_of(image_of(cluster_records()), 1))
    assert answer.error_code == ErrorCode.UNSUPPORTED_ENDPOINT_TYPE
    assert answer.error_message == "Unsupported endpoint type 7"


def test_fenced_brokers_are_shown_to_those_who_ask() -> None:
    endpoint = BrokerEndpoint(name="PLAINTEXT", host="fenced.example", port=9092)
    fenced = RegisterBrokerRecord(broker_id=2, broker_epoch=9, end_points=[endpoint], fenced=True)
    image = image_of([*cluster_records(), fenced])
    assert [each.broker_id for each in handle(DescribeClusterRequest(), context_of(image, 2)).brokers] == [1]
    answer = handle(DescribeClusterRequest(include_fenced_brokers=True), context_of(image, 2))
    assert [(each.broker_id, each.is_fenced) for each in answer.brokers] == [(1, False), (2, True)]
