"""Messages to compare with: made from the schema by chance and by malice."""

import random
from collections.abc import Callable
from typing import Any

from ottla.wire.schema import (
    BOOL,
    BYTES,
    FLOAT64,
    RECORDS,
    STRING,
    UUID,
    FieldSchema,
    FieldType,
    Shape,
    schema_of,
)

Choose = Callable[[FieldType, random.Random], Any]

INTEGER_BITS = {"b": 8, "h": 16, "H": 16, "i": 32, "I": 32, "q": 64}
ALPHABET = "abcXYZ019._- \0\u00e9\u0431\u4e2d\u2028\U0001f600"
# Around the sizes at which a varint grows by a byte, and the longest string.
LENGTHS = [0, 1, 2, 5, 20, 126, 127, 128, 129]
RARE_LENGTHS = [16382, 16383, 16384, 0x7FFF]


def messages(cls: type[Any], version: int, count: int, rng: random.Random) -> list[Any]:
    """Return `count` messages: all defaults, all empty, all least, all greatest, and the rest by chance."""
    corners = [
        cls(),
        _built(cls, version, _Corner(_empty, 0), rng),
        _built(cls, version, _Corner(_least, 1), rng),
        _built(cls, version, _Corner(_greatest, 2), rng),
    ]
    return corners + [_built(cls, version, _Chance(), rng) for _ in range(count - len(corners))]


class _Corner:
    """Chooses the same way everywhere."""

    def __init__(self, choose: Choose, elements: int) -> None:
        self.choose = choose
        self.elements = elements

    def is_null(self, _rng: random.Random) -> bool:
        return self.elements == 0

    def count(self, _element: FieldType | type, _rng: random.Random) -> int:
        return self.elements


class _Chance:
    """Chooses by chance, with a liking for corners."""

    def is_null(self, rng: random.Random) -> bool:
        return rng.random() < 0.3

    def count(self, element: FieldType | type, rng: random.Random) -> int:
        if isinstance(element, FieldType) and rng.random() < 0.05:
            return rng.choice([16, 17, 126, 127, 128, 300])
        return rng.choice([0, 1, 1, 2, 3])

    def choose(self, element: FieldType, rng: random.Random) -> Any:
        if rng.random() < 0.2:
            return rng.choice([_empty, _least, _greatest])(element, rng)
        if element in (STRING, BYTES, RECORDS):
            length = rng.choice(RARE_LENGTHS if rng.random() < 0.002 else LENGTHS)
            return _text(length, rng) if element is STRING else rng.randbytes(length)
        if element is UUID:
            return rng.randbytes(16)
        if element is BOOL:
            return rng.random() < 0.5
        if element is FLOAT64:
            return rng.uniform(-1e6, 1e6)
        least, greatest = _limits(element)
        return rng.randint(least, greatest) if rng.random() < 0.5 else rng.randint(max(least, -2), 100)


def _built(cls: type[Any], version: int, chooser: _Corner | _Chance, rng: random.Random) -> Any:
    values = {}
    for item in schema_of(cls).fields:
        if version not in item.versions:
            continue
        may_be_none = version in item.nullable or (item.shape is Shape.STRUCT and item.default is None)
        if may_be_none and chooser.is_null(rng):
            values[item.name] = None
        elif item.tag is not None and chooser.is_null(rng):
            continue
        elif item.shape is Shape.ARRAY:
            count = chooser.count(item.element, rng)
            values[item.name] = [_element(item, version, chooser, rng) for _ in range(count)]
        else:
            values[item.name] = _element(item, version, chooser, rng)
    return cls(**values)


def _element(item: FieldSchema, version: int, chooser: _Corner | _Chance, rng: random.Random) -> Any:
    if isinstance(item.element, FieldType):
        return chooser.choose(item.element, rng)
    return _built(item.element, version, chooser, rng)


def _limits(element: FieldType) -> tuple[int, int]:
    bits = INTEGER_BITS[element.value]
    return (0, (1 << bits) - 1) if element.value.isupper() else (-1 << (bits - 1), (1 << (bits - 1)) - 1)


def _empty(element: FieldType, _rng: random.Random) -> Any:
    fixed: dict[FieldType, Any] = {
        STRING: "",
        BYTES: b"",
        RECORDS: b"",
        UUID: bytes(16),
        BOOL: False,
        FLOAT64: 0.0,
    }
    return fixed.get(element, 0)


def _least(element: FieldType, _rng: random.Random) -> Any:
    fixed = {STRING: "\0", BYTES: b"\0", RECORDS: b"\0", UUID: bytes(15) + b"\1", BOOL: True, FLOAT64: 5e-324}
    return fixed[element] if element in fixed else _limits(element)[0]


def _greatest(element: FieldType, rng: random.Random) -> Any:
    fixed = {
        STRING: "\U0010ffff" * 40,
        BYTES: rng.randbytes(300),
        RECORDS: rng.randbytes(300),
        UUID: b"\xff" * 16,
        BOOL: True,
        FLOAT64: -1.7976931348623157e308,
    }
    return fixed[element] if element in fixed else _limits(element)[1]


def _text(length_bytes: int, rng: random.Random) -> str:
    """Return a text of this many bytes in UTF-8."""
    text = ""
    remaining = length_bytes
    while remaining:
        character = rng.choice(ALPHABET)
        size = len(character.encode())
        if size <= remaining:
            text += character
            remaining -= size
    return text


def has_records(cls: type[Any]) -> bool:
    """Tell whether a message has a records field, which Kafka cannot read from its JSON form."""
    return any(
        item.element is RECORDS or (not isinstance(item.element, FieldType) and has_records(item.element))
        for item in schema_of(cls).fields
    )
