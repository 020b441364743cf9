"""How a transaction is refused, wherever a client comes to speak of one: transactions are not served.

The code is the one on which both the Java producer and librdkafka give up at once; librdkafka retries every other one.
"""

from __future__ import annotations

import logging

from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.context import RequestContext

logger = logging.getLogger("ottla.handlers.transactions_refused")

TRANSACTIONS_REFUSED_MESSAGE = (
    "This broker does not serve transactions; use a producer without transactional.id."
)
"""Our own words, since those of the code would send people looking for missing rights."""


def refuse_transaction(context: RequestContext, transactional_id: str | None) -> KafkaError:
    """Log who asked, and return the error for the answer. A client asks once: it has nothing to retry."""
    logger.warning(
        "Client %r at %s asks for transactions%s, which are not served",
        context.client_id,
        context.client_host,
        "" if transactional_id is None else f" with the id {transactional_id!r}",
    )
    return KafkaError(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, TRANSACTIONS_REFUSED_MESSAGE)
