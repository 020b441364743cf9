from __future__ import annotations

import logging

import pytest
from tests.unit.handlers.support import context_of

from ottla.errors import ErrorCode
from ottla.handlers.transactions_refused import TRANSACTIONS_REFUSED_MESSAGE, refuse_transaction
from ottla.metadata.image import EMPTY


@pytest.mark.parametrize(
    ("transactional_id", "words"), [("t1", "with the id 't1'"), (None, "transactions, which")]
)
def test_a_refusal_is_final_and_says_why_to_both_sides(
    caplog: pytest.LogCaptureFixture, transactional_id: str | None, words: str
) -> None:
    with caplog.at_level(logging.WARNING):
        error = refuse_transaction(context_of(EMPTY, 0), transactional_id)
    assert error.code is ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    assert error.message == TRANSACTIONS_REFUSED_MESSAGE
    (record,) = caplog.records
    assert "'tester' at /127.0.0.1" in record.message
    assert words in record.message
