"""ListGroups over all partitions of the offsets topic."""

from __future__ import annotations

from pathlib import Path

from tests.support.groups import GroupBroker, result_of
from tests.support.partitions import error_of

from ottla.coordination.partition_log import REPLAY_SLICE_BYTES
from ottla.errors import ErrorCode
from ottla.handlers.list_groups import handle
from ottla.protocol.messages.list_groups import ListGroupsRequest


def test_groups_of_all_shards_filtered(tmp_path: Path) -> None:
    broker = GroupBroker(tmp_path / "data")
    for group_id in "abcdef":
        broker.commit(group_id, orders=1)
    broker.form_group("stable")

    def listed(**fields: list[str]) -> set[str]:
        response = result_of(handle(ListGroupsRequest(**fields), broker.context(5)))
        return {group.group_id for group in response.groups}

    assert listed() == {*"abcdef", "stable"}
    assert listed(states_filter=["stable"]) == {"stable"}
    assert listed(types_filter=["consumer"]) == set()


def test_a_shard_that_is_loading_fails_the_answer(tmp_path: Path) -> None:
    broker = GroupBroker(tmp_path / "data")
    for number in range(2 + REPLAY_SLICE_BYTES // 4_000):
        broker.commit("g", orders=number, metadata="x" * 4_000)
    broker.restart()
    answer = handle(ListGroupsRequest(), broker.context(5))
    assert error_of(answer).code is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    broker.loop.turn()
    assert len(handle(ListGroupsRequest(), broker.context(5)).result().groups) == 1
