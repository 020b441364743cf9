from __future__ import annotations

from pathlib import Path

from tests.unit.coordination.metadata_cluster import result_of
from tests.unit.handlers.quorum_support import NODE_ID, OTHER_ID, QuorumNode, with_quorum

from ottla.errors import ErrorCode
from ottla.metadata.records import RegisterBrokerRecord
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.unregister_broker import UnregisterBrokerRequest


def test_a_broker_that_is_not_there_and_this_one_are_refused(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        refusal = await started.refusal(
            ApiKey.UNREGISTER_BROKER, 0, UnregisterBrokerRequest(broker_id=OTHER_ID)
        )
        assert refusal == (
            ErrorCode.BROKER_ID_NOT_REGISTERED,
            "Broker ID 2 is not currently registered",
        )
        refusal = await started.refusal(
            ApiKey.UNREGISTER_BROKER, 0, UnregisterBrokerRequest(broker_id=NODE_ID)
        )
        assert refusal == (
            ErrorCode.INVALID_REQUEST,
            "Broker ID 1 is the only node of this cluster and stays registered as long as it runs",
        )
        assert list(started.node.image.brokers.by_id) == [NODE_ID]

    with_quorum(tmp_path, main)


def test_a_broker_that_a_log_has_brought_along_is_forgotten(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        log, machine = started.node.log, started.node.controller._machine
        assert machine is not None
        gone = RegisterBrokerRecord(broker_id=OTHER_ID, broker_epoch=3, fenced=True)
        await result_of(log.append([gone]))
        machine.replay(gone)
        started.node.controller._publish()
        request = UnregisterBrokerRequest(broker_id=OTHER_ID)
        answer = await started.ask(ApiKey.UNREGISTER_BROKER, 0, request)
        assert (answer.error_code, answer.error_message) == (ErrorCode.NONE, "")
        assert list(started.node.image.brokers.by_id) == [NODE_ID]

    with_quorum(tmp_path, main)
