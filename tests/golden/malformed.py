"""Bytes that are no message, or no longer the one they were."""

import random
from collections.abc import Sequence

# Bytes that mean something to a parser: null, empty, the ends of the ranges, and the bit that continues a varint.
TELLING_BYTES = [0x00, 0x01, 0x02, 0x7F, 0x80, 0xFF]
HUGE_LENGTHS = [b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff\x07", b"\xff\xff\xff\xff\xff\xff", b"\x7f\xff"]


def garbage(encoded: Sequence[bytes], count: int, rng: random.Random) -> list[bytes]:
    """Return `count` mutations of messages: cut, changed, lengthened, or nothing but noise."""
    return [_mutation(rng.choice(encoded), rng) for _ in range(count)]


def _mutation(encoded: bytes, rng: random.Random) -> bytes:
    kind = rng.random()
    if kind < 0.2 or not encoded:
        return rng.randbytes(rng.randrange(60))
    content = bytearray(encoded)
    if kind < 0.35:
        return bytes(content[: rng.randrange(len(content))])
    for _ in range(rng.choice([1, 1, 2, 4])):
        content[rng.randrange(len(content))] = rng.choice([*TELLING_BYTES, rng.randrange(256)])
    if kind < 0.45:
        position = rng.randrange(len(content))
        content[position:position] = rng.randbytes(rng.choice([1, 4]))
    elif kind < 0.6:
        position = rng.randrange(len(content))
        huge = rng.choice(HUGE_LENGTHS)
        content[position : position + len(huge)] = huge
    return bytes(content)
