import pytest

from ottla.cli.client_metrics import main
from ottla.cli.failures import ToolError, UsageError

SERVER = ["--bootstrap-server", "localhost:1"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", "This tool helps to manipulate and describe client metrics configurations."),
        (
            "--list --alter",
            "Command must include exactly one action: --alter, --delete, --describe or --list.",
        ),
        ("--nonsense", "nonsense is not a recognized option"),
        (
            "--list --name a --bootstrap-server s:1",
            r'Option "\[list\]" can\'t be used with option "\[name\]"',
        ),
    ],
)
def test_a_wrong_command_line_gets_the_options(arguments: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        main(arguments.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--list"], "--bootstrap-server must be specified."),
        ([*SERVER, "--alter"], "One of --name or --generate-name must be specified with --alter."),
        ([*SERVER, "--alter", "--name", "a", "--generate-name"], "One of --name or --generate-name"),
        (
            [*SERVER, "--alter", "--name", "a", "--interval", "soon"],
            "Invalid interval value. Enter an integer",
        ),
        ([*SERVER, "--delete"], "A client metrics resource name must be specified with --delete."),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], words: str) -> None:
    with pytest.raises(ToolError, match=words):
        main(arguments)
