"""What Kafka's own deserializers make of bytes, as text: those that kafka-console-consumer can be told to use.

Deserializers of a user's own are Java and cannot be loaded here; naming one is logged as Kafka's tool logs a class that
it cannot find, and the bytes stay as they are.
"""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Callable, Mapping
from typing import TypeAlias

from ottla.cli.failures import ToolError
from ottla.wire.json_form import double_text

Deserializer: TypeAlias = Callable[[bytes], str]
"""From the bytes of a key, value or header to their text. Raises ToolError."""

_PACKAGE = "org.apache.kafka.common.serialization."
_SERIALIZATION_ERROR = "org.apache.kafka.common.errors.SerializationException"
_CLASS_NOT_FOUND = "java.lang.ClassNotFoundException"
_UUID_PART_DIGITS = (8, 4, 4, 4, 12)
_MOST_FLOAT_DIGITS = 9
"""So many digits tell any two floats of 32 bits apart."""


def deserializer_named(class_name: str, properties: Mapping[str, str], *, is_key: bool) -> Deserializer:
    """Return one of Kafka's deserializers; `properties` are its own, without their prefix.

    Raises ToolError for a class that is none of them, and for properties that it refuses.
    """
    name = class_name.removeprefix(_PACKAGE)
    if not class_name.startswith(_PACKAGE) or name not in {*_PLAIN, "StringDeserializer", "UUIDDeserializer"}:
        raise ToolError(_CLASS_NOT_FOUND, class_name)
    if name in _PLAIN:
        return _PLAIN[name]
    own_key = f"{'key' if is_key else 'value'}.deserializer.encoding"
    encoding = properties.get(own_key, properties.get("deserializer.encoding", "UTF-8"))
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise ToolError(_SERIALIZATION_ERROR, f"Unsupported encoding {encoding}") from error
    if name == "StringDeserializer":
        return lambda content: content.decode(encoding, "replace")
    return lambda content: _uuid_text(content.decode(encoding, "replace"))


def _uuid_text(text: str) -> str:
    """Return an identifier as `UUID.fromString` reads it: leading zeros of its parts may be left out."""
    parts = text.split("-")
    if len(parts) != len(_UUID_PART_DIGITS) or not all(re.fullmatch(r"[0-9a-fA-F]+", part) for part in parts):
        raise ToolError(_SERIALIZATION_ERROR, "Error parsing data into UUID")
    return "-".join(
        part.lower().zfill(digits)[-digits:] for part, digits in zip(parts, _UUID_PART_DIGITS, strict=True)
    )


def _number(code: str, named: str, show: Callable[[float], str] = str) -> Deserializer:
    """Return the deserializer of a number of fixed size; `named` is what Kafka calls itself in the error."""
    layout = struct.Struct(f">{code}")

    def deserialize(content: bytes) -> str:
        if len(content) != layout.size:
            raise ToolError(_SERIALIZATION_ERROR, f"Size of data received by {named} is not {layout.size}")
        return show(layout.unpack(content)[0])

    return deserialize


def _float_text(value: float) -> str:
    """Return a number of 32 bits as Java's `Float.toString` writes it: with as few digits as tell it apart."""
    layout = struct.Struct(">f")
    packed = layout.pack(value)
    for digits in range(1, _MOST_FLOAT_DIGITS + 1):
        shortened = float(f"{value:.{digits}g}")
        if layout.pack(shortened) == packed:
            return double_text(shortened)
    return double_text(value)


def _boolean_text(content: bytes) -> str:
    if len(content) != 1:
        raise ToolError(_SERIALIZATION_ERROR, "Size of data received by BooleanDeserializer is not 1")
    if content[0] > 1:
        signed = int.from_bytes(content, "big", signed=True)
        raise ToolError(_SERIALIZATION_ERROR, f"Unexpected byte received by BooleanDeserializer: {signed}")
    return "true" if content[0] else "false"


def _printable(content: bytes) -> str:
    return "".join(
        chr(byte) if 0x20 <= byte <= 0x7E and byte != ord("\\") else f"\\x{byte:02X}" for byte in content
    )


def _object_text(content: bytes) -> str:
    """Show bytes as Java prints an array of them: by a number for the object, which says nothing of what is in it."""
    return f"[B@{id(content) & 0xFFFFFFFF:x}"


def _buffer_text(content: bytes) -> str:
    return f"java.nio.HeapByteBuffer[pos=0 lim={len(content)} cap={len(content)}]"


def _refuse(_content: bytes) -> str:
    raise ToolError("java.lang.IllegalArgumentException", "Data should be null for a VoidDeserializer.")


_PLAIN: Mapping[str, Deserializer] = {
    "BooleanDeserializer": _boolean_text,
    "ByteArrayDeserializer": _object_text,
    "ByteBufferDeserializer": _buffer_text,
    "BytesDeserializer": _printable,
    "DoubleDeserializer": _number("d", "Deserializer", double_text),
    "FloatDeserializer": _number("f", "Deserializer", _float_text),
    "IntegerDeserializer": _number("i", "IntegerDeserializer"),
    "LongDeserializer": _number("q", "LongDeserializer"),
    "ShortDeserializer": _number("h", "ShortDeserializer"),
    "VoidDeserializer": _refuse,
}
"""The deserializers that have no properties, by the names of their classes."""
