"""Pieces that the server's tests share: frames, and a sink that answers as it is told."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from ottla.completion import Completion
from ottla.server.connection import Answer


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big", signed=True) + body


def echo(body: bytes) -> Answer:
    return [frame(body)]


class RecordingSink:
    """Echoes every request, unless `answer` says otherwise."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.frames: list[memoryview] = []
        self.answer: Callable[[bytes], Answer | Completion[Answer]] = echo
        self.keeps = False

    def dispatch(self, frame_bytes: memoryview, client_address: str) -> Answer | Completion[Answer]:
        assert client_address == "127.0.0.1"
        body = bytes(frame_bytes)
        self.requests.append(body)
        self.frames.append(frame_bytes)
        return self.answer(body)

    def keeps_frame(self, _frame: memoryview) -> bool:
        return self.keeps


async def connect(port: int) -> socket.socket:
    """Return a connected, non-blocking client socket."""
    client = socket.socket()
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
    return client


async def receive_exactly(client: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    received = b""
    while len(received) < size:
        piece = await loop.sock_recv(client, size - len(received))
        if not piece:
            raise ConnectionError(f"the connection ended after {len(received)} of {size} bytes")
        received += piece
    return received


async def receive_frame(client: socket.socket) -> bytes:
    size = int.from_bytes(await receive_exactly(client, 4), "big")
    return await receive_exactly(client, size)


async def is_closed(client: socket.socket) -> bool:
    """Wait for the end of the stream; True unless bytes came instead."""
    try:
        return await asyncio.get_running_loop().sock_recv(client, 1) == b""
    except ConnectionResetError:
        return True
