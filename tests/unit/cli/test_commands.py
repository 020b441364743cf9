import pytest

from ottla.cli.arguments import Argument, Command
from ottla.cli.commands import run_command

COMMANDS = (Command("show", "Show something."),)
SERVER = (Argument(("--server",), "where it is", required=True),)


def _run(*arguments: str) -> int:
    return run_command(
        "tool", "A tool.", COMMANDS, arguments, lambda parsed: len(parsed.values), options=SERVER
    )


def test_a_command_is_run_with_what_was_given() -> None:
    assert _run("--server", "s", "show") == 1


def test_help_is_printed_and_exits_as_an_error_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--help") == 1
    assert capsys.readouterr().out.startswith("usage: tool [-h] --server SERVER {show} ...")
    assert _run("show") == 1
    assert capsys.readouterr().err.endswith("tool: error: argument --server is required\n")
