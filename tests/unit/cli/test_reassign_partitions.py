import json
from pathlib import Path
from random import Random

import pytest
from tests.support.live_broker import LiveBroker

from ottla.cli.reassign_partitions import main, propose
from ottla.types import TopicPartition

SAME = {"partitions": [{"topic": "one", "partition": 0, "replicas": [1]}]}
CURRENT = '{"version":1,"partitions":[{"topic":"one","partition":0,"replicas":[1],"log_dirs":["any"]}]}'


def written(folder: Path, content: object) -> str:
    path = folder / "plan.json"
    path.write_text(json.dumps(content))
    return str(path)


def test_as_many_replicas_as_there_are_now_are_proposed() -> None:
    current = {TopicPartition("t", number): (1, 2) for number in range(4)} | {TopicPartition("u", 0): (1,)}
    proposed = propose(current, dict.fromkeys((1, 2, 3)), Random(0))
    assert proposed.keys() == current.keys()
    assert {len(replicas) for each, replicas in proposed.items() if each.topic == "t"} == {2}
    assert len(proposed[TopicPartition("u", 0)]) == 1


def test_a_plan_is_proposed_for_topics(
    bootstrap: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, {"topics": [{"topic": "one"}]})
    line = ["--bootstrap-server", bootstrap, "--generate", "--topics-to-move-json-file", path]
    assert main([*line, "--broker-list", "1,9"]) == 0
    assert capsys.readouterr().out == (
        f"Current partition replica assignment\n{CURRENT}\n\n"
        f"Proposed partition reassignment configuration\n{CURRENT}\n"
    )
    assert main([*line, "--broker-list", "9"]) == 1
    assert capsys.readouterr().out.startswith("Error: All brokers are currently fenced.\n")


def test_a_plan_is_carried_out_throttled_and_verified(
    bootstrap: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["--bootstrap-server", bootstrap, "--reassignment-json-file", written(tmp_path, SAME)]
    assert main([*line, "--execute", "--throttle", "5000", "--replica-alter-log-dirs-throttle", "7"]) == 0
    assert capsys.readouterr().out == (
        f"Current partition replica assignment\n\n{CURRENT}\n\n"
        "Save this to use as the --reassignment-json-file option during rollback\n"
        "Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is "
        "removed.\n"
        "The inter-broker throttle limit was set to 5000 B/s\n"
        "The replica-alter-dir throttle limit was set to 7 B/s\n"
        "Successfully started partition reassignment for one-0\n"
    )
    assert main([*line, "--verify"]) == 0
    assert capsys.readouterr().out == (
        "Status of partition reassignment:\nReassignment of partition one-0 is completed.\n\n"
        "Clearing broker-level throttles on broker 1\nClearing topic-level throttles on topic one\n"
    )
    assert main([*line, "--cancel"]) == 0
    assert capsys.readouterr().out == (
        "None of the specified partition reassignments are active.\n"
        "None of the specified partition moves are active.Clearing broker-level throttles on broker 1\n"
        "Clearing topic-level throttles on topic one\n"
    )


def test_replicas_move_to_directories(
    bootstrap: str, live_broker: LiveBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = str(live_broker.directory)
    plan = {"partitions": [{"topic": "one", "partition": 0, "replicas": [1], "log_dirs": [directory]}]}
    line = ["--bootstrap-server", bootstrap, "--reassignment-json-file", written(tmp_path, plan)]
    assert main([*line, "--execute"]) == 0
    assert capsys.readouterr().out.endswith(
        f"Successfully started moving log directory to {directory} for replica one-0 with broker 1 \n"
    )
    assert main([*line, "--verify", "--preserve-throttles"]) == 0
    assert capsys.readouterr().out.endswith("\nReassignment of replica one-0-1 completed successfully.\n")


def test_a_broker_that_is_not_there_gets_nothing(
    bootstrap: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = {"partitions": [{"topic": "one", "partition": 0, "replicas": [1, 9]}]}
    line = ["--bootstrap-server", bootstrap, "--execute", "--reassignment-json-file", written(tmp_path, plan)]
    assert main(line) == 1
    assert capsys.readouterr().out == (
        "Error: Unknown broker id 9\norg.apache.kafka.tools.AdminCommandFailedException: Unknown broker id 9\n\n"
    )


def test_the_number_behind_the_last_partition_trips_kafkas_tool_and_so_ours(
    bootstrap: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["--bootstrap-server", bootstrap, "--verify", "--reassignment-json-file"]
    plan = {"partitions": [{"topic": "one", "partition": 1, "replicas": [1]}]}
    assert main([*line, written(tmp_path, plan)]) == 1
    assert capsys.readouterr().out.startswith("Error: Index 1 out of bounds for length 1\n")


def test_nothing_moves(bootstrap: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--bootstrap-server", bootstrap, "--list"]) == 0
    assert capsys.readouterr().out == "No partition reassignments found.\n"
