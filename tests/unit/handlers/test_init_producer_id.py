from __future__ import annotations

import logging

import pytest
from tests.unit.handlers.support import context_of

from ottla.completion import Completion
from ottla.errors import ErrorCode
from ottla.handlers.init_producer_id import handle
from ottla.metadata.image import EMPTY
from ottla.partitions.producer_ids import ProducerIdAllocator, ProducerIdBlock
from ottla.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse


class Source:
    def allocate_producer_ids(self) -> Completion[ProducerIdBlock]:
        return Completion.resolved(ProducerIdBlock(1000, 1000))


def ask(**fields: object) -> InitProducerIdResponse:
    context = context_of(EMPTY, 5, producer_ids=ProducerIdAllocator(Source()))
    answer = handle(InitProducerIdRequest(**fields), context)
    return answer.result() if isinstance(answer, Completion) else answer


def test_an_idempotent_producer_gets_a_fresh_id_with_epoch_0() -> None:
    answer = ask(transactional_id=None)
    assert (answer.error_code, answer.producer_id, answer.producer_epoch) == (0, 1000, 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"transactional_id": ""},
        {"transactional_id": None, "producer_id": 5},
        {"transactional_id": None, "producer_epoch": 5},
    ],
)
def test_impossible_requests_are_refused(fields: dict[str, object]) -> None:
    answer = ask(**fields)
    assert answer.error_code == ErrorCode.INVALID_REQUEST
    assert (answer.producer_id, answer.producer_epoch) == (-1, -1)


def test_a_transactional_id_fails_at_once_and_for_good_with_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        assert ask(transactional_id="t1").error_code == ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    assert "t1" in caplog.text
