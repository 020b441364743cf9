from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.handlers.quorum_support import QuorumNode, with_quorum

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.envelope import EnvelopeRequest


def test_nobody_acts_for_somebody_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def main(started: QuorumNode) -> None:
        request = EnvelopeRequest(request_data=b"0123", client_host_address=bytes(4))
        answer = await started.ask(ApiKey.ENVELOPE, 0, request)
        assert (answer.error_code, answer.response_data) == (ErrorCode.CLUSTER_AUTHORIZATION_FAILED, None)

    with_quorum(tmp_path, main)
    assert "Refused a forwarded request of 4 bytes from /127.0.0.1" in caplog.text
