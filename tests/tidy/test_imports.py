"""What the quick answers of the command line load."""

import json
import subprocess
import sys

import pytest
from tests.tidy.sources import ROOT

_SCRIPT = """
import json, sys
from ottla.cli.main import main
main([{argument!r}])
print(json.dumps(sorted(sys.modules)))
"""

OWN_MODULES = {"ottla", "ottla.cli", "ottla.cli.common", "ottla.cli.main", "ottla.version"}
HEAVY_MODULES = {"argparse", "asyncio", "dataclasses", "logging", "socket", "ssl", "uvloop", "yaml"}


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_a_quick_answer_loads_almost_nothing(argument: str) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, 'src'){_SCRIPT.format(argument=argument)}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert {name for name in loaded if name.split(".")[0] == "ottla"} == OWN_MODULES
    assert not loaded & HEAVY_MODULES
