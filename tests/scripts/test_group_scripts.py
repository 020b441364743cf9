"""Every script under `classic_group` and `offsets` happens as written.

After a wanted change of behaviour, OTTLA_REWRITE_SCRIPTS=1 writes down what happens now; read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.scripts.group_script import GroupScript

SCRIPTS = sorted(Path(__file__).parent.glob("*/*.txt"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_script_happens_as_written(path: Path) -> None:
    expected = path.read_text(encoding="utf-8")
    happened = GroupScript().run(expected)
    if os.environ.get("OTTLA_REWRITE_SCRIPTS"):
        path.write_text(happened, encoding="utf-8")
    else:
        assert happened == expected


def test_there_are_scripts() -> None:
    assert SCRIPTS
