"""Times in the patterns of Java's `SimpleDateFormat`."""

import time

import pytest

from ottla.cli.failures import ToolError
from ottla.cli.java_dates import DEFAULT_PATTERN, date_formatter

MOMENT_MS = 1_700_000_000_123  # Tuesday, 2023-11-14 22:13:20.123 UTC


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (DEFAULT_PATTERN, "2023-11-14 22:13:20:123"),
        ("yy/M/d h:m:s a", "23/11/14 10:13:20 PM"),
        ("dd.MM.yyyy", "14.11.2023"),
        ("EEE, d MMM yyyy", "Tue, 14 Nov 2023"),
        ("EEEE MMMM u D", "Tuesday November 2 318"),
        ("kk KK hh", "22 10 10"),
        ("'o''clock' HH", "o'clock 22"),
        ("HH''mm", "22'13"),
        ("SSSS", "0123"),
        ("Z X XX z", "+0000 Z Z UTC"),
        ("", ""),
    ],
)
def test_a_pattern_is_filled_in(pattern, text):
    assert date_formatter(pattern)(MOMENT_MS) == text


def test_midnight_is_24_and_12_where_a_pattern_counts_so():
    assert date_formatter("H k K h")(1_700_006_400_000) == "0 24 0 12"


@pytest.mark.parametrize(
    ("pattern", "words"), [("yyyy-bb", "Illegal pattern character 'b'"), ("'open", "Unterminated quote")]
)
def test_a_pattern_that_cannot_be_is_refused(pattern, words):
    with pytest.raises(ToolError, match=words):
        date_formatter(pattern)
