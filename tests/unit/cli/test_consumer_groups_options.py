import shlex

import pytest

from ottla.cli.consumer_groups_options import OPTIONS, check_action, check_options
from ottla.cli.failures import UsageError
from ottla.cli.jopt import OptionError, parse


def check(line: str) -> None:
    parsed = parse(OPTIONS, shlex.split(line))
    check_options(parsed)
    check_action(parsed)


@pytest.mark.parametrize(
    "line",
    [
        "--bootstrap-server a:1 --list",
        "--bootstrap-server a:1 --list --state --type classic",
        "--bootstrap-server a:1 --describe --group g --group h --members --verbose",
        "--bootstrap-server a:1 --describe --all-groups --state",
        "--bootstrap-server a:1 --delete --all-groups",
        "--bootstrap-server a:1 --delete-offsets --group g --topic t --topic u:0",
        "--bootstrap-server a:1 --reset-offsets --group g --all-topics --to-earliest --dry-run",
        "--validate-regex .*",
    ],
)
def test_options_that_go_together_pass(line: str) -> None:
    check(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--list", 'Missing required argument "[bootstrap-server]"'),
        ("--bootstrap-server a:1", "Command must include exactly one action: --list, --describe, --delete,"),
        ("--bootstrap-server a:1 --list --describe --all-groups", "Command must include exactly one action"),
        ("--bootstrap-server a:1 --describe", "Option [describe] takes one of these options: "),
        (
            "--bootstrap-server a:1 --describe --group g --members --state",
            "Option [describe] takes at most one of these options: [members], [offsets], [state]",
        ),
        (
            "--bootstrap-server a:1 --describe --group g --state empty",
            "Option [describe] does not take a value for [state]",
        ),
        ("--bootstrap-server a:1 --delete", "Option [delete] takes one of these options: "),
        (
            "--bootstrap-server a:1 --delete --group g --topic t",
            "The consumer does not support topic-specific offset",
        ),
        (
            "--bootstrap-server a:1 --delete-offsets --group g",
            "Option [delete-offsets] takes the following options: ",
        ),
        (
            "--bootstrap-server a:1 --reset-offsets --topic t --dry-run",
            "Option [reset-offsets] takes one of these options: ",
        ),
        (
            "--bootstrap-server a:1 --reset-offsets --group g --dry-run --execute",
            "Option [reset-offsets] only accepts one of [execute] and [dry-run]",
        ),
        (
            "--bootstrap-server a:1 --reset-offsets --group g --dry-run --to-latest --to-offset 1",
            'Option "[to-offset]" can\'t be used with option "[to-latest]"',
        ),
        (
            "--bootstrap-server a:1 --describe --group g --all-groups",
            'Option "[group]" can\'t be used with option "[all-groups]"',
        ),
        ("--bootstrap-server a:1 --list --group g", 'Option "[group]" can\'t be used with option "[list]"'),
        ("--bootstrap-server a:1 --list --topic t", 'Option "[topic]" can\'t be used with option "[list]"'),
    ],
)
def test_options_that_do_not_are_refused_with_kafkas_words(line: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(line)
    assert caught.value.text.startswith(words)


def test_columns_are_for_lists_and_descriptions_only() -> None:
    with pytest.raises(OptionError, match="unavailable given other options"):
        check("--bootstrap-server a:1 --delete --group g --verbose")


def test_a_reset_that_does_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    check("--bootstrap-server a:1 --reset-offsets --group g --topic t --to-latest")
    assert capsys.readouterr().err.startswith(
        "WARN: No action will be performed as the --execute option is missing."
    )
