import shlex

import pytest

from ottla.cli.acls import OPTIONS, check_options, listing, main
from ottla.cli.acls_entries import Entry, Resource
from ottla.cli.failures import UsageError
from ottla.cli.jopt import parse


def test_acls_are_listed_resource_by_resource() -> None:
    entries = [Entry("User:a", "*", "READ", "ALLOW"), Entry("User:b", "h", "ALL", "DENY")]
    assert listing({Resource("TOPIC", "t", "LITERAL"): entries}) == (
        "Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=t, patternType=LITERAL)`:\n"
        "\t(principal=User:a, host=*, operation=READ, permissionType=ALLOW)\n"
        "\t(principal=User:b, host=h, operation=ALL, permissionType=DENY)\n\n"
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--list", "One of --bootstrap-server or --bootstrap-controller must be specified"),
        (
            "--bootstrap-server a:1 --bootstrap-controller b:1 --list",
            "Only one of --bootstrap-server or --bootstrap-controller must be specified",
        ),
        ("--bootstrap-server a:1", "Command must include exactly one action: --list, --add, --remove. "),
        (
            "--bootstrap-server a:1 --list --deny-host h",
            'Option "[list]" can\'t be used with option "[deny-host]"',
        ),
        (
            "--bootstrap-server a:1 --add --producer --topic t --operation Read",
            'Option "[producer]" can\'t be used with option "[operation]"',
        ),
        (
            "--bootstrap-server a:1 --add --principal User:a",
            "The --principal option is only available if --list is set",
        ),
        ("--bootstrap-server a:1 --add --producer", "With --producer you must specify a --topic"),
        (
            "--bootstrap-server a:1 --add --idempotent",
            "The --idempotent option is only available if --producer is set",
        ),
        (
            "--bootstrap-server a:1 --add --consumer --topic t",
            "With --consumer you must specify a --topic and a --group",
        ),
        (
            "--bootstrap-server a:1 --add --consumer --topic t --group g --cluster",
            "With --consumer you must specify a --topic and a --group and no --cluster",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(line: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_options(parse(OPTIONS, shlex.split(line)))
    assert caught.value.text.startswith(words)


def test_a_producer_and_consumer_may_have_a_transactional_id() -> None:
    line = "--bootstrap-server a:1 --add --producer --consumer --topic t --group g --transactional-id x"
    check_options(parse(OPTIONS, shlex.split(line)))


def test_a_broker_without_an_authorizer_has_no_acls(
    bootstrap: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = f"--bootstrap-server {bootstrap} --add --allow-principal User:a --operation Read --topic t"
    assert main(shlex.split(line)) == 1
    disabled = "org.apache.kafka.common.errors.SecurityDisabledException: No Authorizer is configured."
    assert capsys.readouterr().out == (
        "Adding ACLs for resource `ResourcePattern(resourceType=TOPIC, name=t, patternType=LITERAL)`: \n"
        " \t(principal=User:a, host=*, operation=READ, permissionType=ALLOW)\n\n"
        f"Error while executing ACL command: {disabled}\n"
        f"java.util.concurrent.ExecutionException: {disabled}\nCaused by: {disabled}\n\n"
    )


def test_without_a_terminal_nobody_can_be_asked(bootstrap: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(shlex.split(f"--bootstrap-server {bootstrap} --remove --topic t")) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(
        "Are you sure you want to delete all ACLs for resource filter `ResourcePattern("
    )
    assert lines[1].startswith(
        'Error while executing ACL command: Cannot invoke "java.io.Console.readLine()"'
    )
