import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from ottla.cli.consumer_groups_options import OPTIONS
from ottla.cli.consumer_groups_reset import reset_offsets
from ottla.cli.failures import ToolError, UsageError
from ottla.cli.group_requests import CommittedOffset, commit_offsets, committed_offsets
from ottla.cli.jopt import parse
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError
from ottla.types import TopicPartition

ONE = TopicPartition("one", 0)
THREE = [TopicPartition("three", number) for number in range(3)]


def reset(cluster: Cluster, line: str) -> dict[str, dict[TopicPartition, int]]:
    parsed = parse(OPTIONS, shlex.split(f"--reset-offsets {line}"))
    return reset_offsets(cluster, parsed, parsed.texts("group"))


@pytest.fixture(scope="module")
def prepared(bootstrap: str) -> str:
    """Give a group that has read three of the five records of `one`."""
    from tests.support.client_cluster import cluster_of

    with cluster_of(bootstrap) as cluster:
        commit_offsets(cluster, "reset", {ONE: 3})
    return "reset"


@pytest.mark.parametrize(
    ("specification", "offset"),
    [
        ("--to-earliest", 0),
        ("--to-latest", 5),
        ("--to-current", 3),
        ("--to-offset 2", 2),
        ("--to-offset 99", 5),
        ("--to-offset -1", 0),
        ("--shift-by -2", 1),
        ("--shift-by 9", 5),
        ("--to-datetime 2001-01-01T00:00:00.000", 0),
        ("--to-datetime 2099-01-01T00:00:00.000", 5),
        ("--by-duration PT0S", 5),
        ("--by-duration P5000D", 0),
    ],
)
def test_every_specification_gives_an_offset(
    cluster: Cluster, prepared: str, specification: str, offset: int
) -> None:
    for scope in ("--topic one", "--topic one:0", "--all-topics"):
        assert reset(cluster, f"--group {prepared} {scope} {specification}") == {prepared: {ONE: offset}}
    assert committed_offsets(cluster, prepared) == {ONE: CommittedOffset(3)}


def test_offsets_beyond_a_partition_are_warned_of(
    cluster: Cluster, prepared: str, capsys: pytest.CaptureFixture[str]
) -> None:
    reset(cluster, f"--group {prepared} --topic one --to-offset 99")
    assert (
        "New offset (99) is higher than latest offset for topic partition one-0. Value will be set to 5"
        in (capsys.readouterr().err)
    )


def test_an_empty_partition_falls_back_to_its_end(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reset(cluster, "--group new --topic three:1 --to-datetime 2001-01-01T00:00:00.000") == {
        "new": {THREE[1]: 0}
    }
    assert capsys.readouterr().out == (
        "\nWarn: Partition 1 from topic three is empty. Falling back to latest known offset.\n"
    )


def test_a_reset_is_done_when_it_is_asked_for(cluster: Cluster) -> None:
    assert reset(cluster, "--group done --topic one --topic three:2 --to-latest --execute") == {
        "done": {ONE: 5, THREE[2]: 0}
    }
    assert committed_offsets(cluster, "done") == {ONE: CommittedOffset(5), THREE[2]: CommittedOffset(0)}


def test_a_reset_may_follow_a_file(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text("by-file,one,0,4\n")
    assert reset(cluster, f"--group by-file --group other --from-file {plan}") == {
        "by-file": {ONE: 4},
        "other": {},
    }
    assert capsys.readouterr().out == "\nError: No reset plan for group other found\n"
    with pytest.raises(ToolError, match="Unable to read file nowhere"):
        reset(cluster, "--group by-file --from-file nowhere.csv")


def test_a_group_with_members_is_left_alone(
    cluster: Cluster, member: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    member("busy", "one")
    assert reset(cluster, "--group busy --topic one --to-latest --execute") == {"busy": {}}
    assert capsys.readouterr().out == (
        "\nError: Assignments can only be reset if the group 'busy' is inactive, but the current state is Stable.\n"
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--to-latest", "One of the reset scopes should be defined: --all-topics, --topic."),
        ("--topic one", "Option '[reset-offsets]' requires one of the following scenarios: [["),
    ],
)
def test_scope_and_specification_are_needed(cluster: Cluster, line: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        reset(cluster, f"--group g {line}")
    assert caught.value.text.startswith(words)


def test_what_is_not_there_cannot_be_reset(cluster: Cluster) -> None:
    with pytest.raises(ApiError, match="This server does not host this topic-partition"):
        reset(cluster, "--group g --topic missing --to-latest")
    with pytest.raises(
        ToolError, match="Cannot shift offset for partition one-0 since there is no current committed"
    ):
        reset(cluster, "--group g --topic one --shift-by 1")
