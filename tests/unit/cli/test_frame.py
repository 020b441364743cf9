"""How tools end, by a tool made for it."""

import sys
from collections.abc import Callable, Sequence
from types import ModuleType

import pytest

from ottla.cli.common import CommandError
from ottla.cli.failures import ToolError, UsageError, VersionRequestedError, illegal_argument, terse
from ottla.cli.frame import run_tool
from ottla.cli.jopt import OptionError
from ottla.cli.tools import ERROR_OCCURRED, MODULES, THREAD, TRACED, UNTRACED, Tool
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode

Runner = Callable[[Exception | int, str], int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Give a function that runs a tool which returns or raises something."""

    def run(left: Exception | int, failure: str = THREAD) -> int:
        def main(_: Sequence[str]) -> int:
            if isinstance(left, Exception):
                raise left
            return left

        module = ModuleType(MODULES + "made_for_tests")
        module.__dict__["main"] = main
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return run_tool(Tool("made", "", "made_for_tests", failure=failure), ())

    return run


def test_the_exit_code_is_the_tools(run: Runner) -> None:
    assert run(0, THREAD) == 0
    assert run(3, THREAD) == 3


def test_a_usage_error_is_on_stderr_and_the_version_on_stdout(
    run: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(UsageError("no", "table\n"), THREAD) == 1
    assert tuple(capsys.readouterr()) == ("", "no\ntable\n")
    assert run(VersionRequestedError(), THREAD) == 0
    assert tuple(capsys.readouterr()) == ("4.1.1\n", "")


@pytest.mark.parametrize(
    ("failure", "error", "text"),
    [
        (
            THREAD,
            illegal_argument("no: b"),
            'Exception in thread "main" java.lang.IllegalArgumentException: no: b\n',
        ),
        (
            TRACED,
            OptionError("UnrecognizedOptionException", "x is not a recognized option"),
            "x is not a recognized option\njoptsimple.UnrecognizedOptionException: x is not a recognized option\n",
        ),
        (
            TRACED,
            ToolError("java.lang.IllegalStateException", None),
            "null\njava.lang.IllegalStateException\n",
        ),
        (TRACED, terse("no"), "no\n"),
        (
            UNTRACED,
            ApiError(ErrorCode.TOPIC_ALREADY_EXISTS, "Topic 'a' already exists."),
            "Topic 'a' already exists.\n",
        ),
        (ERROR_OCCURRED, terse("no"), "Error occurred: no\n"),
        (
            ERROR_OCCURRED,
            illegal_argument("no"),
            "Error occurred: no\njava.lang.IllegalArgumentException: no\n",
        ),
    ],
)
def test_a_failure_is_printed_as_the_tools_original_prints_it(
    failure: str, error: Exception, text: str, run: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(error, failure) == 1
    assert tuple(capsys.readouterr()) == ("", text)


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), CommandError("for main to print")])
def test_what_is_no_failure_of_a_tool_is_raised(error: Exception, run: Runner) -> None:
    with pytest.raises(type(error)):
        run(error, TRACED)


def test_a_tool_that_is_not_there_says_so_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_tool(Tool("made", "", script="kafka-made"), ("--list",)) == 1
    assert tuple(capsys.readouterr()) == ("", "kafka-made is not in Ottla yet\n")
