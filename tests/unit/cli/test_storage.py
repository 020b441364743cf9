import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from ottla.cli.main import main
from ottla.metadata.formatting import read_bootstrap_records
from ottla.metadata.records import UserScramCredentialRecord
from ottla.metadata.snapshot import decode_snapshot
from ottla.protocol.raft_records import VotersRecord
from ottla.storage.files import FileSystem

CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
STATIC = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": "1@localhost:9093",
    "listeners": "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
    "controller.listener.names": "CONTROLLER",
}
DYNAMIC = {
    **{name: text for name, text in STATIC.items() if name != "controller.quorum.voters"},
    "controller.quorum.bootstrap.servers": "localhost:9093",
}


def config(tmp_path: Path, properties: Mapping[str, str] = STATIC, **more: str) -> str:
    """Write a configuration whose data directory is `data`, and return its name."""
    lines = {"log.dirs": str(tmp_path / "data"), **properties}
    lines |= {name.replace("_", "."): text for name, text in more.items()}
    file = tmp_path / "server.properties"
    file.write_text("".join(f"{name}={text}\n" for name, text in lines.items()))
    return str(file)


def storage(*arguments: str) -> int:
    return main(["storage", *arguments])


def test_a_random_id_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert storage("random-uuid") == 0
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{21}\n", capsys.readouterr().out)


def test_a_directory_is_formatted_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = config(tmp_path)
    data = tmp_path / "data"
    assert storage("format", "-t", CLUSTER_ID, "-c", file) == 0
    captured = capsys.readouterr()
    assert captured.out == f"Formatting metadata directory {data} with metadata.version 4.1-IV1.\n"
    assert captured.err == ""
    assert f"cluster.id={CLUSTER_ID}\n" in (data / "meta.properties").read_text()
    assert storage("format", "-t", CLUSTER_ID, "-c", file) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"Log directory {data} is already formatted. Use --ignore-formatted to ignore this directory and format the "
        "others.\n"
    )
    assert storage("format", "-t", CLUSTER_ID, "-c", file, "-g") == 0
    assert capsys.readouterr().out == "All of the log directories are already formatted.\n"
    assert storage("info", "-c", file) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Found log directory:\n  {data}\n\nFound metadata: {{cluster.id={CLUSTER_ID}, ")
    assert out.endswith("}\n\n")


def test_users_and_features_are_in_the_first_records(tmp_path: Path) -> None:
    file = config(tmp_path)
    scram = "SCRAM-SHA-512=[name=alice,password=secret]"
    assert storage("format", "-t", "x", "-c", file, "-r", "4.0", "-f", "group.version=0", "-S", scram) == 0
    features, user = read_bootstrap_records(FileSystem(), tmp_path / "data")[::2]
    assert features.name == "metadata.version"
    assert isinstance(user, UserScramCredentialRecord)
    assert user.name == "alice"


def test_a_single_controller_may_record_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert storage("format", "--standalone", "-t", "x", "-c", config(tmp_path, DYNAMIC)) == 0
    data = tmp_path / "data"
    assert capsys.readouterr().out == (
        f"Formatting dynamic metadata voter directory {data} with metadata.version 4.1-IV1.\n"
    )
    checkpoint = data / "__cluster_metadata-0" / "00000000000000000000-0000000000.checkpoint"
    voters = decode_snapshot(checkpoint.read_bytes()).quorum[1]
    assert isinstance(voters, VotersRecord)
    assert [(voter.voter_id, voter.endpoints[0].port) for voter in voters.voters] == [(1, 9093)]


def test_the_environment_counts_as_it_does_for_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTTLA_LOG_DIRS", str(tmp_path / "other"))
    assert storage("format", "-t", "x", "-c", config(tmp_path)) == 0
    assert str(tmp_path / "other") in capsys.readouterr().out
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("properties", "more", "text"),
    [
        (
            DYNAMIC,
            [],
            (
                "Because controller.quorum.voters is not set on this controller, you must specify one of the "
                "following: --standalone, --initial-controllers, or --no-initial-controllers."
            ),
        ),
        (
            STATIC,
            ["--standalone"],
            (
                "You cannot specify controller.quorum.voters and format the node with --initial-controllers or "
                "--standalone. If you want to use dynamic quorum, please remove controller.quorum.voters and specify "
                "controller.quorum.bootstrap.servers instead."
            ),
        ),
        (DYNAMIC, ["-I", "1"], "No @ found in dynamic voter string."),
        (
            STATIC,
            ["-f", "group.version"],
            "Can't parse feature=level string group.version: equals sign not found.",
        ),
        (
            STATIC,
            ["-f", "group.version=x"],
            "Can't parse feature=level string group.version=x: unable to parse x as a short.",
        ),
        (STATIC, ["-S", "x"], "Failed to find equals sign in SCRAM argument 'x'"),
        (STATIC, ["-f", "magic=1", "-r", "4.1"], "Unsupported feature: magic. Supported features are: "),
        (STATIC, ["-r", "2.0"], "Version 2.0 is not a valid version."),
        (
            STATIC | {"node.id": "x"},
            [],
            "Invalid value x for configuration node.id: Not a number of type INT",
        ),
        (
            {**DYNAMIC, "process.roles": "broker", "listeners": "PLAINTEXT://localhost:9092"},
            ["--standalone"],
            "You can only use --standalone on a controller.",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line_on_standard_error_and_leaves_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    properties: Mapping[str, str],
    more: list[str],
    text: str,
) -> None:
    assert storage("format", "-t", "x", "-c", config(tmp_path, properties), *more) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith(text)
    assert not (tmp_path / "data").exists()


def test_a_rule_between_options_is_named_with_its_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = config(tmp_path, STATIC, controller_quorum_voters="2@localhost:9093")
    assert storage("info", "-c", file) == 1
    assert capsys.readouterr().err.endswith(f"controller.quorum.voters=Set(2) ({file}:2, {file}:4)\n")


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert storage("info", "-c", "/nonexistent/x") == 1
    assert capsys.readouterr().err == "ottla: cannot read /nonexistent/x: No such file or directory\n"


def test_an_unformatted_directory_is_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert storage("info", "-c", config(tmp_path)) == 1
    assert capsys.readouterr().out == f"Found problem:\n  {tmp_path / 'data'} does not exist\n\n"


def test_features_are_asked_about(capsys: pytest.CaptureFixture[str]) -> None:
    assert storage("version-mapping", "-r", "3.9") == 0
    assert capsys.readouterr().out.startswith("metadata.version=21 (3.9)\nkraft.version=1\n")
    assert storage("feature-dependencies", "-f", "group.version=1", "-f", "magic=1") == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (
        "group.version=1 has no dependencies.\n",
        "Unknown feature: magic\n",
    )


def test_wrong_arguments_show_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert storage("format") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("usage: kafka-storage format [-h] --config CONFIG")
    assert captured.err.endswith("kafka-storage: error: argument --cluster-id/-t is required\n")


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert storage("format", "--help") == 0
    assert "--initial-controllers" in capsys.readouterr().out
