"""Warnings look like those of Kafka's tools."""

import re

import pytest

from ottla.client import log_lines


def test_a_warning_is_laid_out_as_kafkas_tools_do(capsys: pytest.CaptureFixture[str]) -> None:
    log_lines.warn("org.apache.kafka.clients.NetworkClient", "Gone.")
    written = capsys.readouterr()
    pattern = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] WARN Gone\. \(org\.apache\.kafka\.clients\.NetworkClient\)\n"
    assert re.fullmatch(pattern, written.err)
    assert not written.out


def test_the_milliseconds_are_those_of_the_moment() -> None:
    assert ",042] ERROR" in log_lines.format_line("ERROR", "a.B", "text", 1_700_000_000.0425)
