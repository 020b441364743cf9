"""Kafka's frames and headers by hand: for tests that must send what no client would, or see what clients send.

It shares no code with Ottla, so that both cannot be wrong in the same way.
"""

import socket
import struct

LENGTH = struct.Struct(">i")
FETCH = 1
METADATA = 3
API_VERSIONS = 18
DESCRIBE_QUORUM = 55
CONSUMER_GROUP_HEARTBEAT = 68


def frame(content: bytes) -> bytes:
    """Return `content` behind its length."""
    return LENGTH.pack(len(content)) + content


def request(
    api_key: int, api_version: int, body: bytes = b"", *, flexible: bool, correlation_id: int = 1
) -> bytes:
    """Return a framed request with header version 2 when `flexible`, else 1; the client id is `raw`."""
    header = struct.pack(">hhih", api_key, api_version, correlation_id, 3) + b"raw"
    return frame(header + (b"\0" if flexible else b"") + body)


def read_exactly(stream: socket.socket, size: int) -> bytes:
    """Return the next `size` bytes; raises EOFError when the peer closes before, TimeoutError as the socket does."""
    received = b""
    while len(received) < size:
        chunk = stream.recv(size - len(received))
        if not chunk:
            raise EOFError(f"closed after {len(received)} of {size} bytes")
        received += chunk
    return received


def read_frame(stream: socket.socket) -> bytes:
    """Return the content of the next frame; raises as `read_exactly`."""
    (size,) = LENGTH.unpack(read_exactly(stream, LENGTH.size))
    return read_exactly(stream, size)


def offered_apis(port: int, timeout_s: float) -> set[int]:
    """Return the keys of the APIs that the broker on a loopback `port` offers."""
    with socket.create_connection(("localhost", port), timeout_s) as stream:
        stream.sendall(request(API_VERSIONS, 0, flexible=False))
        answer = read_frame(stream)
    correlation_id, error_code, count = struct.unpack_from(">ihi", answer)
    assert (correlation_id, error_code) == (1, 0)
    return {struct.unpack_from(">hhh", answer, 10 + 6 * number)[0] for number in range(count)}


def is_closed(stream: socket.socket) -> bool:
    """Wait until the peer closes or says something; raises TimeoutError when it does neither."""
    try:
        return stream.recv(1) == b""
    except ConnectionResetError:
        return True


def unsigned_varint(content: bytes, position: int) -> tuple[int, int]:
    """Return the unsigned varint at `position` and the position behind it."""
    value = shift = 0
    while True:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
