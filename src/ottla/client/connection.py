"""One connection to one node: requests out, answers in, at the highest version that both sides know.

The law: answers come in the order of the requests, and each is decoded once. A connection that ended, or whose
answer came too late, is closed and stays closed: what was asked on it is unknown, and its caller asks again elsewhere.
"""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

from ottla.client.failures import ApiError, DisconnectedError, RequestTimeoutError, UnsupportedVersionError
from ottla.errors import ErrorCode
from ottla.protocol.api import APIS, ApiKey, response_class
from ottla.protocol.headers import RequestHeader, decode_response_header, encode_request_header
from ottla.version import OTTLA_VERSION
from ottla.wire.compiler import decode, encoder
from ottla.wire.framing import SIZE_BYTES, frame_prefix
from ottla.wire.primitives import WireError
from ottla.wire.schema import message_schema_of

MAX_RESPONSE_BYTES = 1 << 30
"""Largest answer that is believed: far above fetch.max.bytes, and below what other protocols' first bytes spell."""

MAX_STASHED_ANSWERS = 1000
"""Answers that `ask` kept for `receive`; nobody has more requests under way on one connection."""

SMALL_ANSWER_BYTES = 64 * 1024
"""Up to here one read takes size and content together; larger answers go right into a buffer of their own."""

_CLIENT_NAME = "ottla"
_MOST_CORRELATION_IDS = 0x7FFFFFFF


class _Asked(NamedTuple):
    correlation_id: int
    key: int
    version: int
    deadline_s: float


