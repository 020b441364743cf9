"""From a frame to its answer: look the API up, decode, call the handler, encode.

The one place where an exception becomes an answer. A `KafkaError` is what the client is told; anything else is a bug,
logged with API, version and correlation id, and answered UNKNOWN_SERVER_ERROR. What Kafka answers by closing the
connection raises `CloseConnectionError` (facts 7.1).
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.context import RequestContext, Services
from ottla.handlers.outcome import Outcome
from ottla.handlers.registry import Handler, load_handler
from ottla.protocol.api import APIS, ApiKey, request_class, response_class
from ottla.protocol.headers import RequestHeader, decode_request_header, has_tagged_response_header
from ottla.server.connection import Answer, CloseConnectionError
from ottla.server.send_queue import join_neighbours
from ottla.wire.compiler import decoder, encoder
from ottla.wire.framing import SIZE_BYTES
from ottla.wire.primitives import WireError

_RESPONSE_HEAD = struct.Struct(">ii")
_TAGGED_RESPONSE_HEAD = struct.Struct(">iix")
_PRODUCE_KEY = int(ApiKey.PRODUCE).to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class Route:
    """What is known about one API in one version; built when the first such request arrives."""

    api_key: ApiKey
    api_version: int
    decode: Callable[[memoryview, int], tuple[Any, int]]
    handle: Handler
    encode: Callable[[Any, list[Any]], None]
    head: struct.Struct
    """What stands before a response: its size, the correlation id and, in a tagged header, that nothing is tagged."""
    carries_file_ranges: bool
    """Whether the pieces of a response may be ranges of log files."""


RouteWatch = Callable[[Route], Route]
"""Puts something around the functions of a new route, so that what looks at requests costs those who do not nothing."""


class Dispatcher:
    """Answers the requests of one listener."""

    def __init__(
        self,
        services: Services,
        listener_name: str,
        *,
        is_controller: bool,
        logger: logging.Logger,
        watches: Sequence[RouteWatch] = (),
    ) -> None:
        self._services = services
        self._watches = watches
        self._listener_name = listener_name
        self._is_controller = is_controller
        self._logger = logger
        self._routes: dict[tuple[int, int], Route] = {}

    def keeps_frame(self, frame: memoryview) -> bool:
        """Tell whether a request that waits still refers to its bytes: only Produce carries records."""
        return frame[:2] == _PRODUCE_KEY

    def dispatch(self, frame: memoryview, client_address: str) -> Answer | Completion[Answer]:
        """Answer one request, now or later; the completion never fails. Raises CloseConnectionError."""
        try:
            header, position = decode_request_header(frame)
        except WireError as error:
            raise CloseConnectionError(f"the request header cannot be parsed: {error}") from error
        route = self._routes.get((header.api_key, header.api_version))
        if route is None:
            if self._is_unknown_api_versions(header):
                return self._answer_in_oldest_api_versions(header, client_address)
            route = self._add_route(header)
        try:
            request, _ = route.decode(frame, position)
        except WireError as error:
            raise CloseConnectionError(f"the request cannot be parsed: {error}") from error
        context = self._context(header, client_address)
        try:
            outcome = route.handle(request, context)
        except Exception as error:  # noqa: BLE001 - every exception becomes an answer, here and nowhere else
            outcome = self._failure(route, header, request, error)
        if isinstance(outcome, Completion):
            if not outcome.done:
                return self._answer_later(route, header, request, outcome)
            outcome = self._settled(route, header, request, outcome)
        return self._encode(route, header, request, outcome)

    def _answer_later(
        self, route: Route, header: RequestHeader, request: Any, outcome: Completion[Any]
    ) -> Completion[Answer]:
        answer: Completion[Answer] = Completion()

        def settle(settled: Completion[Any]) -> None:
            response = self._settled(route, header, request, settled)
            answer.resolve(self._encode(route, header, request, response))

        outcome.on_done(settle)
        return answer

    def _settled(self, route: Route, header: RequestHeader, request: Any, outcome: Completion[Any]) -> Any:
        if outcome.error is None:
            return outcome.result()
        return self._failure(route, header, request, outcome.error)

    def _failure(self, route: Route, header: RequestHeader, request: Any, error: BaseException) -> Any:
        # Imported late: it loads every message, and only a failure needs it.
        from ottla.handlers.error_responses import error_response  # noqa: PLC0415

        if isinstance(error, KafkaError):
            code, message = error.code, error.text
        else:
            code, message = ErrorCode.UNKNOWN_SERVER_ERROR, None
            self._logger.error(
                "%s v%d (correlation id %d, client %r) met a bug",
                route.api_key.name,
                route.api_version,
                header.correlation_id,
                header.client_id,
                exc_info=error,
            )
        return error_response(route.api_key, route.api_version, request, code, message)

    def _encode(self, route: Route, header: RequestHeader, request: Any, response: Any) -> Answer:
        if isinstance(response, Outcome):
            return response
        pieces: list[Any] = [b""]
        try:
            route.encode(response, pieces)
        except Exception as error:  # noqa: BLE001 - a response that cannot be written is a bug like any other
            response = self._failure(route, header, request, error)
            if isinstance(response, Outcome):
                return response
            pieces = [b""]
            route.encode(response, pieces)
        head = route.head
        pieces[0] = head.pack(head.size - SIZE_BYTES + sum(map(len, pieces)), header.correlation_id)
        return join_neighbours(pieces) if route.carries_file_ranges else [b"".join(pieces)]

    def _context(self, header: RequestHeader, client_address: str) -> RequestContext:
        _, api_version, correlation_id, client_id = header
        services = self._services
        # In the order of its fields: keywords would cost a tenth of a microsecond each.
        return RequestContext(
            services,
            api_version,
            correlation_id,
            client_id,
            self._listener_name,
            self._is_controller,
            client_address,
            services.clock.now_ms(),
        )

    def _add_route(self, header: RequestHeader) -> Route:
        api = APIS.get(header.api_key)
        listener = "controller" if self._is_controller else "broker"
        if api is None or not api.served or listener not in api.listeners:
            raise CloseConnectionError(f"API key {header.api_key} is not served on this listener")
        version = header.api_version
        if not api.min_version <= version <= api.max_version:
            raise CloseConnectionError(
                f"{ApiKey(api.key).name} v{version} is not supported, "
                f"only v{api.min_version} to v{api.max_version}"
            )
        route = self._build_route(ApiKey(api.key), version)
        self._routes[header.api_key, version] = route
        return route

    def _build_route(self, api_key: ApiKey, version: int) -> Route:
        route = Route(
            api_key=api_key,
            api_version=version,
            decode=decoder(request_class(api_key), version),
            handle=load_handler(api_key),
            encode=encoder(response_class(api_key), version),
            head=_TAGGED_RESPONSE_HEAD if has_tagged_response_header(api_key, version) else _RESPONSE_HEAD,
            carries_file_ranges=api_key is ApiKey.FETCH,
        )
        for watch in self._watches:
            route = watch(route)
        return route

    def _is_unknown_api_versions(self, header: RequestHeader) -> bool:
        api = APIS[ApiKey.API_VERSIONS]
        return header.api_key == ApiKey.API_VERSIONS and not (
            api.min_version <= header.api_version <= api.max_version
        )

    def _answer_in_oldest_api_versions(self, header: RequestHeader, client_address: str) -> Answer:
        """Answer a version of ApiVersions from the future in v0, so that the client can choose another (KIP-511)."""
        route = self._build_route(ApiKey.API_VERSIONS, 0)
        context = self._context(header, client_address)
        request = request_class(ApiKey.API_VERSIONS)()
        return self._encode(route, header, request, route.handle(request, context))
