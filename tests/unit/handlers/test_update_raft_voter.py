from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.handlers.quorum_support import CLUSTER_ID, NODE_ID, OTHER_ID, QuorumNode, with_quorum
from tests.unit.handlers.test_add_raft_voter import DIRECTORY, record_voters

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.update_raft_voter import (
    KRaftVersionFeature,
    UpdateRaftVoterRequest,
    VoterListener,
)


def update(started: QuorumNode, **fields: Any) -> UpdateRaftVoterRequest:
    lowest, highest = fields.pop("versions", (0, 1))
    return UpdateRaftVoterRequest(
        **{
            "cluster_id": CLUSTER_ID,
            "current_leader_epoch": started.epoch,
            "voter_id": NODE_ID,
            "voter_directory_id": started.quorum.directory_id,
            "listeners": [VoterListener(name="CONTROLLER", host="localhost", port=9093)],
            "kraft_version_feature": KRaftVersionFeature(
                min_supported_version=lowest, max_supported_version=highest
            ),
            **fields,
        }
    )


async def error_of(started: QuorumNode, **fields: Any) -> ErrorCode:
    answer = await started.ask(ApiKey.UPDATE_RAFT_VOTER, 0, update(started, **fields))
    leader = answer.current_leader
    assert (leader.leader_id, leader.leader_epoch, leader.port) == (NODE_ID, started.epoch, 9093)
    return ErrorCode(answer.error_code)


def test_this_voter_is_known_and_no_other(tmp_path: Path) -> None:
    elsewhere = [VoterListener(name="CONTROLLER", host="elsewhere", port=9093)]

    async def main(started: QuorumNode) -> None:
        for is_recorded in (False, True):
            if is_recorded:
                await record_voters(started)
            for fields, code in (
                ({}, ErrorCode.NONE),
                ({"voter_id": OTHER_ID}, ErrorCode.VOTER_NOT_FOUND),
                ({"listeners": elsewhere}, ErrorCode.INVALID_REQUEST),
                ({"listeners": []}, ErrorCode.INVALID_REQUEST),
                ({"voter_id": -1}, ErrorCode.INVALID_REQUEST),
                ({"versions": (1, 0)}, ErrorCode.INVALID_REQUEST),
                ({"versions": (-1, 1)}, ErrorCode.INVALID_REQUEST),
                ({"versions": (2, 3)}, ErrorCode.INVALID_REQUEST),
                ({"cluster_id": "another"}, ErrorCode.INCONSISTENT_CLUSTER_ID),
                ({"current_leader_epoch": started.epoch - 1}, ErrorCode.FENCED_LEADER_EPOCH),
                ({"current_leader_epoch": started.epoch + 1}, ErrorCode.UNKNOWN_LEADER_EPOCH),
            ):
                assert await error_of(started, **fields) is code, fields
            other_directory = ErrorCode.VOTER_NOT_FOUND if is_recorded else ErrorCode.NONE
            assert await error_of(started, voter_directory_id=DIRECTORY) is other_directory

    with_quorum(tmp_path, main)
