"""Sizes, docstrings and mirrors: the rules of docs/style.md about files and functions."""

import ast
from pathlib import Path

from tests.tidy.limits import (
    COVERED_BY,
    LONG_FILES,
    LONG_FUNCTIONS,
    MAX_FILE_LINES,
    MAX_FUNCTION_LINES,
    TABLES,
    UNMIRRORED_FOLDERS,
)
from tests.tidy.sources import ROOT, modules, parse, python_files


def test_files_are_short() -> None:
    lengths = {
        str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in python_files()
    }
    too_long = {path: lines for path, lines in lengths.items() if lines > MAX_FILE_LINES}
    assert too_long.keys() == LONG_FILES.keys(), too_long


def test_functions_are_short() -> None:
    too_long = {}
    for path in python_files():
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > MAX_FUNCTION_LINES:
                    too_long[f"{path}:{node.name}"] = lines
    assert too_long.keys() == LONG_FUNCTIONS.keys(), too_long


def test_every_module_opens_with_its_law() -> None:
    assert [str(path) for path in modules() if not ast.get_docstring(parse(path))] == []


def test_a_module_with_logic_has_its_mirror_test() -> None:
    missing = []
    for path in modules():
        if str(path) in TABLES or str(path.parent) in UNMIRRORED_FOLDERS or not _has_logic(parse(path)):
            continue
        if str(path) in COVERED_BY:
            continue
        folder = ROOT / "tests" / "unit" / path.parent.relative_to("src/ottla")
        names = [f"test_{path.stem}.py", f"test_{path.stem}_*.py"]
        if not any(any(folder.glob(name)) for name in names):
            missing.append(str(path))
    assert not missing, "\n" + "\n".join(missing)


def test_tests_that_stand_in_for_a_mirror_exist_and_are_needed() -> None:
    for module, test in COVERED_BY.items():
        assert (ROOT / module).exists(), module
        assert (ROOT / test).exists(), test
        mirror = ROOT / "tests" / "unit" / Path(module).relative_to("src/ottla")
        assert not mirror.with_name(f"test_{mirror.name}").exists(), f"{module} has its own mirror test now"


def _has_logic(module: ast.Module) -> bool:
    """Tell whether any function of a module decides or computes: more than one statement, or a branch."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = [each for each in node.body if not _is_docstring(each)]
            if len(body) > 1 or any(
                isinstance(each, ast.If | ast.For | ast.While | ast.Try) for each in body
            ):
                return True
    return False


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
