import shlex

import pytest

from ottla.cli.failures import UsageError
from ottla.cli.jopt import parse
from ottla.cli.reassign_partitions_options import ACTIONS, OPTIONS, check_options


def check(line: str) -> str:
    return check_options(parse(OPTIONS, shlex.split(line)))


def test_every_action_names_options_that_there_are() -> None:
    names = {row.name for row in OPTIONS} | {"bootstrap"}
    for name, action in ACTIONS.items():
        assert {name, *action.needed, *action.permitted} <= names


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("--bootstrap-server a:1 --list", "list"),
        ("--bootstrap-controller a:1 --cancel --reassignment-json-file f --preserve-throttles", "cancel"),
        ("--bootstrap-server a:1 --execute --reassignment-json-file f --throttle 5 --additional", "execute"),
        ("--bootstrap-server a:1 --generate --topics-to-move-json-file f --broker-list 1", "generate"),
        ("--bootstrap-server a:1 --verify --reassignment-json-file f", "verify"),
    ],
)
def test_options_that_go_together_name_the_action(line: str, action: str) -> None:
    assert check(line) == action


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "--bootstrap-server a:1",
            "Command must include exactly one action: --generate, --execute, --verify, --cancel, --list",
        ),
        ("--list", "Please specify either --bootstrap-server or --bootstrap-controller"),
        (
            "--list --bootstrap-server a:1 --bootstrap-controller a:1",
            "Please don't specify both --bootstrap-server and --bootstrap-controller",
        ),
        ("--bootstrap-server a:1 --execute", 'Missing required argument "[reassignment-json-file]"'),
        (
            "--bootstrap-server a:1 --generate --topics-to-move-json-file f",
            'Missing required argument "[broker-list]"',
        ),
        (
            "--bootstrap-controller a:1 --verify --reassignment-json-file f",
            'Option "[bootstrap-controller]" can\'t be used with action "[verify]"',
        ),
        (
            "--bootstrap-server a:1 --list --timeout 5",
            'Option "[timeout]" can\'t be used with action "[list]"',
        ),
    ],
)
def test_options_that_do_not_are_refused(line: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(line)
    assert caught.value.text.startswith(words)
