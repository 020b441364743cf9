import pytest

from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.metadata.quorum_state import QuorumState, decode_quorum_state, encode_leader

KAFKA_STATIC = (
    b'{"clusterId":"","leaderId":1,"leaderEpoch":2,"votedId":-1,"appliedOffset":0,'
    b'"currentVoters":[{"voterId":1}],"data_version":0}'
)
KAFKA_DYNAMIC = (
    b'{"leaderId":1,"leaderEpoch":1,"votedId":-1,'
    b'"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}'
)
"""What Apache Kafka 4.1.1 leaves behind as the only voter."""


def test_kafkas_files_byte_for_byte() -> None:
    assert encode_leader(1, 2, kraft_version=0) == KAFKA_STATIC
    assert encode_leader(1, 1, kraft_version=1) == KAFKA_DYNAMIC


def test_kafkas_files_are_read() -> None:
    assert decode_quorum_state(KAFKA_STATIC) == QuorumState(leader_epoch=2, leader_id=1, voter_ids=(1,))
    assert decode_quorum_state(KAFKA_DYNAMIC) == QuorumState(leader_epoch=1, leader_id=1, voter_ids=None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"data_version":0}',
        KAFKA_STATIC.replace(b'"data_version":0', b'"data_version":9'),
    ],
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(InconsistentMetadataError, match="quorum-state"):
        decode_quorum_state(content)
