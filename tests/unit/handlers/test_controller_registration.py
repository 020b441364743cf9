from __future__ import annotations

from pathlib import Path

from tests.unit.handlers.quorum_support import NODE_ID, OTHER_ID, QuorumNode, with_quorum

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.controller_registration import ControllerRegistrationRequest
from ottla.types import Uuid


def test_this_controller_is_known_and_no_other(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        own = started.node.image.brokers.controllers[NODE_ID].incarnation_id
        stranger = Uuid(b"elsewhere-------")
        for node_id, incarnation, code, text in (
            (NODE_ID, own, ErrorCode.NONE, ""),
            (
                NODE_ID,
                stranger,
                ErrorCode.INVALID_REGISTRATION,
                "Controller 1 cannot register: this node has that id itself",
            ),
            (
                OTHER_ID,
                stranger,
                ErrorCode.INVALID_REGISTRATION,
                (
                    "Controller 2 cannot register: this cluster has one node only; controllers of other nodes are not "
                    "supported"
                ),
            ),
        ):
            request = ControllerRegistrationRequest(controller_id=node_id, incarnation_id=incarnation)
            answer = await started.ask(ApiKey.CONTROLLER_REGISTRATION, 0, request)
            assert (answer.error_code, answer.error_message) == (code, text)
        assert list(started.node.image.brokers.controllers) == [NODE_ID]

    with_quorum(tmp_path, main)
