"""Counts the requests of a listener, from around its dispatcher: where nobody measures, none of this is there."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from ottla.completion import Completion
from ottla.handlers.outcome import Outcome
from ottla.protocol.api import ApiKey, response_class
from ottla.server.connection import Answer, CloseConnectionError, RequestSink
from ottla.server.dispatch import Route
from ottla.telemetry.metrics import ApiCounters, RequestCounters
from ottla.wire.primitives import WireError
from ottla.wire.schema import Shape, schema_of

SIZE_FIELD_BYTES = 4
ERROR_FIELD = "error_code"

CountErrors = Callable[[Any, dict[int, int]], None]


class MeasuredSink:
    """A dispatcher whose requests are counted and timed."""

    def __init__(self, sink: RequestSink, counters: RequestCounters) -> None:
        self._sink = sink
        self._counters = counters
        self.keeps_frame = sink.keeps_frame

    def dispatch(self, frame: memoryview, client_address: str) -> Answer | Completion[Answer]:
        """Answer one request, now or later; the completion never fails. Raises CloseConnectionError."""
        begun = time.perf_counter()
        try:
            answer = self._sink.dispatch(frame, client_address)
        except (CloseConnectionError, WireError):
            self._counters.refused += 1
            raise
        took_s = time.perf_counter() - begun
        counters = self._counters.of_api(frame[0] << 8 | frame[1])
        counters.requests += 1
        counters.request_bytes += len(frame) + SIZE_FIELD_BYTES
        if not isinstance(answer, Completion):
            counters.answered_at_once(took_s)
            _count_sent(counters, answer)
        elif answer.done:
            counters.answered_at_once(took_s)
            _count_sent(counters, answer.result())
        else:
            counters.local.add(took_s)
            counters.waiting += 1
            answer.on_done(partial(_answered_later, counters, begun))
        return answer


def _answered_later(counters: ApiCounters, begun: float, completion: Completion[Answer]) -> None:
    counters.waiting -= 1
    counters.total.add(time.perf_counter() - begun)
    _count_sent(counters, completion.result())


def _count_sent(counters: ApiCounters, answer: Answer) -> None:
    if not isinstance(answer, Outcome):
        counters.response_bytes += sum(map(len, answer))


def count_answers(counters: RequestCounters, route: Route) -> Route:
    """Put the counting of error codes, and of what fetches carry away, before the encoding of a route's answers."""
    count_errors = error_counter(response_class(route.api_key))
    errors = counters.of_api(route.api_key).errors
    is_fetch = route.api_key is ApiKey.FETCH
    encode = route.encode

    def count_and_encode(response: Any, pieces: list[Any]) -> None:
        if count_errors is not None:
            count_errors(response, errors)
        if is_fetch:
            _count_fetched(response, counters)
        encode(response, pieces)

    return replace(route, encode=count_and_encode)


def _count_fetched(response: Any, counters: RequestCounters) -> None:
    for topic in response.responses:
        size_bytes = sum(len(partition.records) for partition in topic.partitions if partition.records)
        if size_bytes:
            counters.fetched_bytes_total += size_bytes
            counters.fetched_bytes[topic.topic] = counters.fetched_bytes.get(topic.topic, 0) + size_bytes


def error_counter(cls: type) -> CountErrors | None:
    """Return what counts the error codes in a response of this class, one for each item that carries one.

    None where the class has no place for an error code. Made from the schema, once for each route.
    """
    is_bearer = False
    inner: list[tuple[str, bool, CountErrors]] = []
    for field in schema_of(cls).fields:
        if field.name == ERROR_FIELD:
            is_bearer = True
        elif isinstance(field.element, type):
            count = error_counter(field.element)
            if count is not None:
                inner.append((field.name, field.shape is Shape.ARRAY, count))
    if not is_bearer and not inner:
        return None

    def count_errors(item: Any, errors: dict[int, int]) -> None:
        if is_bearer and item.error_code:
            code = int(item.error_code)
            errors[code] = errors.get(code, 0) + 1
        for name, is_array, count_inner in inner:
            value = getattr(item, name)
            if value is None:
                continue
            for each in value if is_array else (value,):
                if type(each) is not bytes:  # what is encoded ahead has no error
                    count_inner(each, errors)

    return count_errors
