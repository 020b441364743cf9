"""One pair of brokers for everything that is asked of both here, and the lines that a run shows in the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.admin.brokers import Pair, running_pair

LINES = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show how much was compared, and what was left out and why, also when nothing failed."""
    for line in config.stash.get(LINES, []):
        terminalreporter.write_line(line)


@pytest.fixture
def said(request: pytest.FixtureRequest) -> list[str]:
    """Give the lines that are shown at the end of the run."""
    return request.config.stash.setdefault(LINES, [])


@pytest.fixture(scope="session")
def pair(kafka_jars: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Give both brokers; `kafka_jars` skips the test where there is no Java."""
    with running_pair(tmp_path_factory.mktemp("admin")) as brokers:
        yield brokers
