import pytest

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.node_names import node_number


@pytest.mark.parametrize(("name", "number"), [("1", 1), ("+07", 7), ("-1", -1), ("2147483647", 2147483647)])
def test_a_name_is_read_as_java_reads_it(name: str, number: int) -> None:
    assert node_number(name, "Node id") == number


@pytest.mark.parametrize("name", ["", "x", " 1", "1_0", "2147483648", "9" * 5000, "\u0661"])
def test_a_name_that_is_no_number_is_refused(name: str) -> None:
    with pytest.raises(KafkaError) as caught:
        node_number(name, "Node id")
    assert (caught.value.code, caught.value.message) == (
        ErrorCode.INVALID_REQUEST,
        f"Node id must be an integer, but it is: {name}",
    )
