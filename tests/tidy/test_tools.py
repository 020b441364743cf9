"""The tools that check the sources find nothing: ruff, mypy and import-linter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.tidy.sources import ROOT

COMMANDS = (
    ("ruff", "check", "--quiet", "."),
    ("ruff", "format", "--check", "--quiet", "."),
    ("mypy",),
    ("lint-imports", "--no-cache"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_tool_finds_nothing(command: tuple[str, ...]) -> None:
    program = Path(sys.executable).parent / command[0]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [program, *command[1:]], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
