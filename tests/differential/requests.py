"""Requests from their descriptions: a mapping with our field names becomes a message, and that its bytes.

Record batches are described too, down to header fields that lie; their CRC is right unless it is set.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from ottla.protocol.api import request_class
from ottla.protocol.consumer_protocol import ConsumerProtocolAssignment, ConsumerProtocolSubscription
from ottla.records.batch import compute_crc, read_header
from ottla.records.builder import NewRecord, build_batch
from ottla.records.compression import Codec
from ottla.records.record import RecordHeader
from ottla.types import uuid_from_text
from ottla.wire.compiler import encode
from ottla.wire.schema import FieldSchema, FieldType, Shape, schema_of
from tests.differential.case_files import CaseError, api_named

# Where each field of a batch's header lies, for headers that lie.
HEADER_FIELDS = {
    "base_offset": (0, ">q"),
    "batch_length": (8, ">i"),
    "leader_epoch": (12, ">i"),
    "magic": (16, ">b"),
    "crc": (17, ">I"),
    "attributes": (21, ">h"),
    "last_offset_delta": (23, ">i"),
    "base_timestamp": (27, ">q"),
    "max_timestamp": (35, ">q"),
    "producer_id": (43, ">q"),
    "producer_epoch": (51, ">h"),
    "base_sequence": (53, ">i"),
    "records_count": (57, ">i"),
}
_BATCH_WORDS = {
    "values", "records", "codec", "timestamp", "producer_id", "producer_epoch", "base_sequence",
    "transactional", "control", "log_append_time", "set", "cut", "append", "payload",
}  # fmt: skip
_RECORD_WORDS = {"key", "value", "timestamp", "headers"}
_PROTOCOL_VERSION = struct.Struct(">h")


def build_request(api_name: str, description: Mapping[str, Any], now_ms: int) -> object:
    """Return the request message that a description, its names resolved, stands for; raises CaseError."""
    return _build(request_class(api_named(api_name).key), description, now_ms)


def build_batches(description: Any, now_ms: int) -> bytes | None:
    """Return the record batches that one description or a list of them stands for."""
    if description is None or isinstance(description, bytes):
        return description
    if isinstance(description, list):
        return b"".join(build_batches(item, now_ms) or b"" for item in description)
    return _build_batch(description, now_ms)


def _build(cls: type, description: Mapping[str, Any], now_ms: int) -> Any:
    fields = {item.name: item for item in schema_of(cls).fields}
    unknown = set(description) - set(fields)
    if unknown:
        raise CaseError(f"{cls.__name__} has no {', '.join(sorted(unknown))}; it has {', '.join(fields)}")
    return cls(**{name: _value(fields[name], value, now_ms) for name, value in description.items()})


def _value(item: FieldSchema, value: Any, now_ms: int) -> Any:
    if item.shape is Shape.ARRAY and value is not None:
        return [_element(item.element, element, now_ms) for element in value]
    return _element(item.element, value, now_ms)


def _element(element: FieldType | type, value: Any, now_ms: int) -> Any:
    if element is FieldType.RECORDS:
        return build_batches(value, now_ms)
    if value is None:
        return None
    if isinstance(element, type):
        return _build(element, value, now_ms)
    if element is FieldType.BYTES:
        return _bytes(value, now_ms)
    if element is FieldType.UUID and isinstance(value, str):
        return uuid_from_text(value)
    return value


def _bytes(value: Any, now_ms: int) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    classes = {"subscription": ConsumerProtocolSubscription, "assignment": ConsumerProtocolAssignment}
    ((kind, description),) = value.items()
    version = description.pop("version", 0)
    return _PROTOCOL_VERSION.pack(version) + encode(_build(classes[kind], description, now_ms), version)


def _build_batch(description: Mapping[str, Any], now_ms: int) -> bytes:
    unknown = set(description) - _BATCH_WORDS
    if unknown:
        raise CaseError(f"a batch has no {', '.join(sorted(unknown))}")
    items = [{"value": value} for value in description.get("values", [])] or description.get("records")
    if items is None:
        raise CaseError("a batch needs `values` or `records`")
    batch = build_batch(
        [_record(item) for item in items],
        now_ms=description.get("timestamp", now_ms),
        codec=Codec[str(description.get("codec", "none")).upper()],
        producer_id=description.get("producer_id", -1),
        producer_epoch=description.get("producer_epoch", -1),
        base_sequence=description.get("base_sequence", -1),
        transactional=description.get("transactional", False),
        control=description.get("control", False),
        log_append_time=description.get("log_append_time", False),
    )
    if "payload" in description:
        batch[61:] = description["payload"]
        struct.pack_into(">i", batch, 8, len(batch) - 12)
    batch += description.get("append", b"")
    settings = description.get("set", {})
    for name, value in settings.items():
        position, code = HEADER_FIELDS[name]
        struct.pack_into(code, batch, position, value)
    if "crc" not in settings and batch[16] == 2 and not settings.get("batch_length"):
        struct.pack_into(">I", batch, 17, compute_crc(batch, 0, read_header(batch).size_bytes))
    return bytes(batch[: len(batch) - description.get("cut", 0)])


def _record(item: Mapping[str, Any]) -> NewRecord:
    unknown = set(item) - _RECORD_WORDS
    if unknown:
        raise CaseError(f"a record has no {', '.join(sorted(unknown))}")
    headers = tuple(RecordHeader(name, _text(value)) for name, value in item.get("headers", []))
    return NewRecord(_text(item.get("key")), _text(item.get("value")), item.get("timestamp"), headers)


def _text(value: Any) -> bytes | None:
    return str(value).encode() if isinstance(value, str | int) else value
