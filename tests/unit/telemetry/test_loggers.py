"""The table of loggers against the sources: no logger that is not in it, no row that nothing logs to."""

import ast
import re

from tests.tidy.sources import ROOT, modules, parse

from ottla.telemetry.loggers import LOGGERS, is_within, loggers_for


def _loggers_in_the_sources() -> set[str]:
    found = set()
    for path in modules():
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "logging.getLogger" and node.args:
                name = ast.unparse(node.args[0])
                if name == "__name__":
                    found.add(".".join(path.relative_to("src").with_suffix("").parts))
                elif re.fullmatch(r"'[\w.]+'", name):
                    found.add(name.strip("'"))
                else:
                    assert path.name == "logging.py", f"{path}: {name} cannot be looked up in the table"
    return found


def test_every_logger_is_in_the_table() -> None:
    rows = [row.name for row in LOGGERS]
    missing = [name for name in _loggers_in_the_sources() if not any(is_within(name, row) for row in rows)]
    assert (ROOT / "src").exists()
    assert missing == []


def test_something_logs_under_every_row() -> None:
    names = _loggers_in_the_sources()
    assert [row.name for row in LOGGERS if not any(is_within(name, row.name) for name in names)] == []


def test_a_name_reaches_what_is_below_it_and_belongs_to_what_is_above() -> None:
    assert set(loggers_for("ottla")) == {row.name for row in LOGGERS if row.name.startswith("ottla.")}
    assert list(loggers_for("ottla.storage.segment")) == ["ottla.storage"]
    assert list(loggers_for("kafka.log")) == [
        "ottla.partitions",
        "ottla.partitions.cleaning",
        "ottla.storage",
    ]
    assert list(loggers_for("kafka.serve")) == []
