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


def next_frame(buffer: Buffer, start: int, end: int, max_size_bytes: int) -> tuple[int, int] | None:
    """Return where the content of the next frame starts and ends, or None while it is not complete.

    The valid bytes lie between `start` and `end`; the next search starts at the frame's end. Raises WireError for a
    negative size and for one over `max_size_bytes` (`socket.request.max.bytes` on a broker).
    """
    content_start = start + SIZE_BYTES
    if content_start > end:
        return None
    size: int = _unpack_size(buffer, start)[0]
    if not 0 <= size <= max_size_bytes:
        raise _impossible(size, max_size_bytes)
    content_end = content_start + size
    return None if content_end > end else (content_start, content_end)


def frame_prefix(size_bytes: int) -> bytes:
    """Return the four bytes that go before a frame of this size."""
    return _pack_size(size_bytes)


def _impossible(size: int, max_size_bytes: int) -> WireError:
    if size < 0:
        return WireError(f"a frame claims a negative size of {size} bytes")
    return WireError(f"a frame claims {size} bytes; the limit is {max_size_bytes}")
