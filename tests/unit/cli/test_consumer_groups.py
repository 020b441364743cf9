import shlex

import pytest

from ottla.cli.consumer_groups import main
from ottla.cli.failures import UsageError


def run(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(shlex.split(line)) == 0
    return capsys.readouterr().out


@pytest.fixture
def server(bootstrap: str) -> str:
    return f"--bootstrap-server {bootstrap}"


def test_groups_are_listed_with_or_without_columns(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(f"{server} --reset-offsets --group listed --topic one --to-earliest --execute", capsys)
    assert "listed" in run(f"{server} --list", capsys).split()
    assert f"{'listed':<15}".rstrip() in run(f"{server} --list --state empty --type classic", capsys)
    assert "listed" not in run(f"{server} --list --state stable", capsys)
    for option, words in (
        ("--state bogus", "Invalid state list 'bogus'. "),
        ("--type share", "Invalid types list 'share'. "),
    ):
        with pytest.raises(UsageError) as caught:
            main(shlex.split(f"{server} --list {option}"))
        assert caught.value.text.startswith(words)


def test_groups_are_deleted_and_what_hinders_it_is_said(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("deleted-a", "deleted-b"):
        run(f"{server} --reset-offsets --group {name} --topic one --to-earliest --execute", capsys)
    assert run(f"{server} --delete --group deleted-a", capsys) == (
        "Deletion of requested consumer groups ('deleted-a') was successful.\n"
    )
    assert run(f"{server} --delete --group deleted-a --group deleted-b", capsys) == (
        "\nError: Deletion of some consumer groups failed:\n"
        "* Group 'deleted-a' could not be deleted due to: "
        "org.apache.kafka.common.errors.GroupIdNotFoundException: The group id does not exist.\n"
        "\nThese consumer groups were deleted successfully: 'deleted-b'\n"
    )


def test_offsets_are_deleted(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(f"{server} --reset-offsets --group forgets --topic one --topic three --to-latest --execute", capsys)
    assert run(
        f"{server} --delete-offsets --group forgets --topic one --topic three:1 --topic missing", capsys
    ) == (
        "Request succeeded for deleting offsets from group forgets.\n"
        f"\n{'TOPIC':<15} {'PARTITION':<10} {'STATUS':<15}"
        f"\n{'missing':<15} {'-':<10} Error: org.apache.kafka.common.errors.UnknownTopicOrPartitionException: "
        "This server does not host this topic-partition."
        f"\n{'one':<15} {'0':<10} {'Successful':<15}"
        f"\n{'three':<15} {'1':<10} {'Successful':<15}\n"
    )
    out = run(f"{server} --delete-offsets --group nobody --topic one", capsys)
    assert out.startswith("\nError: The group id does not exist.\n\nTOPIC")


def test_what_goes_wrong_behind_the_options_is_printed_and_no_error(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(shlex.split(f"{server} --describe --group nobody")) == 0
    captured = capsys.readouterr()
    assert captured.out == (
        "\nError: Executing consumer group command failed due to "
        "org.apache.kafka.common.errors.GroupIdNotFoundException: Group nobody not found.\n"
    )
    assert captured.err.startswith(
        "java.util.concurrent.ExecutionException: org.apache.kafka.common.errors.Group"
    )
    assert "Cannot parse argument 'soon' of option timeout" in run(f"{server} --list --timeout soon", capsys)


def test_expressions_are_looked_at_without_a_broker(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--validate-regex a.*", capsys) == "The regular expression `a.*` is valid.\n"
    assert (
        run("--validate-regex a(", capsys) == "The regular expression `a(` is invalid: missing closing ).\n"
    )
