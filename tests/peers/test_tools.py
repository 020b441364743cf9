"""The warm JVM treats each run as a process of its own: arguments, streams, exit code, many at once."""

import concurrent.futures
import re

import pytest

from tests.peers.tools import KafkaTools, ToolTimeoutError

pytestmark = pytest.mark.java


def test_a_run_has_its_own_output_and_exit_code(kafka_tools: KafkaTools) -> None:
    done = kafka_tools.run("StorageTool", ["random-uuid"])
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}\n", done.stdout)
    assert (done.stderr, done.exit_code) == ("", 0)


def test_a_tool_that_leaves_by_exit_ends_the_run_and_not_the_jvm(kafka_tools: KafkaTools) -> None:
    done = kafka_tools.run("TopicCommand", ["--list"])
    assert done.exit_code == 1
    assert "--bootstrap-server must be specified" in done.stderr
    assert kafka_tools.run("TopicCommand", ["--version"]).stdout == "4.1.1\n"


def test_runs_at_the_same_time_keep_their_outputs_apart(kafka_tools: KafkaTools) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(kafka_tools.run, "StorageTool", ["random-uuid"]) for _ in range(20)]
        outputs = [run.result().stdout for run in runs]
    assert len(set(outputs)) == 20
    assert {len(output) for output in outputs} == {23}


def test_a_run_that_takes_too_long_is_reported_with_its_words(kafka_tools: KafkaTools) -> None:
    with pytest.raises(ToolTimeoutError, match="has not ended in time"):
        kafka_tools.run("TopicCommand", ["--bootstrap-server", "localhost:1", "--list"], timeout_s=0.5)


def test_a_tool_that_leaves_by_the_end_of_the_jvm_ends_the_run_alone(kafka_tools: KafkaTools) -> None:
    done = kafka_tools.run("ClusterTool", ["frobnicate"])
    assert done.exit_code == 1
    assert "kafka-cluster: error: invalid choice:" in done.stderr
    assert kafka_tools.run("TopicCommand", ["--version"]).stdout == "4.1.1\n"
