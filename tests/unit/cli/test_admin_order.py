from ottla.cli.admin_order import collected_order, node_hash, quota_entity_hash, result_order
from ottla.types import java_string_hash


def test_a_result_is_ordered_by_a_map_made_for_its_size_and_then_copied() -> None:
    # 2 keys fill a map of 4; their hashes, 1 and 4, stand at places 1 and 0 of it.
    assert result_order([1, 4], int) == [4, 1]
    # 12 keys fill a map of 16, and so does its copy: since Java 19 one of 12 is no larger than it has to be.
    assert result_order(list(range(20, 8, -1)), int) == [16, 17, 18, 19, 20, *range(9, 16)]


def test_a_collected_result_is_put_into_one_more_map() -> None:
    assert collected_order([9, 1, 4], int) == [4, 9, 1]


def test_a_node_hashes_as_in_java() -> None:
    # `new Node(1, "localhost", 9092, null, false).hashCode()` and its rack and fence.
    expected = 31 * (31 * (31 * (31 * (31 + java_string_hash("localhost")) + 1) + 9092) + 0) + 1237
    assert node_hash(1, "localhost", 9092, None) == expected
    assert node_hash(1, "localhost", 9092, "r", is_fenced=True) != expected


def test_an_entity_hashes_by_what_it_holds_and_not_by_order() -> None:
    first = quota_entity_hash({"user": "a", "client-id": None})
    assert first == quota_entity_hash({"client-id": None, "user": "a"})
    assert first == 31 + (java_string_hash("user") ^ java_string_hash("a")) + java_string_hash("client-id")
