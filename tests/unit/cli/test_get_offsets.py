import pytest

from ottla.cli.failures import ToolError, UsageError
from ottla.cli.get_offsets import main, read_partition_numbers, read_time


@pytest.mark.parametrize(
    ("text", "timestamp"),
    [
        ("latest", -1),
        ("earliest", -2),
        ("max-timestamp", -3),
        ("earliest-local", -4),
        ("latest-tiered", -5),
        ("7", 7),
    ],
)
def test_a_time_has_a_name_or_is_a_number(text: str, timestamp: int) -> None:
    assert read_time(text) == timestamp


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(
        ToolError, match=r"Malformed time argument noon. Please use -1 or latest / -2 or earliest"
    ):
        read_time("noon")


def test_numbers_of_partitions_are_a_list() -> None:
    assert read_partition_numbers("0,2,2,") == {0, 2}
    assert read_partition_numbers("") == frozenset()
    assert read_partition_numbers(None) == frozenset()
    with pytest.raises(ToolError, match=r"numeric partition ids, but received: 0,x"):
        read_partition_numbers("0,x")


@pytest.mark.parametrize("address", ["localhost", "localhost:1,nothing", ","])
def test_addresses_need_ports(address: str) -> None:
    with pytest.raises(UsageError, match=r"Please provide valid host:port like host1:9091,host2:9092"):
        main(["--bootstrap-server", address])


def test_the_server_has_its_old_name_too() -> None:
    with pytest.raises(ToolError, match=r"cannot be used with --topic or --partitions"):
        main(["--broker-list", "localhost:1", "--topic-partitions", "a:1", "--topic", "a"])


def test_an_unknown_option_is_told_without_a_table() -> None:
    with pytest.raises(ToolError, match=r"nonsense is not a recognized option"):
        main(["--nonsense"])
