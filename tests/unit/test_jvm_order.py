import pytest

from ottla.jvm_order import (
    Replica,
    hash_order,
    integers_in_hash_order,
    partitions_in_hash_order,
    replicas_in_hash_order,
    scala_order,
    strings_in_hash_order,
)
from ottla.types import TopicPartition


@pytest.mark.parametrize(
    ("given", "ordered"),
    [
        # The keys of the JSON of kafka-log-dirs, which Kafka's tool keeps in hash maps of strings.
        (["version", "brokers"], ["brokers", "version"]),
        (["broker", "logDirs"], ["broker", "logDirs"]),
        (["logDir", "error", "partitions"], ["partitions", "error", "logDir"]),
        (["partition", "size", "offsetLag", "isFuture"], ["partition", "size", "offsetLag", "isFuture"]),
        # The same hash code, and so in the order in which they came.
        (["BB", "Aa", "BB"], ["BB", "Aa"]),
    ],
)
def test_strings_come_as_from_javas_hash_map(given: list[str], ordered: list[str]) -> None:
    assert strings_in_hash_order(given) == ordered


@pytest.mark.parametrize(
    ("keys", "capacity", "order"),
    [
        ([], 0, []),
        (["user", "client-id"], 2, ["client-id", "user"]),
        (["ip", "user", "client-id"], 3, ["client-id", "user", "ip"]),
        (["user", "ip", "user"], 3, ["user", "ip"]),
        (["request_percentage", "producer_byte_rate"], 2, ["request_percentage", "producer_byte_rate"]),
        (["request_percentage", "producer_byte_rate"], 8, ["producer_byte_rate", "request_percentage"]),
    ],
)
def test_a_table_of_strings_may_be_made_for_so_many(keys: list[str], capacity: int, order: list[str]) -> None:
    assert strings_in_hash_order(keys, capacity=capacity) == order


def test_integers_come_by_their_place_in_the_table() -> None:
    assert integers_in_hash_order([17, 3, 16, 2]) == [16, 17, 2, 3]
    assert integers_in_hash_order([65536 + 5, 4]) == [65536 + 5, 4]


def test_the_table_doubles_when_it_is_more_than_three_quarters_full() -> None:
    twelve = [16, *range(1, 12)]
    assert integers_in_hash_order(twelve) == [16, *range(1, 12)]
    assert integers_in_hash_order([*twelve, 12]) == [*range(1, 13), 16]


def test_a_table_may_be_made_for_few() -> None:
    assert integers_in_hash_order([4, 3], capacity=2) == [4, 3]
    assert integers_in_hash_order([6, 4, 3], capacity=3) == [4, 6, 3]


def test_partitions_and_replicas_have_kafkas_hash_codes() -> None:
    # A partition's hash code is 31 * (31 + number) + 97 for the topic "a": 1058, 1089, 1120, 1151.
    partitions = [TopicPartition("a", number) for number in range(4)]
    assert [str(each) for each in partitions_in_hash_order(partitions)] == ["a-2", "a-1", "a-0", "a-3"]
    # A replica's is 31 * (31 * (31 + 97) + number) + broker, of which the upper half is folded into the lower.
    replicas = [Replica("a", 0, broker_id) for broker_id in (3, 1, 2)]
    assert [str(each) for each in replicas_in_hash_order(replicas)] == ["a-0-1", "a-0-3", "a-0-2"]


def test_negative_hash_codes_are_spread_as_32_bits() -> None:
    assert hash_order([1, -1], lambda number: number) == [-1, 1]


def test_up_to_four_of_scala_keep_the_order_of_insertion() -> None:
    assert scala_order(["d", "a", "c", "b", "a"]) == ["d", "a", "c", "b"]


def test_more_of_scala_come_in_the_order_of_their_hashes() -> None:
    # What Scala 2.13.16 prints of `Set("one", "two", "three", "four", "five", "six")`.
    texts = ["one", "two", "three", "four", "five", "six"]
    assert scala_order(texts) == ["two", "six", "five", "one", "four", "three"]


def test_nothing_of_scala_is_lost_where_hashes_are_equal() -> None:
    equal = ["AaAa", "BBBB", "AaBB", "BBAa"]
    assert sorted(scala_order([*equal, "other"])) == sorted([*equal, "other"])
