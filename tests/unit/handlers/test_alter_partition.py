from __future__ import annotations

from pathlib import Path

from tests.unit.coordination.metadata_cluster import result_of
from tests.unit.handlers.quorum_support import NODE_ID, OTHER_ID, QuorumNode, with_quorum

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.alter_partition import (
    AlteredPartition,
    AlteredTopic,
    AlterPartitionRequest,
    BrokerState,
)
from ottla.protocol.messages.create_topics import CreatableTopic


def test_a_leader_that_knows_its_partition_is_answered_with_its_state(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        topics = [CreatableTopic(name="t", num_partitions=1, replication_factor=1)]
        created = started.node.controller.create_topics(topics, validate_only=False, timeout_ms=10_000)
        (topic,) = await result_of(created)
        wish = AlteredPartition(new_isr_with_epochs=[BrokerState(broker_id=NODE_ID)])
        request = AlterPartitionRequest(
            broker_id=NODE_ID,
            broker_epoch=started.broker_epoch,
            topics=[AlteredTopic(topic_id=topic.topic_id, partitions=[wish])],
        )
        answer = await started.ask(ApiKey.ALTER_PARTITION, 3, request)
        (partition,) = answer.topics[0].partitions
        assert (partition.error_code, partition.leader_id, partition.isr) == (0, NODE_ID, [NODE_ID])

    with_quorum(tmp_path, main)


def test_nothing_is_asked_for_nothing_and_no_other_broker_leads(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        assert (await started.ask(ApiKey.ALTER_PARTITION, 3, AlterPartitionRequest())).error_code == 0
        request = AlterPartitionRequest(broker_id=OTHER_ID, topics=[AlteredTopic()])
        refusal = await started.refusal(ApiKey.ALTER_PARTITION, 3, request)
        assert refusal == (ErrorCode.STALE_BROKER_EPOCH, "No broker registration found for broker id 2")

    with_quorum(tmp_path, main)
