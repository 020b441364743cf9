"""A blocking client of a few lines, for tests and measurements that want to see every request and answer."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Any, Self

from ottla.protocol.api import ApiKey, response_class
from ottla.protocol.headers import RequestHeader, decode_response_header, encode_request_header
from ottla.wire.compiler import decode_message, encode

CLIENT_ID = "raw-client"


class RawClient:
    """One connection; requests go out as they are given, and answers come back decoded."""

    def __init__(self, port: int, *, timeout_s: float = 30.0, host: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection((host, port), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sent: list[tuple[ApiKey, int, int]] = []
        self._next_correlation_id = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()

    def send(self, api_key: ApiKey, version: int, request: object) -> None:
        """Send a request without waiting for its answer."""
        self.socket.sendall(self.frame(api_key, version, request))
        self._sent.append((api_key, version, self._next_correlation_id))

    def frame(self, api_key: ApiKey, version: int, request: object) -> bytes:
        """Return a request's bytes, its size first, with the next correlation id."""
        self._next_correlation_id += 1
        header = RequestHeader(api_key, version, self._next_correlation_id, CLIENT_ID)
        content = encode_request_header(header) + encode(request, version)
        return len(content).to_bytes(4, "big") + content

    def receive(self) -> Any:
        """Return the answer to the oldest request that is not answered yet."""
        api_key, version, correlation_id = self._sent.pop(0)
        content = self.receive_frame()
        answered, position = decode_response_header(api_key, version, content)
        assert answered == correlation_id, f"answer {answered} came where {correlation_id} was due"
        return decode_message(response_class(api_key), version, content[position:])

    def ask(self, api_key: ApiKey, version: int, request: object) -> Any:
        """Send a request and return its answer."""
        self.send(api_key, version, request)
        return self.receive()

    def receive_frame(self) -> memoryview:
        """Return the next frame's content. Raises ConnectionError at the end of the stream."""
        size = int.from_bytes(self._receive_exactly(4), "big")
        return self._receive_exactly(size)

    def _receive_exactly(self, size: int) -> memoryview:
        received = memoryview(bytearray(size))
        filled = 0
        while filled < size:
            count = self.socket.recv_into(received[filled:])
            if count == 0:
                raise ConnectionError(f"the stream ended after {filled} of {size} bytes")
            filled += count
        return received
