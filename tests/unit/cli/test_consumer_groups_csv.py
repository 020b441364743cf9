import pytest

from ottla.cli.consumer_groups_csv import export_csv, read_reset_plan
from ottla.cli.failures import ToolError
from ottla.types import TopicPartition

ONE = TopicPartition("one", 0)
TWO = TopicPartition("two", 3)


def test_offsets_are_exported_a_line_each() -> None:
    groups = [("g", [(ONE, 5), (TWO, 0)])]
    assert export_csv(groups, is_single_group=True) == "one,0,5\ntwo,3,0\n"
    assert export_csv(groups, is_single_group=False) == "g,one,0,5\ng,two,3,0\n"


@pytest.mark.parametrize(
    ("topic", "written"),
    [
        ("a-topic_of.24-characters", "a-topic_of.24-characters"),
        ("a-topic_of-25--characters", '"a-topic_of-25--characters"'),
        ("with space", '"with space"'),
        ('with"quote', '"with""quote"'),
        ("with,comma", '"with,comma"'),
        ("plus+", '"plus+"'),
    ],
)
def test_texts_are_quoted_as_jackson_quotes_them(topic: str, written: str) -> None:
    groups = [("g", [(TopicPartition(topic, 0), 1)])]
    text = export_csv(groups, is_single_group=True)
    assert text == f"{written},0,1\n"
    assert read_reset_plan(text, ["g"]) == {"g": {TopicPartition(topic, 0): 1}}


def test_lines_without_a_group_are_those_of_the_only_one() -> None:
    assert read_reset_plan("one,0,5\r\ntwo, 3 ,-7\n", ["g"]) == {"g": {ONE: 5, TWO: -7}}


def test_lines_with_groups_are_read_for_any_number_of_groups() -> None:
    text = "g,one,0,5\nh,two,3,1\n"
    plan = {"g": {ONE: 5}, "h": {TWO: 1}}
    assert read_reset_plan(text, ["g", "h"]) == plan
    assert read_reset_plan(text, ["g"]) == plan
    assert read_reset_plan(text, []) == plan


def test_a_line_that_fits_no_columns_without_a_group_is_read_with_one() -> None:
    assert read_reset_plan("one,zero,5", ["g"]) == {"one": {TopicPartition("zero", 5): 0}}


def test_missing_columns_count_as_nothing() -> None:
    assert read_reset_plan("one", ["g"]) == {"g": {ONE: 0}}


@pytest.mark.parametrize(
    ("text", "java_class", "words"),
    [
        (
            "g,one,zero,5",
            "databind.exc.InvalidFormatException",
            'Cannot deserialize value of type `int` from String "zero"',
        ),
        ("g,one,0,1,2", "dataformat.csv.CsvReadException", "Too many entries: expected at most 4"),
        ("", "databind.exc.MismatchedInputException", "No content to map due to end-of-input"),
        (
            "g,one,2147483648,1",
            "databind.exc.InvalidFormatException",
            'from String "2147483648": not a valid `int` value',
        ),
        (
            "g,one,0,many",
            "databind.exc.InvalidFormatException",
            'from String "many": not a valid `long` value',
        ),
    ],
)
def test_lines_that_cannot_be_read_are_refused_with_jacksons_words(
    text: str, java_class: str, words: str
) -> None:
    with pytest.raises(ToolError) as caught:
        read_reset_plan(text, ["g"])
    assert caught.value.java_class == f"com.fasterxml.jackson.{java_class}"
    assert words in (caught.value.message or "")
