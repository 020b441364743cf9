from ottla.cli.java_text import java_split


def test_empty_parts_at_the_end_are_dropped_and_others_kept() -> None:
    assert java_split("a,,b,,", ",") == ["a", "", "b"]
    assert java_split(",", ",") == []
    assert java_split(",a", ",") == ["", "a"]


def test_a_text_without_the_separator_is_one_part_even_when_it_is_empty() -> None:
    assert java_split("", ",") == [""]
    assert java_split("a", ",") == ["a"]


def test_empty_parts_at_the_end_can_be_kept() -> None:
    assert java_split("key=", r"\s*=\s*", keeps_trailing=True) == ["key", ""]
    assert java_split("key=", r"\s*=\s*") == ["key"]
