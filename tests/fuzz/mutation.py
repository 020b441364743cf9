"""Damage to bytes: what a broken client, a bad network or somebody who looks for a way in would send."""

from __future__ import annotations

import random
from collections.abc import Callable

INTERESTING_BYTES = (0, 1, 2, 0x7F, 0x80, 0x81, 0xFE, 0xFF)
# Behind a length or a count: the largest that the field can hold, and some that are just too large.
LENGTHS = (
    *(value.to_bytes(1, "big", signed=True) for value in (-1, 0, 1, 127)),
    *(value.to_bytes(2, "big", signed=True) for value in (-1, -2, 0, 1, 32767, -32768)),
    *(value.to_bytes(4, "big", signed=True) for value in (-1, -2, 0, 1, 2**31 - 1, -(2**31), 2**24, 2**16)),
    b"\xff\xff\xff\xff\x0f",
    b"\xff\xff\xff\xff\x07",
    b"\x80\x80\x80\x80\x80\x80",
    b"\xff\xff\x7f",
)
MOST_CHANGES = 4


def mutated(rng: random.Random, content: bytes) -> bytes:
    """Return the bytes with some damage."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, MOST_CHANGES)):
        change: Callable[[random.Random, bytearray], None] = rng.choice(
            (_flip, _set, _overwrite, _overwrite, _cut, _insert, _repeat, _remove)
        )
        if changed:
            change(rng, changed)
    return bytes(changed)


def _flip(rng: random.Random, content: bytearray) -> None:
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def _set(rng: random.Random, content: bytearray) -> None:
    content[rng.randrange(len(content))] = rng.choice(INTERESTING_BYTES)


def _overwrite(rng: random.Random, content: bytearray) -> None:
    length = rng.choice(LENGTHS)
    start = rng.randrange(len(content))
    content[start : start + len(length)] = length


def _cut(rng: random.Random, content: bytearray) -> None:
    del content[rng.randrange(len(content)) :]


def _insert(rng: random.Random, content: bytearray) -> None:
    position = rng.randrange(len(content) + 1)
    content[position:position] = rng.randbytes(rng.choice((1, 2, 4, 40)))


def _repeat(rng: random.Random, content: bytearray) -> None:
    start = rng.randrange(len(content))
    end = min(len(content), start + rng.choice((1, 4, 20, 100)))
    content[end:end] = content[start:end] * rng.choice((1, 2, 50))


def _remove(rng: random.Random, content: bytearray) -> None:
    start = rng.randrange(len(content))
    del content[start : start + rng.choice((1, 2, 4, 20))]
