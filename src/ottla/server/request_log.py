"""A line for every request, as Kafka's `kafka.request.logger` has it, from around a listener's dispatcher.

A listener gets it when levels are decided, so where the logger is off none of this is there. DEBUG tells of every
answered request; TRACE also what it and its answer hold, with long bytes left out.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import Any

from ottla.completion import Completion
from ottla.handlers.outcome import Outcome
from ottla.protocol.api import ApiKey
from ottla.protocol.headers import RequestHeader, decode_request_header
from ottla.server.connection import Answer, RequestSink
from ottla.server.dispatch import Route
from ottla.telemetry.logging import TRACE

logger = logging.getLogger("kafka.request.logger")

LONGEST_CONTENT = 4_000
"""Characters of a request or an answer that a line shows: a consumer's fetch of some tens of partitions."""

SECRET = frozenset(
    {
        ApiKey.SASL_AUTHENTICATE,
        ApiKey.ALTER_CONFIGS,
        ApiKey.CREATE_DELEGATION_TOKEN,
        ApiKey.RENEW_DELEGATION_TOKEN,
        ApiKey.EXPIRE_DELEGATION_TOKEN,
        ApiKey.DESCRIBE_DELEGATION_TOKEN,
        ApiKey.ALTER_USER_SCRAM_CREDENTIALS,
        ApiKey.INCREMENTAL_ALTER_CONFIGS,
    }
)
"""APIs that carry passwords and the like, which no log must hold."""


class LoggedSink:
    """A dispatcher whose requests are told of once they are answered."""

    def __init__(self, sink: RequestSink, listener_name: str) -> None:
        self._sink = sink
        self._listener_name = listener_name
        self.keeps_frame = sink.keeps_frame

    def dispatch(self, frame: memoryview, client_address: str) -> Answer | Completion[Answer]:
        """Answer one request, now or later; the completion never fails. Raises CloseConnectionError."""
        begun = time.perf_counter()
        size_bytes = len(frame)
        answer = self._sink.dispatch(frame, client_address)
        local_ms = (time.perf_counter() - begun) * 1000
        header, _ = decode_request_header(frame)

        def tell(answered: Answer, total_ms: float) -> None:
            sent_bytes = (
                answered.value if isinstance(answered, Outcome) else f"{sum(map(len, answered))} bytes"
            )
            logger.debug(
                "Completed request: %s from /%s on %s, %d bytes in, answer %s, totalTimeMs %.3f, localTimeMs %.3f",
                _described(header),
                client_address,
                self._listener_name,
                size_bytes,
                sent_bytes,
                total_ms,
                local_ms,
            )

        if isinstance(answer, Completion):
            answer.on_done(lambda done: tell(done.result(), (time.perf_counter() - begun) * 1000))
        else:
            tell(answer, local_ms)
        return answer


def trace_contents(route: Route) -> Route:
    """Have what requests and answers of a route hold told of as well, where the level is TRACE."""
    if not logger.isEnabledFor(TRACE) or route.api_key in SECRET:
        return route
    name = f"{route.api_key.name} v{route.api_version}"
    decode, encode = route.decode, route.encode

    def trace_and_encode(response: Any, pieces: list[Any]) -> None:
        logger.log(TRACE, "Answering %s: %s", name, _shortened(response))
        encode(response, pieces)

    def decode_and_trace(frame: memoryview, position: int) -> tuple[Any, int]:
        decoded = decode(frame, position)
        logger.log(TRACE, "Handling %s: %s", name, _shortened(decoded[0]))
        return decoded

    return replace(route, decode=decode_and_trace, encode=trace_and_encode)


def _described(header: RequestHeader) -> str:
    return (
        f"{ApiKey(header.api_key).name} v{header.api_version}, correlation id {header.correlation_id}, "
        f"client {header.client_id!r}"
    )


def _shortened(message: Any) -> str:
    text = repr(message)
    return text if len(text) <= LONGEST_CONTENT else f"{text[:LONGEST_CONTENT]}... ({len(text)} characters)"
