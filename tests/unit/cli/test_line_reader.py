"""Lines of the console producer, and the records in them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.cli.failures import ToolError
from ottla.cli.line_reader import LineFormat, LineRecord, LineSplitter, records_of


def lines_of(*pieces: bytes) -> list[bytes]:
    splitter = LineSplitter()
    return [line for piece in pieces for line in splitter.lines_of(piece)] + splitter.last_line()


def layout(**properties: str) -> LineFormat:
    return LineFormat.from_properties(
        {"topic": "t", **{k.replace("_", "."): v for k, v in properties.items()}}
    )


def records(line: str, **properties: str) -> list[LineRecord]:
    return list(records_of([line.encode()], layout(**properties), 1))


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([b""], []),
        ([b"a\nb\r\nc\rd"], [b"a", b"b", b"c", b"d"]),
        ([b"\n\n"], [b"", b""]),
        ([b"a\r", b"\nb\n"], [b"a", b"b"]),
        ([b"a\r", b"b\n"], [b"a", b"b"]),
        ([b"a\r", b"\n"], [b"a"]),
        ([b"long", b" line", b"\n", b"next"], [b"long line", b"next"]),
        ([b"\xc3", b"\xa4\n"], ["\u00e4".encode()]),
        ([b"a\xffb\nc\n"], ["a\N{REPLACEMENT CHARACTER}b".encode(), b"c"]),
        ([b"\x0b\x0c\x1c\x85\n"], ["\x0b\x0c\x1c\N{REPLACEMENT CHARACTER}".encode()]),
    ],
)
def test_lines_end_with_lf_cr_or_both(pieces, lines):
    assert lines_of(*pieces) == lines


@given(st.text(alphabet="ab\r\n", max_size=30), st.lists(st.integers(0, 30), max_size=6))
def test_it_does_not_matter_how_the_input_is_cut(text, cuts):
    content = text.encode()
    borders = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    pieces = [content[start:end] for start, end in itertools.pairwise(borders)]
    assert lines_of(*pieces) == content.splitlines()


def test_a_line_is_a_value():
    assert records("a\tb") == [LineRecord(None, b"a\tb")]


def test_a_key_stands_before_the_separator():
    assert records("k\tv\tw", parse_key="true") == [LineRecord(b"k", b"v\tw")]
    assert records("k=>v", parse_key=" TRUE ", key_separator="=>") == [LineRecord(b"k", b"v")]
    assert records("\t", parse_key="true") == [LineRecord(b"", b"")]


def test_headers_stand_before_key_and_value():
    found = records("h1:v1,h2::\tk\tv", parse_headers="true", parse_key="true")
    assert found == [LineRecord(b"k", b"v", (("h1", b"v1"), ("h2", b":")))]
    assert records("h:v\tx", parse_headers="true") == [LineRecord(None, b"x", (("h", b"v"),))]


@pytest.mark.parametrize(
    ("separator", "text", "headers"),
    [
        (",", "a:1,,b:2", None),
        (",", "a:1,,", (("a", b"1"),)),
        ("[,;]+", "a:1,;b:2", (("a", b"1"), ("b", b"2"))),
        ("\\|", "a:1|b:2", (("a", b"1"), ("b", b"2"))),
    ],
)
def test_headers_are_separated_by_an_expression_as_java_splits(separator, text, headers):
    line = f"{text}\tv"
    if headers is None:
        with pytest.raises(ToolError, match="No header key separator found in pair '' on line number 1"):
            records(line, parse_headers="true", headers_separator=separator)
    else:
        assert records(line, parse_headers="true", headers_separator=separator)[0].headers == headers


def test_the_null_marker_stands_for_a_null_everywhere():
    marked = {"parse_headers": "true", "parse_key": "true", "null_marker": "-"}
    assert records("-\t-\t-", **marked) == [LineRecord(None, None)]
    assert records("h:-\tk\tv", **marked) == [LineRecord(b"k", b"v", (("h", None),))]
    with pytest.raises(ToolError, match="Header keys should not be equal to the null marker '-'"):
        records("-:v\tk\tv", **marked)


def test_what_is_missing_is_an_error_with_the_number_of_the_line():
    numbered = records_of([b"k\tv", b"kv"], layout(parse_key="true"), 4)
    assert next(numbered) == LineRecord(b"k", b"v")
    with pytest.raises(ToolError) as error:
        next(numbered)
    text = "org.apache.kafka.common.KafkaException: No key separator found on line number 5: 'kv'"
    assert error.value.java_text() == text
    with pytest.raises(ToolError, match="No headers delimiter found on line number 1: 'h:v'"):
        records("h:v", parse_headers="true")


def test_errors_may_be_ignored():
    lenient = {"parse_headers": "true", "parse_key": "true", "ignore_error": "true"}
    assert records("all value", **lenient) == [LineRecord(None, b"all value")]
    assert records("name\tvalue", **lenient) == [LineRecord(None, b"value", (("name", None),))]


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"headers_delimiter": ","}, "headers.delimiter and headers.separator may not be equal"),
        ({"headers_delimiter": ":"}, "headers.delimiter and headers.key.separator may not be equal"),
        ({"headers_separator": ":"}, "headers.separator and headers.key.separator may not be equal"),
        ({"null_marker": "\t"}, "null.marker and key.separator may not be equal"),
        ({"null_marker": ","}, "null.marker and headers.separator may not be equal"),
        ({"null_marker": ":"}, "null.marker and headers.key.separator may not be equal"),
    ],
)
def test_separators_must_differ(properties, words):
    with pytest.raises(ToolError, match=words):
        layout(**properties)


def test_an_expression_that_is_none_is_refused():
    with pytest.raises(ToolError) as error:
        layout(headers_separator="[")
    assert error.value.java_class == "java.util.regex.PatternSyntaxException"
