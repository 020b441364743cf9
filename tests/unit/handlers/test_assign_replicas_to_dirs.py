from __future__ import annotations

from pathlib import Path

from tests.unit.handlers.quorum_support import NODE_ID, OTHER_ID, QuorumNode, with_quorum

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.assign_replicas_to_dirs import (
    AssignedDirectory,
    AssignedPartition,
    AssignedTopic,
    AssignReplicasToDirsRequest,
)
from ottla.types import Uuid


def test_a_broker_is_answered_for_each_replica(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        topic = AssignedTopic(
            topic_id=Uuid(b"unknown---------"), partitions=[AssignedPartition(partition_index=3)]
        )
        directory = AssignedDirectory(id=started.quorum.directory_id, topics=[topic])
        request = AssignReplicasToDirsRequest(
            broker_id=NODE_ID, broker_epoch=started.broker_epoch, directories=[directory]
        )
        answer = await started.ask(ApiKey.ASSIGN_REPLICAS_TO_DIRS, 0, request)
        (partition,) = answer.directories[0].topics[0].partitions
        assert answer.directories[0].id == started.quorum.directory_id
        assert (partition.partition_index, partition.error_code) == (3, ErrorCode.UNKNOWN_TOPIC_ID)
        request.broker_id = OTHER_ID
        refusal = await started.refusal(ApiKey.ASSIGN_REPLICAS_TO_DIRS, 0, request)
        assert refusal[0] is ErrorCode.STALE_BROKER_EPOCH

    with_quorum(tmp_path, main)
