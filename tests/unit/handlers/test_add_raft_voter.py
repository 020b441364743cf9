from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.handlers.quorum_support import CLUSTER_ID, NODE_ID, OTHER_ID, QuorumNode, with_quorum

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.add_raft_voter import AddRaftVoterRequest, VoterListener
from ottla.protocol.messages.update_features import FeatureUpdateKey, UpdateFeaturesRequest
from ottla.types import ZERO_UUID, Uuid, uuid_to_text

DIRECTORY = Uuid(b"elsewhere-------")


def voter(**fields: Any) -> AddRaftVoterRequest:
    listener = VoterListener(name="CONTROLLER", host="elsewhere", port=9093)
    return AddRaftVoterRequest(
        **{
            "cluster_id": CLUSTER_ID,
            "voter_id": OTHER_ID,
            "voter_directory_id": DIRECTORY,
            "listeners": [listener],
            **fields,
        }
    )


async def record_voters(started: QuorumNode) -> None:
    """Raise kraft.version, so that the log names its voters."""
    update = FeatureUpdateKey(feature="kraft.version", max_version_level=1)
    answer = await started.ask(ApiKey.UPDATE_FEATURES, 2, UpdateFeaturesRequest(feature_updates=[update]))
    assert answer.error_code == ErrorCode.NONE, answer


def test_configured_voters_stay_as_they_are(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        for request, code, text in (
            (
                voter(),
                ErrorCode.UNSUPPORTED_VERSION,
                "Cluster doesn't support adding voter because the kraft.version feature is 0",
            ),
            (
                voter(cluster_id="another"),
                ErrorCode.INCONSISTENT_CLUSTER_ID,
                f'The given id "another" doesn\'t match the cluster id "{CLUSTER_ID}"',
            ),
            (
                voter(voter_id=-1),
                ErrorCode.INVALID_REQUEST,
                "Add voter request didn't include a valid voter",
            ),
            (
                voter(voter_directory_id=ZERO_UUID),
                ErrorCode.INVALID_REQUEST,
                "Add voter request didn't include a valid voter",
            ),
            (
                voter(listeners=[]),
                ErrorCode.INVALID_REQUEST,
                (
                    "Add voter request didn't include the endpoint (Endpoints(endpoints={})) for the default listener "
                    "ListenerName(CONTROLLER)"
                ),
            ),
        ):
            answer = await started.ask(ApiKey.ADD_RAFT_VOTER, 0, request)
            assert (answer.error_code, answer.error_message) == (code, text)

    with_quorum(tmp_path, main)


def test_the_recorded_voter_stays_the_only_one(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        await record_voters(started)
        answer = await started.ask(ApiKey.ADD_RAFT_VOTER, 0, voter())
        assert (answer.error_code, answer.error_message) == (
            ErrorCode.INVALID_REQUEST,
            "This cluster has one node only; other voters are not supported",
        )
        own = uuid_to_text(started.quorum.directory_id)
        answer = await started.ask(ApiKey.ADD_RAFT_VOTER, 0, voter(voter_id=NODE_ID))
        assert (answer.error_code, answer.error_message) == (
            ErrorCode.DUPLICATE_VOTER,
            (
                f"The voter id for ReplicaKey(id=1, directoryId={uuid_to_text(DIRECTORY)}) is already part of the set "
                f"of voters [ReplicaKey(id=1, directoryId={own})]."
            ),
        )

    with_quorum(tmp_path, main)
