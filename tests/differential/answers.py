"""Answers as plain values: what a decoder makes of the bytes, down to the records, and nothing that it hides.

Beside the fields of its version an answer tells whether its bytes are exactly those that our encoder writes for
them: a field that is written although it has its default, or a tail, shows there.
"""

from __future__ import annotations

from typing import Any

from ottla.protocol.api import response_class
from ottla.protocol.headers import decode_response_header
from ottla.records.batch import CorruptBatchError, compute_crc, read_header
from ottla.records.compression import Codec
from ottla.records.record import iterate_records
from ottla.wire.compiler import decode_message, encode
from ottla.wire.primitives import WireError
from ottla.wire.schema import FieldSchema, FieldType, Shape, StructSchema, message_schema_of, schema_of

CLOSED = "the connection was closed"
SILENT = "no answer came"


def plain_answer(api_key: int, version: int, frame: bytes) -> Any:
    """Return the answer in a frame as plain values; bytes that are no such answer give their hex form."""
    try:
        correlation_id, position = decode_response_header(api_key, version, frame)
        message = decode_message(response_class(api_key), version, frame[position:])
    except WireError as error:
        return {"undecodable": str(error), "bytes": frame.hex()}
    plain = _plain_struct(message_schema_of(type(message)), message, version)
    header = frame[:position]
    return {
        "correlation_id": correlation_id,
        "header_bytes": len(header),
        "is_canonical": encode(message, version) == frame[position:],
        **plain,
    }


def _plain_struct(schema: StructSchema, value: Any, version: int) -> dict[str, Any]:
    return {
        item.name: _plain(item, getattr(value, item.name), version)
        for item in schema.fields
        if version in item.versions
    }


def _plain(item: FieldSchema, value: Any, version: int) -> Any:
    if value is None:
        return None
    if item.shape is Shape.ARRAY:
        return [_plain_element(item.element, element, version) for element in value]
    return _plain_element(item.element, value, version)


def _plain_element(element: FieldType | type, value: Any, version: int) -> Any:
    if isinstance(element, type):
        return _plain_struct(schema_of(element), value, version)
    if element is FieldType.RECORDS:
        return plain_batches(bytes(value))
    if element is FieldType.BYTES:
        return plain_bytes(bytes(value))
    return value


def plain_bytes(value: bytes | None) -> str | None:
    """Return bytes as text where they are text, else in hex."""
    if value is None:
        return None
    text = value.decode("utf-8", "replace")
    return text if text.isprintable() and "\ufffd" not in text else f"hex:{value.hex()}"


def plain_batches(records: bytes) -> list[Any]:
    """Return record batches field by field; what follows the last whole one is given in bytes."""
    batches: list[Any] = []
    position = 0
    while position < len(records):
        try:
            header = read_header(records, position)
            whole = position + header.size_bytes <= len(records)
        except CorruptBatchError:
            whole = False
        if not whole:
            batches.append({"cut": records[position:].hex()})
            break
        batches.append(_plain_batch(records, position))
        position += header.size_bytes
    return batches


def _plain_batch(records: bytes, position: int) -> dict[str, Any]:
    header = read_header(records, position)
    plain: dict[str, Any] = dict(header._asdict())
    plain["codec"] = Codec(header.codec).name
    plain["crc_is_right"] = compute_crc(records, position, header.size_bytes) == header.crc
    try:
        plain["records"] = [
            {
                "offset": record.offset,
                "timestamp": record.timestamp_ms,
                "key": plain_bytes(record.key),
                "value": plain_bytes(record.value),
                "headers": [[item.key, plain_bytes(item.value)] for item in record.headers],
            }
            for record in iterate_records(records, position, header)
        ]
    except CorruptBatchError as error:
        plain["records"] = f"corrupt: {error}"
    return plain