class Connection:
    """A connection to a host and port; made, with the exchange of versions, when it is constructed.

    `ask` and `receive` wait, `send` and `receive_ready` do not (but for what the kernel's buffers do not take), so
    that who has several connections waits with `wait_readable`. Raises DisconnectedError where there is no
    connection, RequestTimeoutError (a TimeoutError) where an answer is late, UnsupportedVersionError where no version
    of an API is known to both sides.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        client_id: str,
        timeout_s: float = 30.0,
        setup_timeout_s: float = 10.0,
        send_buffer_bytes: int = -1,
        receive_buffer_bytes: int = -1,
    ) -> None:
        self.host = host
        self.port = port
        self.timeout_s = timeout_s
        self.versions: dict[int, tuple[int, int]] = {}
        """What the node said that it can do: lowest and highest version by API key."""
        self._client_id = client_id
        self._next_correlation_id = 0
        self._asked: deque[_Asked] = deque()
        self._stashed: deque[tuple[int, Any]] = deque()
        self._chosen: dict[int, int] = {}
        self._start = bytearray()
        self._frame: bytearray | None = None
        self._filled = 0
        self._socket: socket.socket | None = _connect(
            host, port, setup_timeout_s, send_buffer_bytes, receive_buffer_bytes
        )
        try:
            self.api_versions = self._exchange_versions()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether requests can be sent."""
        return self._socket is not None

    @property
    def in_flight(self) -> int:
        """How many requests wait for their answers."""
        return len(self._asked)

    @property
    def last_correlation_id(self) -> int:
        """The correlation id of the last request, for log lines."""
        return self._next_correlation_id

    @property
    def next_deadline_s(self) -> float | None:
        """When, on the monotonic clock, the oldest request's answer is late; None while nothing is asked."""
        return self._asked[0].deadline_s if self._asked else None

    def fileno(self) -> int:
        """Return the socket's descriptor, for who waits on several; -1 once closed."""
        return -1 if self._socket is None else self._socket.fileno()

    def version_of(self, key: int) -> int:
        """Return the version in which requests of an API go to this node.

        Raises UnsupportedVersionError where there is none that both sides know.
        """
        chosen = self._chosen.get(key)
        if chosen is None:
            chosen = self._chosen[key] = choose_version(key, self.versions)
        return chosen

    def ask(self, request: object, *, timeout_s: float | None = None, version: int | None = None) -> Any:
        """Send a request and return its answer; answers to earlier ones are kept for `receive`."""
        asked = self.send(request, timeout_s=timeout_s, version=version)
        while True:
            correlation_id, response = self._receive_next()
            if correlation_id == asked:
                return response
            assert len(self._stashed) < MAX_STASHED_ANSWERS, (
                "answers are received by those who sent the requests"
            )
            self._stashed.append((correlation_id, response))

    def send(
        self,
        request: object,
        *,
        timeout_s: float | None = None,
        version: int | None = None,
        is_answered: bool = True,
    ) -> int:
        """Send a request and return its correlation id, under which `receive` returns the answer.

        Its answer is late after `timeout_s`, by default that of the connection. A Produce request without acks is
        not answered. `version` overrides the choice of `version_of`.
        """
        key = _key_of(type(request))
        if version is None:
            version = self.version_of(key)
        self._next_correlation_id = (self._next_correlation_id + 1) & _MOST_CORRELATION_IDS
        correlation_id = self._next_correlation_id
        pieces: list[Any] = [
            b"",
            encode_request_header(RequestHeader(key, version, correlation_id, self._client_id)),
        ]
        encoder(type(request), version)(request, pieces)
        pieces[0] = frame_prefix(sum(map(len, pieces)))
        deadline_s = time.monotonic() + (self.timeout_s if timeout_s is None else timeout_s)
        self._send_all(b"".join(pieces))
        if is_answered:
            self._asked.append(_Asked(correlation_id, key, version, deadline_s))
        return correlation_id

    def receive(self, timeout_s: float | None = None) -> tuple[int, Any]:
        """Return correlation id and answer of the oldest request whose answer was not returned yet.

        Waits for `timeout_s` where that is given, and never longer than the request may take; in both cases raises
        RequestTimeoutError, but only the latter closes the connection.
        """
        if self._stashed:
            return self._stashed.popleft()
        return self._receive_next(None if timeout_s is None else time.monotonic() + timeout_s)

    def receive_ready(self) -> tuple[int, Any] | None:
        """Return correlation id and answer of the oldest request if it has come; None while it has not.

        Raises RequestTimeoutError, and closes, once the answer is late.
        """
        if self._stashed:
            return self._stashed.popleft()
        if not self._asked:
            return None
        if self._read(wait_s=0):
            return self._decode()
        if time.monotonic() >= self._asked[0].deadline_s:
            self._give_up()
        return None

    @property
    def has_stashed_answers(self) -> bool:
        """Whether `receive_ready` has an answer that no descriptor tells of."""
        try:
            return bool(self._stashed) or self._has_frame()
        except ConnectionAbortedError:
            return True  # which `receive_ready` will tell

    def close(self) -> None:
        """Close the connection; what was asked gets no answer."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._asked.clear()
        self._frame = None

    def _exchange_versions(self) -> Any:
        """Ask for the versions of the node; in an older form where it does not know the newest (KIP-511)."""
        from ottla.protocol.messages.api_versions import ApiVersionsRequest  # noqa: PLC0415 - one by one

        request = ApiVersionsRequest(client_software_name=_CLIENT_NAME, client_software_version=OTTLA_VERSION)
        version = APIS[ApiKey.API_VERSIONS].max_version
        response = self.ask(request, version=version)
        if response.error_code == ErrorCode.UNSUPPORTED_VERSION:
            offered = {row.api_key: (row.min_version, row.max_version) for row in response.api_keys}
            response = self.ask(request, version=min(version, offered.get(ApiKey.API_VERSIONS, (0, 0))[1]))
        if response.error_code:
            raise ApiError(ErrorCode(response.error_code))
        self.versions = {row.api_key: (row.min_version, row.max_version) for row in response.api_keys}
        return response

    def _send_all(self, frame: bytes) -> None:
        if self._socket is None:
            raise DisconnectedError
        rest = memoryview(frame)
        try:
            while rest:
                try:
                    rest = rest[self._socket.send(rest) :]
                except BlockingIOError:
                    if not _wait_writable(self._socket, self.timeout_s):
                        self.close()
                        raise RequestTimeoutError(f"{self.host}:{self.port} takes no bytes") from None
        except ApiError:
            raise  # a TimeoutError is an OSError too
        except OSError as error:
            self.close()
            raise DisconnectedError from error

    def _receive_next(self, until_s: float | None = None) -> tuple[int, Any]:
        assert self._asked or not self.is_open, "an answer is waited for only after a request"
        while True:
            if self._socket is None:
                raise DisconnectedError
            late_s = self._asked[0].deadline_s
            now_s = time.monotonic()
            wait_s = (late_s if until_s is None else min(late_s, until_s)) - now_s
            if self._read(wait_s=max(wait_s, 0)):
                return self._decode()
            if time.monotonic() >= late_s:
                self._give_up()
            if until_s is not None and time.monotonic() >= until_s:
                raise RequestTimeoutError(f"{self.host}:{self.port} has not answered yet")

    def _give_up(self) -> None:
        asked = self._asked[0]
        self.close()
        raise RequestTimeoutError(
            f"{APIS[asked.key].name} was not answered by {self.host}:{self.port} in time"
        )

    def _read(self, wait_s: float) -> bool:
        """Read what has come, waiting for the first of it; tell whether a frame is complete."""
        if self._socket is None:
            raise DisconnectedError
        try:
            if self._has_frame():
                return True
            if wait_s > 0 and not wait_readable([self], wait_s):
                return False
            while not self._read_some(self._socket):
                pass
        except BlockingIOError:
            return False
        except OSError as error:
            self.close()
            raise DisconnectedError from error
        return True

    def _has_frame(self) -> bool:
        """Tell whether a whole answer is here already; what came behind the last one is looked at first."""
        if self._frame is None and self._start:
            return self._take_start()
        return self._frame is not None and self._filled == len(self._frame)

    def _read_some(self, connected: socket.socket) -> bool:
        """Read once; tell whether a frame is complete. Raises BlockingIOError where nothing is there yet."""
        if self._frame is None:
            content = connected.recv(SMALL_ANSWER_BYTES)
            if not content:
                raise ConnectionResetError("the node closed the connection")
            self._start += content
            return self._take_start()
        view = memoryview(self._frame)
        count = connected.recv_into(view[self._filled :])
        if count == 0:
            raise ConnectionResetError("the node closed the connection")
        self._filled += count
        return self._filled == len(self._frame)

    def _take_start(self) -> bool:
        """Begin a frame with what was read so far; tell whether that is all of it. What follows it is left."""
        if len(self._start) < SIZE_BYTES:
            return False
        size = int.from_bytes(self._start[:SIZE_BYTES], "big", signed=True)
        if not 0 <= size <= MAX_RESPONSE_BYTES:
            raise ConnectionAbortedError(f"an answer claims {size} bytes")
        taken = self._start[SIZE_BYTES : SIZE_BYTES + size]
        self._start = self._start[SIZE_BYTES + size :]
        self._frame = bytearray(size)
        self._frame[: len(taken)] = taken
        self._filled = len(taken)
        return self._filled == size

    def _decode(self) -> tuple[int, Any]:
        frame, self._frame = self._frame, None
        assert frame is not None
        asked = self._asked.popleft()
        try:
            correlation_id, position = decode_response_header(asked.key, asked.version, frame)
            if correlation_id != asked.correlation_id:
                raise WireError(f"answer {correlation_id} came where {asked.correlation_id} was due")
            version = asked.version
            if asked.key == ApiKey.API_VERSIONS and _refuses_version(frame, position):
                version = 0
            return correlation_id, decode(response_class(asked.key), version, memoryview(frame), position)[0]
        except WireError as error:
            self.close()
            raise DisconnectedError(f"{self.host}:{self.port} sent no answer: {error}") from error


def choose_version(key: int, offered: dict[int, tuple[int, int]]) -> int:
    """Return the highest version of an API that both sides know.

    Raises UnsupportedVersionError with the text of Kafka's `NodeApiVersions`.
    """
    api = APIS[key]
    if key not in offered:
        raise UnsupportedVersionError(f"The node does not support {ApiKey(key).name}")
    lowest, highest = offered[key]
    chosen = min(highest, api.max_version)
    if chosen < max(lowest, api.min_version):
        raise UnsupportedVersionError(
            f"The node does not support {ApiKey(key).name} with version in range "
            f"[{api.min_version},{api.max_version}]. The supported range is [{lowest},{highest}]."
        )
    return chosen


def wait_readable(connections: Iterable[Connection], wait_s: float, more: Sequence[int] = ()) -> bool:
    """Wait until one of the connections, or one of `more` descriptors, can be read; tell whether one can."""
    poll = select.poll()
    for connection in connections:
        descriptor = connection.fileno()
        if descriptor >= 0:
            poll.register(descriptor, select.POLLIN)
    for descriptor in more:
        poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0.0, wait_s) * 1000))


def _wait_writable(connected: socket.socket, wait_s: float) -> bool:
    poll = select.poll()
    poll.register(connected, select.POLLOUT)
    return bool(poll.poll(max(0.0, wait_s) * 1000))


def _key_of(cls: type) -> int:
    key = message_schema_of(cls).key
    assert key is not None, f"{cls.__name__} is no request"
    return key


def _refuses_version(frame: bytearray, position: int) -> bool:
    return int.from_bytes(frame[position : position + 2], "big", signed=True) == ErrorCode.UNSUPPORTED_VERSION


def _connect(
    host: str, port: int, setup_timeout_s: float, send_bytes: int, receive_bytes: int
) -> socket.socket:
    """Connect to the first address of a host that takes a connection."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise DisconnectedError(
            f"Couldn't resolve server {host}:{port} as DNS resolution failed for {host}"
        ) from error
    failure: OSError | None = None
    for family, kind, protocol, _, address in addresses:
        made = socket.socket(family, kind, protocol)
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if send_bytes >= 0:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_bytes)
            if receive_bytes >= 0:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            made.settimeout(setup_timeout_s)
            made.connect(address)
        except OSError as error:
            made.close()
            failure = error
        else:
            made.setblocking(False)
            return made
    raise DisconnectedError(f"{host}:{port} cannot be connected to: {failure}")
