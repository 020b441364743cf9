"""The JSON form of a message, as Kafka's generated `JsonConverter` classes make it, and its text as Jackson writes it.

The law: tools that print messages print this and nothing else. A tagged field that has its default is left out, bytes
are base64, an identifier is its text, and records are an empty text (Kafka has no form for them).
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from ottla.types import uuid_to_text
from ottla.wire.schema import BYTES, RECORDS, UUID, FieldSchema, FieldType, Shape, schema_of

JsonValue = Any
"""None, a truth value, a number, a text, a list or a mapping of such."""

_RECORDS_PLACEHOLDER = ""

_ESCAPES = {
    **{code: f"\\u{code:04X}" for code in range(0x20)},
    ord("\b"): "\\b",
    ord("\t"): "\\t",
    ord("\n"): "\\n",
    ord("\f"): "\\f",
    ord("\r"): "\\r",
    ord('"'): '\\"',
    ord("\\"): "\\\\",
}
"""What Jackson escapes in a text, and how; everything else stands for itself."""

_PLAIN_FROM = 1e-3
_PLAIN_BELOW = 1e7
"""Java's Double.toString writes numbers of this range without an exponent."""


def json_form(value: object, version: int) -> dict[str, JsonValue]:
    """Return the fields of a message or struct that exist in this version, by their names in Kafka, in wire order."""
    form = {}
    for item in schema_of(type(value)).fields:
        content = getattr(value, item.name)
        if version in item.versions and not (item.is_tagged(version) and _is_default(item, content, version)):
            form[item.kafka_name] = _field_form(item, content, version)
    return form


def json_text(value: JsonValue) -> str:
    """Return a value as Jackson prints it: without spaces, every text in its own characters."""
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json_text(name)}:{json_text(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(json_text, value)) + "]"
    if isinstance(value, float):
        return double_text(value) if math.isfinite(value) else f'"{double_text(value)}"'
    return str(value)


def double_text(value: float) -> str:
    """Return a number as Java's `Double.toString` writes it: `1.0`, `1.5E10`, `NaN`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    shortest = Decimal(repr(value))
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return f"{shortest:f}"
    sign, digits, exponent = shortest.normalize().as_tuple()
    if len(digits) == 1:
        # Java writes two digits at least, and takes the two that come closest.
        closest = Decimal(f"{value:.1e}")
        if float(closest) == value:
            sign, digits, exponent = closest.as_tuple()
    exponent = cast("int", exponent)  # the number is finite
    fraction = "".join(map(str, digits[1:])) or "0"
    return f"{'-' * sign}{digits[0]}.{fraction}E{exponent + len(digits) - 1}"


def _is_default(item: FieldSchema, content: Any, version: int) -> bool:
    if item.shape is Shape.STRUCT:
        if content is None:
            return item.default is None
        if item.default is None and version in item.nullable:
            return False
        return bool(content == cast("type", item.element)())
    if item.default is None or content is None:
        return content is item.default
    return bool(content == item.default)


def _field_form(item: FieldSchema, content: Any, version: int) -> JsonValue:
    if content is None:
        return None
    if item.shape is Shape.ARRAY:
        return [_element_form(item.element, element, version) for element in content]
    return _element_form(item.element, content, version)


def _element_form(element: FieldType | type, content: Any, version: int) -> JsonValue:
    if not isinstance(element, FieldType):
        return json_form(content, version)
    if element is UUID:
        return uuid_to_text(content)
    if element is BYTES:
        return base64.b64encode(content).decode("ascii")
    if element is RECORDS:
        return _RECORDS_PLACEHOLDER
    return content
