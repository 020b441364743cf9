"""Generated documents and samples are what their tables say now."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.tidy.sources import ROOT


def _generated() -> dict[str, Callable[[], str]]:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    generated: dict[str, Callable[[], str]] = module.GENERATED
    return generated


GENERATED = _generated()


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_file_is_fresh(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == GENERATED[name](), "run: python docs/generate.py"


def test_every_file_that_says_it_is_generated_is_in_the_list() -> None:
    claimed = {
        str(path.relative_to(ROOT))
        for folder in ("docs", "config")
        for path in Path(ROOT / folder).iterdir()
        if path.suffix in {".md", ".yaml", ".properties"}
        and "python docs/generate.py" in path.read_text(encoding="utf-8").split("\n\n## ")[0]
        and "enerated from" in path.read_text(encoding="utf-8")[:1500]
    }
    assert claimed == set(GENERATED)
