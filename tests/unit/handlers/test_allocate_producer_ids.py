from __future__ import annotations

from pathlib import Path

from tests.unit.handlers.quorum_support import NODE_ID, OTHER_ID, QuorumNode, with_quorum

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.allocate_producer_ids import AllocateProducerIdsRequest


def test_each_block_is_handed_out_once(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        request = AllocateProducerIdsRequest(broker_id=NODE_ID, broker_epoch=started.broker_epoch)
        for start in (0, 1000, 2000):
            answer = await started.ask(ApiKey.ALLOCATE_PRODUCER_IDS, 0, request)
            assert (answer.error_code, answer.producer_id_start, answer.producer_id_len) == (0, start, 1000)

    with_quorum(tmp_path, main)


def test_no_other_broker_gets_any(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        for broker_id, epoch in ((NODE_ID, started.broker_epoch + 1), (OTHER_ID, started.broker_epoch)):
            request = AllocateProducerIdsRequest(broker_id=broker_id, broker_epoch=epoch)
            answer = await started.ask(ApiKey.ALLOCATE_PRODUCER_IDS, 0, request)
            assert answer.error_code == ErrorCode.STALE_BROKER_EPOCH
        assert started.node.image.producer_ids.next_producer_id == 0

    with_quorum(tmp_path, main)
