"""The `quorum-state` file: who leads the metadata quorum in which epoch (Kafka's `QuorumStateData`, facts 2.5).

It is version 0 while the voters are configured (kraft.version 0), version 1 once they are recorded in the log.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.types import ZERO_UUID, uuid_to_text

FILE_NAME = "quorum-state"


@dataclass(frozen=True, slots=True)
class QuorumState:
    """The part of the file that a single voter needs."""

    leader_epoch: int
    leader_id: int
    voter_ids: tuple[int, ...] | None
    """The voters of version 0; None in version 1, where the log names them."""

    @property
    def kraft_version(self) -> int:
        """The kraft.version that the file was written at."""
        return 1 if self.voter_ids is None else 0


def encode_leader(node_id: int, leader_epoch: int, kraft_version: int) -> bytes:
    """Return the file's content when this node, the only voter, leads an epoch."""
    fields: dict[str, object] = {"leaderId": node_id, "leaderEpoch": leader_epoch, "votedId": -1}
    if kraft_version == 0:
        voters = [{"voterId": node_id}]
        fields = {"clusterId": "", **fields, "appliedOffset": 0, "currentVoters": voters, "data_version": 0}
    else:
        fields = {**fields, "votedDirectoryId": uuid_to_text(ZERO_UUID), "data_version": 1}
    return json.dumps(fields, separators=(",", ":")).encode("ascii")


def decode_quorum_state(content: bytes) -> QuorumState:
    """Return what the file says.

    Raises InconsistentMetadataError when it is no quorum state of version 0 or 1.
    """
    try:
        fields = json.loads(content)
        version = fields["data_version"]
        if version not in {0, 1}:
            raise InconsistentMetadataError(f"{FILE_NAME} has version {version}; versions 0 and 1 are known")
        voters = fields["currentVoters"] if version == 0 else None
        return QuorumState(
            leader_epoch=int(fields["leaderEpoch"]),
            leader_id=int(fields["leaderId"]),
            voter_ids=None if voters is None else tuple(int(voter["voterId"]) for voter in voters),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InconsistentMetadataError(f"{FILE_NAME} cannot be read: {error!r}") from error
