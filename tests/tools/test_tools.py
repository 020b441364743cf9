"""Every tool leaves what Kafka's own leaves, command line by command line."""

from __future__ import annotations

import pytest

from ottla.cli.tools import TOOLS
from tests.tools.case_files import Table, load_tables, rows_for
from tests.tools.comparing import Verdict, judge, load_common_masks
from tests.tools.running import Terminal

TABLES = load_tables()
LEAST_ROWS = 300


@pytest.mark.java
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table(table: Table, terminal: Terminal, verdicts: dict[str, Verdict]) -> None:
    table = rows_for(table, terminal.broker.kind)
    verdict = judge(table, terminal.run_table(table), load_common_masks())
    verdicts[table.name] = verdict
    assert not verdict.unexplained, "\n" + "\n".join(map(str, verdict.unexplained))
    assert not verdict.stale, "\n" + "\n".join(verdict.stale)


def test_the_tables_are_as_many_as_they_have_to_be() -> None:
    assert sum(len(table.rows) for table in TABLES) >= LEAST_ROWS


def test_every_tool_of_kafka_is_in_a_table() -> None:
    typed = {row.run.split()[0] for table in TABLES for row in table.rows}
    there = {tool.script for tool in TOOLS if tool.is_there and tool.script.startswith("kafka-")}
    # It would stop whatever runs on this machine; tests/unit/cli/test_server_start.py has it.
    assert there - {"kafka-server-stop"} <= typed
