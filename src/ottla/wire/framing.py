"""Cuts a stream of bytes into frames: a signed 32-bit size, then that many bytes.

Pure and without copies: the caller owns the buffer and gets positions. A size is judged as soon as its four
bytes are there, so a frame that must not be never makes a buffer grow. Facts 7.1; Kafka's class is
NetworkReceive.
"""

from __future__ import annotations

import struct

from ottla.wire.primitives import Buffer, WireError

SIZE_BYTES = 4
"""Length of the size in front of each frame."""

_unpack_size = struct.Struct(">i").unpack_from
_pack_size = struct.Struct(">i").pack


def announced_size(buffer: Buffer, start: int, end: int, max_size_bytes: int) -> int | None:
    """Return the size in bytes of the frame that starts at `start`, without the size itself.

    None when fewer than four bytes lie between `start` and `end`. Raises WireError for a negative size and
    for one over `max_size_bytes` (`socket.request.max.bytes` on a broker).
    """
    if end - start < SIZE_BYTES:
        return None
    size: int = _unpack_size(buffer, start)[0]
    if size < 0:
        raise WireError(f"a frame claims a negative size of {size} bytes")
    if size > max_size_bytes:
        raise WireError(f"a frame claims {size} bytes; the limit is {max_size_bytes}")
    return size


def next_frame(buffer: Buffer, start: int, end: int, max_size_bytes: int) -> tuple[int, int] | None:
    """Return where the content of the next frame starts and ends, or None while it is not complete.

    The valid bytes lie between `start` and `end`; the next search starts at the frame's end. Raises
    WireError as `announced_size`.
    """
    size = announced_size(buffer, start, end, max_size_bytes)
    if size is None or end - start - SIZE_BYTES < size:
        return None
    return start + SIZE_BYTES, start + SIZE_BYTES + size


def frame_prefix(size_bytes: int) -> bytes:
    """Return the four bytes that go before a frame of this size."""
    return _pack_size(size_bytes)
