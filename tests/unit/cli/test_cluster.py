import pytest

from ottla.cli.cluster import endpoint_lines, main
from ottla.protocol.messages.describe_cluster import DescribeClusterBroker

NODES = [
    DescribeClusterBroker(broker_id=2, host="longer.example", port=9092, rack="rack-a", is_fenced=True),
    DescribeClusterBroker(broker_id=1, host="h", port=1, rack=None),
]


def test_the_columns_are_as_wide_as_the_widest_host_and_rack() -> None:
    assert endpoint_lines(NODES, are_controllers=False) == [
        "ID         HOST           PORT       RACK   STATE      ENDPOINT_TYPE  ",
        "1          h              1          null   unfenced   broker         ",
        "2          longer.example 9092       rack-a fenced     broker         ",
    ]


def test_controllers_have_no_state() -> None:
    assert endpoint_lines(NODES[1:], are_controllers=True) == [
        "ID         HOST PORT       RACK       ENDPOINT_TYPE  ",
        "1          h 1          null       controller     ",
    ]


def test_one_address_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cluster-id"]) == 1
    assert (
        "one of the arguments --bootstrap-server/-b --bootstrap-controller/-C is required"
        in capsys.readouterr().err
    )
