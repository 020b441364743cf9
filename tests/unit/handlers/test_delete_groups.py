"""DeleteGroups: each group has its own answer, once."""

from __future__ import annotations

from pathlib import Path

from tests.support.groups import GroupBroker

from ottla.errors import ErrorCode
from ottla.handlers.delete_groups import handle
from ottla.protocol.messages.delete_groups import DeleteGroupsRequest


def test_each_group_has_its_answer(tmp_path: Path) -> None:
    broker = GroupBroker(tmp_path / "data")
    broker.form_group("busy")
    broker.commit("idle", orders=1)
    request = DeleteGroupsRequest(groups_names=["busy", "idle", "missing", "missing", ""])
    response = handle(request, broker.context(2)).result()
    assert {result.group_id: result.error_code for result in response.results} == {
        "busy": ErrorCode.NON_EMPTY_GROUP,
        "idle": ErrorCode.NONE,
        "missing": ErrorCode.GROUP_ID_NOT_FOUND,
        "": ErrorCode.GROUP_ID_NOT_FOUND,
    }
    assert len(response.results) == 4
    broker.restart()
    assert [group.group_id for group in broker.groups.list_groups([], []).result()] == ["busy"]
