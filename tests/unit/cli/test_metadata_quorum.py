import re

import pytest

from ottla.cli.failures import ToolError
from ottla.cli.metadata_quorum import main


def test_the_quorum_is_described(bootstrap: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--bootstrap-server", bootstrap, "describe", "--status"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^LeaderId:               1$", out, re.MULTILINE)
    assert re.search(r'^CurrentVoters:          \[\{"id": 1, ', out, re.MULTILINE)
    assert main(["--bootstrap-server", bootstrap, "describe", "--replication", "--human-readable"]) == 0
    assert re.search(r"^1 +\t.* ms ago +\t.* ms ago +\tLeader\t$", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "One of --status or --replication must be specified with describe sub-command"),
        (["--status", "--replication"], "Only one of --status or --replication should be specified"),
        (
            ["--status", "--human-readable"],
            "The option --human-readable is only supported along with --replication",
        ),
    ],
)
def test_one_view_is_described_at_a_time(options: list[str], words: str) -> None:
    with pytest.raises(ToolError) as caught:
        main(["--bootstrap-server", "127.0.0.1:1", "describe", *options])
    assert (caught.value.message or "").startswith(words)


def test_a_controller_is_removed_by_its_id_and_directory(capsys: pytest.CaptureFixture[str]) -> None:
    line = [
        "--bootstrap-server",
        "127.0.0.1:1",
        "remove-controller",
        "-i",
        "3",
        "-d",
        "AAAAAAAAAAAAAAAAAAAABw",
    ]
    assert main([*line, "--dry-run"]) == 0
    assert capsys.readouterr().out == (
        "DRY RUN of removing  KRaft controller 3 with directory id AAAAAAAAAAAAAAAAAAAABw\n"
    )
    with pytest.raises(
        ToolError, match="Failed to parse --controller-directory-id: Input string `AAAA` decoded as 3"
    ):
        main([*line[:-1], "AAAA"])


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ToolError, match="Properties file nowhere-at-all does not exists!"):
        main(
            [
                "--bootstrap-server",
                "127.0.0.1:1",
                "--command-config",
                "nowhere-at-all",
                "describe",
                "--status",
            ]
        )


def test_arguments_that_cannot_be_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "--status"]) == 1
    assert capsys.readouterr().err.endswith(
        "error: one of the arguments --bootstrap-server --bootstrap-controller is required\n"
    )
    assert main(["--help"]) == 0
