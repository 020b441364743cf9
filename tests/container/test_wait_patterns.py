"""What test libraries and scripts wait for in the log comes, on the stream that they read and in time."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.container.started import started

PATTERNS = yaml.safe_load(Path(__file__).with_name("wait_patterns.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("dialect", sorted({row["starts"] for row in PATTERNS}))
def test_what_is_waited_for_comes(dialect: str, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [row for row in PATTERNS if row["starts"] == dialect]
    with started(dialect, tmp_path) as broker:
        lines = broker.standard_output()
    missed = []
    for row in rows:
        candidates = lines[-1:] if row.get("is_last") else lines
        if not any(re.search(row["pattern"], line) for line in candidates):
            missed.append(row["waits"])
    assert not missed, "\n".join([*missed, "", *lines])
