"""A node that answers as a test's script says, over real sockets: for what a sound broker does once in a year.

It speaks the protocol with the project's own messages, which the golden tests hold to Kafka's bytes; what it answers is
the script's: a function from API key, version and request to a response, to CLOSE, or to None for no answer at all.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from enum import Enum
from typing import Any, Self

from ottla.protocol.api import APIS, ApiKey, request_class
from ottla.protocol.headers import decode_request_header, encode_response_header
from ottla.protocol.messages.api_versions import ApiVersion, ApiVersionsResponse
from ottla.wire.compiler import decode_message, encode

RECEIVE_BYTES = 1 << 16


class Reaction(Enum):
    """What a script may say instead of a response."""

    CLOSE = "close"


CLOSE = Reaction.CLOSE

Script = Callable[[ApiKey, int, Any], Any]


class ScriptedNode:
    """Listens on a loopback port; `asked` has every request but ApiVersions, in order."""

    def __init__(self, script: Script, *, offered: dict[ApiKey, tuple[int, int]] | None = None) -> None:
        self.asked: list[tuple[ApiKey, int, Any]] = []
        self.connections = 0
        self._script = script
        self._offered = offered
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._clients: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        # A shutdown wakes the thread that accepts; closing alone does not.
        for each in (self._listener, *self._clients):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in (self._accepting, *self._threads):
            thread.join()

    @property
    def address(self) -> str:
        """The address for `bootstrap.servers`."""
        return f"127.0.0.1:{self.port}"

    def requests(self, key: ApiKey) -> list[Any]:
        """Return the requests of an API so far."""
        return [request for asked, _, request in self.asked if asked is key]

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._clients.append(client)
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        received = bytearray()
        with contextlib.suppress(OSError), client:
            while True:
                content = client.recv(RECEIVE_BYTES)
                if not content:
                    return
                received += content
                while len(received) >= 4 and len(received) >= 4 + int.from_bytes(received[:4], "big"):
                    end = 4 + int.from_bytes(received[:4], "big")
                    frame = bytes(received[4:end])
                    del received[:end]
                    if not self._answer(client, frame):
                        return

    def _answer(self, client: socket.socket, frame: bytes) -> bool:
        header, position = decode_request_header(frame)
        key, version = ApiKey(header.api_key), header.api_version
        request = decode_message(request_class(key), version, memoryview(frame)[position:])
        if key is ApiKey.API_VERSIONS and self._offered is not None:
            response: Any = self._versions(version)
            version = min(version, self._offered.get(key, (0, 4))[1])
        elif key is ApiKey.API_VERSIONS:
            response = self._versions(version)
        else:
            self.asked.append((key, version, request))
            response = self._script(key, version, request)
        if response is CLOSE:
            return False
        if response is not None:
            content = encode_response_header(key, version, header.correlation_id) + encode(response, version)
            client.sendall(len(content).to_bytes(4, "big") + content)
        return True

    def _versions(self, version: int) -> ApiVersionsResponse:
        offered = self._offered or {
            api.key: (api.min_version, api.max_version) for api in APIS.values() if api.served
        }
        newest = offered.get(ApiKey.API_VERSIONS, (0, 4))[1]
        rows = [
            ApiVersion(api_key=key, min_version=low, max_version=high) for key, (low, high) in offered.items()
        ]
        return ApiVersionsResponse(error_code=35 if version > newest else 0, api_keys=rows)
