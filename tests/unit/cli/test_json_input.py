from collections.abc import Callable
from typing import Any

import pytest

from ottla.cli.failures import ToolError
from ottla.cli.json_input import (
    as_array,
    as_integer,
    as_integers,
    as_object,
    as_string,
    as_strings,
    is_parse_failure,
    member,
    parse_json,
    print_json,
)

SOURCE = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


def test_what_follows_the_first_value_is_ignored() -> None:
    assert parse_json(' {"a": [1, null]} and more') == {"a": [1, None]}


def test_values_are_printed_without_spaces() -> None:
    assert print_json({"ä": [1, True, None, 'x"y']}) == '{"ä":[1,true,null,"x\\"y"]}'


@pytest.mark.parametrize(
    ("text", "words", "line", "column"),
    [
        ("partitions", f"Unrecognized token 'partitions': was expecting {VALUES}", 1, 11),
        ("}", f"Unexpected character ('}}' (code 125)): expected a valid value {VALUES}", 1, 1),
        (
            "{version: 1}",
            "Unexpected character ('v' (code 118)): was expecting double-quote to start field name",
            1,
            2,
        ),
        (
            '{"a" 1}',
            "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
            1,
            6,
        ),
        (
            '{"a": 1\n "b": 2}',
            "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries",
            2,
            2,
        ),
        (
            "[1 2]",
            "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries",
            1,
            4,
        ),
        ("[NaN]", f"Unrecognized token 'NaN': was expecting {VALUES}", 1, 5),
    ],
)
def test_what_is_no_json_is_named_with_jacksons_words(text: str, words: str, line: int, column: int) -> None:
    with pytest.raises(ToolError) as caught:
        parse_json(text)
    assert caught.value.message == f"{words}\n at {SOURCE.format(line, column)}"
    assert is_parse_failure(caught.value)


def test_an_end_that_comes_too_early_names_what_is_open() -> None:
    with pytest.raises(ToolError) as caught:
        parse_json('{"partitions": [')
    assert caught.value.message == (
        f"Unexpected end-of-input: expected close marker for Array (start marker at {SOURCE.format(1, 16)})\n"
        f" at {SOURCE.format(1, 17)}"
    )


def test_brackets_within_texts_open_nothing() -> None:
    with pytest.raises(ToolError, match="was expecting comma to separate Object entries"):
        parse_json('{"a": "[\\"[" 1}')


def test_an_empty_text_is_no_json_and_a_blank_one_is_nothing() -> None:
    with pytest.raises(ToolError, match="The input string shouldn't be empty"):
        parse_json("")
    with pytest.raises(ToolError) as caught:
        as_object(parse_json(" \n"))
    assert caught.value.message == "Expected JSON object, received "
    assert not is_parse_failure(caught.value)


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (as_object, "[1]", "Expected JSON object, received [1]"),
        (as_array, '{"a": 1}', 'Expected JSON array, received {"a":1}'),
        (as_integer, "1.5", "Expected `Integer` value, received 1.5"),
        (as_integer, "2147483648", "Expected `Integer` value, received 2147483648"),
        (as_integer, "true", "Expected `Integer` value, received true"),
        (as_string, "null", "Expected `String` value, received null"),
        (as_integers, "1", "Expected `JSON array` value, received 1"),
        (as_strings, '["a", 1]', "Expected `String` value, received 1"),
    ],
)
def test_a_value_of_another_type_is_refused_with_kafkas_words(
    read: Callable[[Any], object], text: str, words: str
) -> None:
    with pytest.raises(ToolError) as caught:
        read(parse_json(text))
    assert caught.value.java_text() == f"com.fasterxml.jackson.databind.JsonMappingException: {words}"


def test_a_missing_field_is_named() -> None:
    assert member({"topic": None}, "topic") is None
    with pytest.raises(ToolError, match="No such field exists: `topic`"):
        member({}, "topic")
