"""Damage to bytes: what a broken client, a bad network or somebody who looks for a way in would send."""

from __future__ import annotations

import random
from collections.abc import Callable

from ottla.wire.primitives import WireError, read_uvarint, uvarint
from tests.fuzz.encoding import Kind, Piece, joined

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
# Negative as 32 bits, of more bytes than needed, longer than any may be, and without an end.
STRANGE_VARINTS = (
    b"\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\x07", b"\x80\x80\x80\x80\x08", b"\x81\0", b"\x82\x80\0", b"\x80\0",
    b"\x80\x80\x80\x80\x80\0", b"\xff\xff\xff\xff\x7f", b"\x80",
)  # fmt: skip
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


def mutated_pieces(rng: random.Random, pieces: list[Piece]) -> bytes:
    """Return a request that lies in the places where it says what follows."""
    changed = list(pieces)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        index = rng.randrange(len(changed))
        change = rng.choice((_lie, _lie, _lie, _drop, _double, _swap, _strange_tags))
        change(rng, changed, index)
    return joined(changed)


def with_unknown_tags(rng: random.Random, pieces: list[Piece]) -> list[Piece]:
    """Return the request with tagged fields that nobody knows, which every reader has to pass over (KIP-482)."""
    changed = list(pieces)
    places = [index for index, piece in enumerate(pieces) if piece.kind is Kind.TAG_COUNT]
    for index in reversed(places):
        if rng.random() < 0.5:
            _add_tags(rng, changed, index, rng.choice((1, 1, 2, 40)))
    return changed


def _varint_of(piece: Piece) -> int:
    """Return the number in a piece, 0 where there is none any more."""
    try:
        return max(read_uvarint(piece.content, 0)[0], 0)
    except (WireError, IndexError):
        return 0


def _add_tags(rng: random.Random, pieces: list[Piece], index: int, count: int) -> None:
    known = _varint_of(pieces[index])
    pieces[index] = Piece(Kind.TAG_COUNT, uvarint(known + count))
    added = []
    for number in range(count):
        content = rng.randbytes(rng.choice((0, 1, 5, 130)))
        # Above every tag that Kafka has given out.
        added += [
            Piece(Kind.TAG, uvarint(rng.choice((100, 127, 128, 10_000, 2**31 - 1)) - number)),
            Piece(Kind.TAG, uvarint(len(content))),
            Piece(Kind.CONTENT, content),
        ]
    pieces[index + 1 : index + 1] = added


def _lie(rng: random.Random, pieces: list[Piece], index: int) -> None:
    telling = [at for at, piece in enumerate(pieces) if piece.kind not in {Kind.CONTENT, Kind.NUMBER}]
    if telling and rng.random() < 0.8:
        index = rng.choice(telling)
    piece = pieces[index]
    size = len(piece.content)
    if piece.kind is Kind.CONTENT:
        content = mutated(rng, piece.content)
    elif piece.kind in {Kind.NUMBER, Kind.LENGTH}:
        value = rng.choice((0, 1, -1, -2, 2, 127, 2**15 - 1, -(2**15), 2**31 - 1, -(2**31), 2**63 - 1))
        if rng.random() < 0.3:
            value = int.from_bytes(piece.content, "big") + rng.choice((1, -1))
        content = (value % (1 << 8 * size)).to_bytes(size, "big")
    elif rng.random() < 0.3:
        content = rng.choice(STRANGE_VARINTS)
    else:
        old = _varint_of(piece)
        content = uvarint(max(0, rng.choice((old + 1, old - 1, 0, 1, 2, 300, 2**14, 2**31 - 1))))
    pieces[index] = Piece(piece.kind, content)


def _drop(_rng: random.Random, pieces: list[Piece], index: int) -> None:
    if len(pieces) > 1:
        del pieces[index]


def _double(_rng: random.Random, pieces: list[Piece], index: int) -> None:
    pieces.insert(index, pieces[index])


def _swap(rng: random.Random, pieces: list[Piece], index: int) -> None:
    other = rng.randrange(len(pieces))
    pieces[index], pieces[other] = pieces[other], pieces[index]


def _strange_tags(rng: random.Random, pieces: list[Piece], index: int) -> None:
    """Add tagged fields whose numbers may be known ones, twice or out of order, and whose sizes may be wrong."""
    places = [at for at, piece in enumerate(pieces) if piece.kind is Kind.TAG_COUNT]
    if not places:
        _lie(rng, pieces, index)
        return
    place = rng.choice(places)
    count = rng.randint(1, 3)
    known = _varint_of(pieces[place])
    pieces[place] = Piece(Kind.TAG_COUNT, uvarint(known + count))
    for _ in range(count):
        content = rng.randbytes(rng.choice((0, 1, 2, 4, 16)))
        size = uvarint(len(content)) if rng.random() < 0.7 else rng.choice(STRANGE_VARINTS)
        tag = uvarint(rng.choice((0, 0, 1, 2, 3, 2**31, 2**32 - 1)))
        pieces[place + 1 : place + 1] = [
            Piece(Kind.TAG, tag), Piece(Kind.TAG, size), Piece(Kind.CONTENT, content),
        ]  # fmt: skip
