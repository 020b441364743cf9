from __future__ import annotations

from pathlib import Path

from tests.unit.handlers.quorum_support import NODE_ID, OTHER_ID, QuorumNode, with_quorum

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.broker_heartbeat import BrokerHeartbeatRequest


def test_the_state_of_this_broker_is_told(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        epoch = started.broker_epoch
        for offset, is_caught_up in ((epoch, True), (epoch - 1, False)):
            request = BrokerHeartbeatRequest(
                broker_id=NODE_ID, broker_epoch=epoch, current_metadata_offset=offset
            )
            answer = await started.ask(ApiKey.BROKER_HEARTBEAT, 1, request)
            assert answer.error_code == ErrorCode.NONE
            assert (answer.is_caught_up, answer.is_fenced, answer.should_shut_down) == (
                is_caught_up,
                False,
                False,
            )

    with_quorum(tmp_path, main)


def test_others_have_a_stale_epoch(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        for broker_id, epoch in ((NODE_ID, started.broker_epoch + 1), (OTHER_ID, started.broker_epoch)):
            request = BrokerHeartbeatRequest(broker_id=broker_id, broker_epoch=epoch)
            answer = await started.ask(ApiKey.BROKER_HEARTBEAT, 1, request)
            assert (answer.error_code, answer.is_fenced) == (ErrorCode.STALE_BROKER_EPOCH, True)

    with_quorum(tmp_path, main)


def test_nobody_else_changes_the_state_of_this_broker(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        for wish in ({"want_fence": True}, {"want_shut_down": True}):
            request = BrokerHeartbeatRequest(broker_id=NODE_ID, broker_epoch=started.broker_epoch, **wish)
            answer = await started.ask(ApiKey.BROKER_HEARTBEAT, 1, request)
            assert answer.error_code == ErrorCode.INVALID_REQUEST
        assert not started.node.image.brokers.by_id[NODE_ID].fenced

    with_quorum(tmp_path, main)
