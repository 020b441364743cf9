from collections.abc import Callable

import pytest

from ottla.cli.consumer_groups_describe import describe_members, describe_offsets, describe_states, offsets_at
from ottla.cli.failures import ToolError
from ottla.cli.group_requests import commit_offsets
from ottla.client.cluster import Cluster
from ottla.client.leaders import EARLIEST, LATEST
from ottla.types import TopicPartition

Member = Callable[[str, str], None]


def test_offsets_without_members_are_shown(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    commit_offsets(cluster, "described", {TopicPartition("one", 0): 3, TopicPartition("three", 1): 0})
    describe_offsets(cluster, ["described"], verbose=False)
    captured = capsys.readouterr()
    assert captured.err == "\nConsumer group 'described' has no active members.\n"
    assert captured.out.startswith("\nGROUP ")
    rows = sorted(line.split() for line in captured.out.splitlines()[2:])
    assert rows == [
        ["described", "one", "0", "3", "5", "2", "-", "-", "-"],
        ["described", "three", "1", "0", "0", "0", "-", "-", "-"],
    ]


def test_members_offsets_and_states_are_shown(
    cluster: Cluster, member: Member, capsys: pytest.CaptureFixture[str]
) -> None:
    member("read-alone", "three")
    describe_members(cluster, ["read-alone"], verbose=True)
    header, row = capsys.readouterr().out.splitlines()[1:]
    assert header.split()[:5] == ["GROUP", "CONSUMER-ID", "HOST", "CLIENT-ID", "#PARTITIONS"]
    assert row.split()[2:] == ["/127.0.0.1", "adminclient-1", "3", "-", "three:0,1,2", "-", "-"]
    describe_offsets(cluster, ["read-alone"], verbose=False)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert sorted(each[1:6] for each in rows) == [
        ["three", str(number), "-", "0", "-"] for number in range(3)
    ]
    describe_states(cluster, ["read-alone"], verbose=False)
    assert capsys.readouterr().out.splitlines()[2].split()[-3:] == ["range", "Stable", "1"]


def test_a_group_that_is_not_there_leaves_nothing_printed(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    commit_offsets(cluster, "there", {TopicPartition("one", 0): 3})
    with pytest.raises(ToolError, match="Group not-there not found"):
        describe_states(cluster, ["there", "not-there"], verbose=True)
    assert capsys.readouterr().out == ""


def test_offsets_come_in_the_order_of_javas_hash_map(cluster: Cluster) -> None:
    partitions = [TopicPartition("three", number) for number in (2, 0, 1)]
    assert set(offsets_at(cluster, partitions, LATEST)) == set(partitions)
    one = TopicPartition("one", 0)
    assert offsets_at(cluster, [one, partitions[0]], LATEST) == {one: 5, partitions[0]: 0}
    assert offsets_at(cluster, [one], EARLIEST) == {one: 0}
    assert offsets_at(cluster, [], LATEST) == {}
    with pytest.raises(ToolError) as caught:
        offsets_at(cluster, [TopicPartition("missing", 0)], LATEST)
    assert caught.value.java_class == "java.lang.RuntimeException"
