from ottla.cli.scala_order import scala_order


def test_up_to_four_keep_the_order_of_insertion() -> None:
    assert scala_order(["d", "a", "c", "b", "a"]) == ["d", "a", "c", "b"]


def test_more_come_in_the_order_of_their_hashes() -> None:
    # What Scala 2.13.16 prints of `Set("one", "two", "three", "four", "five", "six")`.
    texts = ["one", "two", "three", "four", "five", "six"]
    assert scala_order(texts) == ["two", "six", "five", "one", "four", "three"]


def test_nothing_is_lost_where_hashes_are_equal() -> None:
    equal = ["AaAa", "BBBB", "AaBB", "BBAa"]
    assert sorted(scala_order([*equal, "other"])) == sorted([*equal, "other"])
