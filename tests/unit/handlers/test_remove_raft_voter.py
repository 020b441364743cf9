from __future__ import annotations

from pathlib import Path

from tests.unit.handlers.quorum_support import CLUSTER_ID, NODE_ID, QuorumNode, with_quorum
from tests.unit.handlers.test_add_raft_voter import DIRECTORY, record_voters

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.remove_raft_voter import RemoveRaftVoterRequest
from ottla.types import uuid_to_text


def test_configured_voters_stay_as_they_are(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        for cluster_id, voter_id, code, text in (
            (
                CLUSTER_ID,
                NODE_ID,
                ErrorCode.UNSUPPORTED_VERSION,
                "Cluster doesn't support removing voter because the kraft.version feature is 0",
            ),
            (
                "another",
                NODE_ID,
                ErrorCode.INCONSISTENT_CLUSTER_ID,
                f'The given id "another" doesn\'t match the cluster id "{CLUSTER_ID}"',
            ),
            (None, -1, ErrorCode.INVALID_REQUEST, "Remove voter request didn't include a valid voter"),
        ):
            request = RemoveRaftVoterRequest(
                cluster_id=cluster_id, voter_id=voter_id, voter_directory_id=DIRECTORY
            )
            answer = await started.ask(ApiKey.REMOVE_RAFT_VOTER, 0, request)
            assert (answer.error_code, answer.error_message) == (code, text)

    with_quorum(tmp_path, main)


def test_the_recorded_voter_cannot_go(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        await record_voters(started)
        own = uuid_to_text(started.quorum.directory_id)
        for directory in (started.quorum.directory_id, DIRECTORY):
            request = RemoveRaftVoterRequest(cluster_id=None, voter_id=NODE_ID, voter_directory_id=directory)
            answer = await started.ask(ApiKey.REMOVE_RAFT_VOTER, 0, request)
            assert (answer.error_code, answer.error_message) == (
                ErrorCode.VOTER_NOT_FOUND,
                (
                    f"Cannot remove voter ReplicaKey(id=1, directoryId={uuid_to_text(directory)}) from the set "
                    f"of voters [ReplicaKey(id=1, directoryId={own})]"
                ),
            )

    with_quorum(tmp_path, main)
