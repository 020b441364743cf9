"""The order in which Scala's immutable maps and sets give back what was put in.

Up to four keep the order of insertion. More are a trie by five bits of the hash at a time, where what a node holds
itself comes before what lies below it (`scala.collection.immutable.HashMap`, 2.13).
"""

from __future__ import annotations

from collections.abc import Iterable

from ottla.types import java_string_hash

_SMALL = 4
_BITS_PER_LEVEL = 5
_HASH_BITS = 32
_WORD = 0xFFFFFFFF


def scala_order(texts: Iterable[str]) -> list[str]:
    """Return texts as an immutable map or set yields what it got in this order."""
    inserted = list(dict.fromkeys(texts))
    if len(inserted) <= _SMALL:
        return inserted
    return _trie_order([(_improved(java_string_hash(text)), text) for text in inserted], 0)


def _trie_order(entries: list[tuple[int, str]], shift: int) -> list[str]:
    if shift >= _HASH_BITS:  # the hashes are equal
        return [text for _, text in entries]
    branches: dict[int, list[tuple[int, str]]] = {}
    for entry in entries:
        branches.setdefault(entry[0] >> shift & 31, []).append(entry)
    in_order = [branches[index] for index in sorted(branches)]
    own = [branch[0][1] for branch in in_order if len(branch) == 1]
    below = [_trie_order(branch, shift + _BITS_PER_LEVEL) for branch in in_order if len(branch) > 1]
    return own + [text for texts in below for text in texts]


def _improved(hashed: int) -> int:
    """Return what Scala makes of a hash before it goes by its bits (`scala.collection.Hashing.improve`)."""
    mixed = (hashed + ~(hashed << 9)) & _WORD
    mixed ^= mixed >> 14
    mixed = (mixed + (mixed << 4)) & _WORD
    return mixed ^ mixed >> 10
