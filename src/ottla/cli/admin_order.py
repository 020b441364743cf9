"""The orders in which the results of Kafka's Java Admin come, where its tools print them as they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from ottla.jvm_order import hash_order
from ottla.types import java_string_hash

Key = TypeVar("Key")

_TRUE_HASH, _FALSE_HASH = 1231, 1237


def result_order(keys: Sequence[Key], hash_of: Callable[[Key], int]) -> list[Key]:
    """Return keys as most results yield them: put into a map made for so many, which is then copied.

    The copy is as large as Java makes it since version 19, which Kafka's images have.
    """
    sized = hash_order(keys, hash_of, capacity=len(keys))
    return hash_order(sized, hash_of, capacity=-(-len(sized) * 4 // 3))


def collected_order(keys: Sequence[Key], hash_of: Callable[[Key], int]) -> list[Key]:
    """Return keys as a result of results yields them, which is put into one more map made for so many."""
    return hash_order(result_order(keys, hash_of), hash_of, capacity=len(keys))


def node_hash(node_id: int, host: str, port: int, rack: str | None, *, is_fenced: bool = False) -> int:
    """Return the hash of Kafka's Node."""
    rack_hash = 0 if rack is None else java_string_hash(rack)
    hashed = 1
    for part in (java_string_hash(host), node_id, port, rack_hash, _TRUE_HASH if is_fenced else _FALSE_HASH):
        hashed = 31 * hashed + part
    return hashed


def quota_entity_hash(entity: Mapping[str, str | None]) -> int:
    """Return the hash of Kafka's ClientQuotaEntity: that of a list which holds its map."""
    return 31 + sum(
        java_string_hash(kind) ^ (0 if name is None else java_string_hash(name))
        for kind, name in entity.items()
    )
