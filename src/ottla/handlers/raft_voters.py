"""What adding, removing and updating voters have in common, in Kafka's words (KIP-853)."""

from __future__ import annotations

from ottla.coordination.quorum import MetadataQuorum, QuorumVoter
from ottla.types import ZERO_UUID, Uuid, uuid_to_text


def is_voter_key(node_id: int, directory_id: Uuid) -> bool:
    """Tell whether id and directory can name a voter."""
    return node_id >= 0 and directory_id != ZERO_UUID


def wrong_cluster_text(cluster_id: str | None, quorum: MetadataQuorum) -> str:
    """Return what a client is told that means another cluster."""
    return f'The given id "{cluster_id}" doesn\'t match the cluster id "{quorum.cluster_id}"'


def configured_voters_text(doing: str, quorum: MetadataQuorum) -> str:
    """Return why configured voters cannot be changed."""
    return (
        f"Cluster doesn't support {doing} voter because the kraft.version feature is {quorum.kraft_version}"
    )


def key_text(node_id: int, directory_id: Uuid) -> str:
    """Return a voter's key as Kafka prints it (ReplicaKey)."""
    directory = "<undefined>" if directory_id == ZERO_UUID else uuid_to_text(directory_id)
    return f"ReplicaKey(id={node_id}, directoryId={directory})"


def voters_text(voter: QuorumVoter) -> str:
    """Return the set of voters as Kafka prints it."""
    return f"[{key_text(voter.node_id, voter.directory_id)}]"
