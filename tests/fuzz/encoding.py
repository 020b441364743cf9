"""Requests as lists of pieces that know what they are, so that damage can be done where it means something.

A second encoder, written from the rules alone: joined, its pieces are the bytes of the broker's own (a test compares
them). Where the broker's packs neighbours together, each field here is a piece of its own.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ottla.protocol.api import Api
from ottla.wire.primitives import uvarint
from ottla.wire.schema import FieldSchema, FieldType, Shape, message_schema_of, schema_of


class Kind(Enum):
    """What a piece of a request is."""

    NUMBER = "number"
    """A field of a fixed size."""
    LENGTH = "length"
    """How long the next piece is, in the two or four bytes of the old form."""
    COMPACT_LENGTH = "compact length"
    """The same plus one, as an unsigned varint."""
    CONTENT = "content"
    TAG_COUNT = "tag count"
    """How many tagged fields follow: an unsigned varint."""
    TAG = "tag"
    """The number or the size of a tagged field: an unsigned varint."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a request."""

    kind: Kind
    content: bytes


def joined(pieces: list[Piece]) -> bytes:
    """Return the bytes of all pieces."""
    return b"".join(piece.content for piece in pieces)


def request_pieces(
    api: Api, version: int, correlation_id: int, client_id: str | None, request: Any
) -> list[Piece]:
    """Return header and body of a request."""
    pieces = [
        Piece(Kind.NUMBER, struct.pack(">h", api.key)),
        Piece(Kind.NUMBER, struct.pack(">h", version)),
        Piece(Kind.NUMBER, struct.pack(">i", correlation_id)),
    ]
    client = None if client_id is None else client_id.encode()
    pieces.append(Piece(Kind.LENGTH, struct.pack(">h", -1 if client is None else len(client))))
    if client:
        pieces.append(Piece(Kind.CONTENT, client))
    is_flexible = api.is_flexible(version)
    if is_flexible:
        pieces.append(Piece(Kind.TAG_COUNT, b"\0"))
    _Writer(pieces, version, is_flexible).struct(request)
    return pieces


@dataclass(slots=True)
class _Writer:
    pieces: list[Piece]
    version: int
    is_flexible: bool

    def struct(self, value: Any) -> None:
        tagged = []
        for item in schema_of(type(value)).fields:
            content = getattr(value, item.name)
            if item.is_tagged(self.version):
                if not _is_default(item, content):
                    tagged.append((item, content))
            elif self.version in item.versions:
                self.field(item, content)
        if self.is_flexible:
            self._add(Kind.TAG_COUNT, uvarint(len(tagged)))
            for item, content in tagged:
                inner = _Writer([], self.version, True)
                inner.field(item, content)
                self._add(Kind.TAG, uvarint(item.tag or 0))
                self._add(Kind.TAG, uvarint(len(joined(inner.pieces))))
                self.pieces += inner.pieces

    def field(self, item: FieldSchema, content: Any) -> None:
        if item.shape is Shape.ARRAY:
            self._length(None if content is None else len(content), ">i")
            for element in content or ():
                self._element(item.element, element)
        elif item.shape is Shape.STRUCT and self.version in item.nullable:
            self._add(Kind.NUMBER, b"\xff" if content is None else b"\x01")
            if content is not None:
                self.struct(content)
        else:
            self._element(item.element, content)

    def _element(self, element: FieldType | type, content: Any) -> None:
        if not isinstance(element, FieldType):
            self.struct(content)
        elif element.fixed_code is not None:
            self._add(Kind.NUMBER, struct.pack(f">{element.fixed_code}", content))
        else:
            raw = content.encode() if isinstance(content, str) else content
            self._length(None if raw is None else len(raw), ">h" if element is FieldType.STRING else ">i")
            if raw:
                self._add(Kind.CONTENT, bytes(raw))

    def _length(self, length: int | None, form: str) -> None:
        if self.is_flexible:
            self._add(Kind.COMPACT_LENGTH, uvarint(0 if length is None else length + 1))
        else:
            self._add(Kind.LENGTH, struct.pack(form, -1 if length is None else length))

    def _add(self, kind: Kind, content: bytes) -> None:
        self.pieces.append(Piece(kind, content))


def _is_default(item: FieldSchema, content: Any) -> bool:
    if item.shape is Shape.STRUCT and item.default is None:
        return content is None
    if item.shape is Shape.STRUCT:
        return bool(content == type(content)())
    return bool(content == item.default)


def body_pieces(message: Any, version: int) -> list[Piece]:
    """Return the pieces of a message without a header."""
    pieces: list[Piece] = []
    _Writer(pieces, version, message_schema_of(type(message)).is_flexible(version)).struct(message)
    return pieces
