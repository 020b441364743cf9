from ottla.cli.broker_api_versions import node_text, versions_text
from ottla.client.cluster import Node


def _line(versions: dict[int, tuple[int, int]], key: int) -> str:
    lines = versions_text(versions).splitlines()
    found = next(line for line in lines if f"({key}):" in line)
    return found.strip("\t,")


def test_a_node_is_shown_as_kafka_shows_it() -> None:
    assert node_text(Node(1, "localhost", 9092)) == "localhost:9092 (id: 1 rack: null isFenced: false)"
    assert node_text(Node(-1, "h", 1, "r")) == "h:1 (id: -1 rack: r isFenced: false)"


def test_each_api_has_a_line_with_the_version_that_both_can_use() -> None:
    assert _line({3: (0, 13)}, 3) == "Metadata(3): 0 to 13 [usable: 13]"
    assert _line({3: (0, 99)}, 3) == "Metadata(3): 0 to 99 [usable: 13]"
    assert _line({75: (0, 0)}, 75) == "DescribeTopicPartitions(75): 0 [usable: 0]"
    assert _line({8: (2, 10)}, 8) == "OffsetCommit(8): 2 to 10 [usable: 10]"


def test_what_cannot_be_used_says_whose_fault_it_is() -> None:
    assert _line({3: (50, 60)}, 3) == "Metadata(3): 50 to 60 [unusable: node too new]"
    assert _line({1: (0, 2)}, 1) == "Fetch(1): 0 to 2 [unusable: node too old]"
    assert _line({}, 1) == "Fetch(1): UNSUPPORTED"
    assert _line({999: (0, 1)}, 999) == "UNKNOWN(999): 0 to 1"


def test_apis_come_by_number_and_those_of_controllers_only_where_they_are_there() -> None:
    text = versions_text({52: (0, 2)})
    assert text.startswith("(\n\tProduce(0): UNSUPPORTED,\n\tFetch(1): UNSUPPORTED,\n")
    assert text.endswith("\n)")
    assert "Vote(52): 0 to 2 [usable: 2]" in text
    assert "BeginQuorumEpoch" not in text
