"""The small pieces of Kafka's wire format, and the one error for bytes that do not follow it.

A decoder raises `WireError` for malformed bytes and nothing else, whatever the bytes are; what it allocates
is bounded by the bytes that are really there, never by a length that they claim.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

Buffer = bytes | bytearray | memoryview
"""What decoders read from; positions are byte offsets into it."""

MAX_STRING_BYTES = 0x7FFF
"""Longest string in UTF-8 bytes; Kafka refuses longer ones even where the length is a varint."""

MAX_UVARINT_BYTES = 5
"""An unsigned varint holds at most 32 bits, seven to a byte (org.apache.kafka.common.utils.ByteUtils)."""

_PREPARED_ARRAY_LENGTHS = 17
"""Shorter arrays of fixed-size elements have a ready-made unpacker; most partition lists are that short."""


class WireError(Exception):
    """Bytes that are no message: truncated, a length that cannot be, a null that is not allowed.

    `reason` says what was wrong; `message`, `version` and `field` (a path such as `topics[1].name`) where,
    as far as known.
    """

    def __init__(
        self, reason: str, *, message: str | None = None, version: int | None = None, field: str | None = None
    ) -> None:
        place = f"{message} v{version}" if message is not None else None
        where = ", ".join(part for part in (place, field) if part)
        super().__init__(f"{where}: {reason}" if where else reason)
        self.reason = reason
        self.message = message
        self.version = version
        self.field = field


def _encode_uvarint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


ONE_BYTE_UVARINTS = tuple(bytes([value]) for value in range(128))
"""The encoded form of each number that fits one byte, by number."""


def uvarint(value: int) -> bytes:
    """Encode a number from 0 to 2^32 - 1, seven bits to a byte, lowest first.

    Raises ValueError for a number outside that range.
    """
    if 0 <= value < 128:
        return ONE_BYTE_UVARINTS[value]
    if not 0 <= value <= 0xFFFFFFFF:
        raise ValueError(f"{value} does not fit an unsigned varint of 32 bits")
    return _encode_uvarint(value)


def compact_string_length(length_plus_one: int) -> bytes:
    """Encode the length prefix of a compact string.

    Raises ValueError for a string over MAX_STRING_BYTES.
    """
    if length_plus_one > MAX_STRING_BYTES + 1:
        raise ValueError(f"a string of {length_plus_one - 1} bytes is over the limit of {MAX_STRING_BYTES}")
    return uvarint(length_plus_one)


def read_uvarint(buffer: Buffer, position: int) -> tuple[int, int]:
    """Read an unsigned varint, as Kafka does into a signed 32-bit number; return it and the position behind.

    Raises IndexError at the end of the buffer and WireError when the number has more than five bytes.
    """
    first = buffer[position]
    if first < 128:
        return first, position + 1
    return rest_of_uvarint(buffer, position + 1, first)


def rest_of_uvarint(buffer: Buffer, position: int, first: int) -> tuple[int, int]:
    """Read on from a varint's first byte, which said that more follow; the rest is as `read_uvarint`."""
    # The sizes of record batches are two or three bytes long: those are written out.
    second = buffer[position]
    if second < 128:
        return first - 128 + (second << 7), position + 1
    third = buffer[position + 1]
    if third < 128:
        return first - 128 + (second - 128 << 7) + (third << 14), position + 2
    value = first - 128 + (second - 128 << 7) + (third - 128 << 14)
    fourth = buffer[position + 2]
    if fourth < 128:
        return value + (fourth << 21), position + 3
    fifth = buffer[position + 3]
    if fifth < 128:
        value = (value + (fourth - 128 << 21) + (fifth << 28)) & 0xFFFFFFFF
        return (value if value < 0x80000000 else value - 0x100000000), position + 4
    raise WireError(f"a varint has more than {MAX_UVARINT_BYTES} bytes")


def rest_of_string_length(buffer: Buffer, position: int, first: int) -> tuple[int, int]:
    """Read on as `rest_of_uvarint`, and refuse what is longer than a string may be."""
    value, position = rest_of_uvarint(buffer, position, first)
    if value > MAX_STRING_BYTES + 1:
        raise WireError(f"a string claims {value - 1} bytes; the limit is {MAX_STRING_BYTES}")
    return value, position


def skip_tagged_fields(buffer: Buffer, position: int, first: int) -> int:
    """Skip a section of tagged fields none of which is known; `first` is the first byte of their number.

    Return the position behind the section. Raises IndexError or WireError when the buffer ends inside it.
    """
    limit = len(buffer)
    count = first
    if first > 127:
        count, position = rest_of_uvarint(buffer, position, first)
    for _ in range(count):
        _tag, position = read_uvarint(buffer, position)
        size, position = read_uvarint(buffer, position)
        if not 0 <= size <= limit - position:
            raise length_error(size, limit - position)
        position += size
    return position


def length_error(length: int, remaining: int) -> WireError:
    """Return the error for a length that is negative or exceeds the bytes that remain."""
    if length < 0:
        return WireError("null where null is not allowed")
    return WireError(f"a length of {length} bytes exceeds the {max(remaining, 0)} bytes that remain")


def count_error(count: int, remaining: int) -> WireError:
    """Return the error for an array that is negative or cannot fit into the bytes that remain."""
    if count < 0:
        return WireError("null where null is not allowed")
    return WireError(
        f"an array of {count} elements cannot fit into the {max(remaining, 0)} bytes that remain"
    )


class ArrayUnpackers:
    """Reads arrays of one fixed-size type: `self[count](buffer, position)` returns a tuple of `count` values.

    Short arrays use a prepared `struct.Struct`, longer ones make one for the call.
    """

    __slots__ = ("_code", "_prepared")

    def __init__(self, code: str) -> None:
        self._code = code
        self._prepared = tuple(
            struct.Struct(f">{count}{code}").unpack_from for count in range(_PREPARED_ARRAY_LENGTHS)
        )

    def __getitem__(self, count: int) -> Callable[[Buffer, int], tuple[Any, ...]]:
        if count < _PREPARED_ARRAY_LENGTHS:
            return self._prepared[count]
        return struct.Struct(f">{count}{self._code}").unpack_from


class ArrayPackers:
    """Writes arrays of one fixed-size type: `self[count](*values)` returns the bytes of `count` values."""

    __slots__ = ("_code", "_prepared")

    def __init__(self, code: str) -> None:
        self._code = code
        self._prepared = tuple(
            struct.Struct(f">{count}{code}").pack for count in range(_PREPARED_ARRAY_LENGTHS)
        )

    def __getitem__(self, count: int) -> Callable[..., bytes]:
        if count < _PREPARED_ARRAY_LENGTHS:
            return self._prepared[count]
        return struct.Struct(f">{count}{self._code}").pack
