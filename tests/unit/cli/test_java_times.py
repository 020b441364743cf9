import pytest

from ottla.cli.failures import ToolError
from ottla.cli.java_times import parse_datetime, parse_duration_ns

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [
        ("1970-01-01T00:00:00.000", 0),
        ("1970-01-02T00:00:00.001", 86_400_001),
        ("1970-01-01T00:00:00.5", 5),
        ("1970-01-01T01:00:00.000+01:00", 0),
        ("1970-01-01T00:00:00.000-05:30", 19_800_000),
        ("1970-01-01T02:00:00.000+02", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2020-02-29T12:34:56.789", 1_582_979_696_789),
    ],
)
def test_points_in_time_are_utc_unless_they_say_otherwise(text: str, time_ms: int) -> None:
    assert parse_datetime(text) == time_ms


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2020-01-01", "Error parsing timestamp. It does not contain a 'T' according to ISO8601 format"),
        ("2020-01-01T00:00", 'Unparseable date: "2020-01-01T00:00Z"'),
        ("2020-13-01T00:00:00.000", 'Unparseable date: "2020-13-01T00:00:00.000Z"'),
        ("2021-02-29T00:00:00.000", 'Unparseable date: "2021-02-29T00:00:00.000Z"'),
        ("2020-01-01T00:00:00.1000Z", 'Unparseable date: "2020-01-01T00:00:00.1000Z"'),
        ("soonTZ", 'Unparseable date: "soonTZ"'),
    ],
)
def test_what_is_no_point_in_time_is_refused_with_javas_words(text: str, words: str) -> None:
    with pytest.raises(ToolError) as caught:
        parse_datetime(text)
    assert caught.value.java_text() == f"java.lang.RuntimeException: java.text.ParseException: {words}"


@pytest.mark.parametrize(
    ("text", "duration_ns"),
    [
        ("P1D", 86_400 * SECOND),
        ("PT1H2M3S", 3723 * SECOND),
        ("p1dt1s", 86_401 * SECOND),
        ("PT0.5S", SECOND // 2),
        ("PT-1.5S", -3 * SECOND // 2),
        ("-PT1M", -60 * SECOND),
        ("PT-1M", -60 * SECOND),
    ],
)
def test_durations_are_read_as_java_reads_them(text: str, duration_ns: int) -> None:
    assert parse_duration_ns(text) == duration_ns


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "3days", "1D", "PT1D", "P1H"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ToolError, match="Text cannot be parsed to a Duration"):
        parse_duration_ns(text)
