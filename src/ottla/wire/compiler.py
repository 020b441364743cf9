"""Turns a message class and a version into functions that decode and encode it.

The functions are generated once per class and version, are cached for the life of the process (their number
is the number of messages times versions), and show their source in tracebacks. `decode` raises `WireError`
for malformed bytes, with message, version and field; encoding a value that the field cannot hold is a bug
of ours and raises `EncodingError`, which names the field too.

Bytes behind a message are left alone: Kafka's parser does not look at them either.
"""

from __future__ import annotations

import linecache
import struct
from collections.abc import Callable, Iterable, Sized
from functools import cache
from types import TracebackType
from typing import Any, TypeVar, cast

from ottla.wire.decoder_source import decoder_source
from ottla.wire.encoder_source import encoder_source
from ottla.wire.primitives import Buffer, WireError
from ottla.wire.schema import MessageSchema, StructSchema, message_schema_of, schema_of
from ottla.wire.source import FunctionSource

T = TypeVar("T")

Piece = Sized
"""What an encoder appends: bytes, or whatever a records field held; its `len` is its size in bytes."""

Decoder = Callable[[Buffer, int], tuple[T, int]]
Encoder = Callable[[T, list[Piece]], None]

_MALFORMED = (IndexError, struct.error, WireError)
"""What a decoder's body raises for bytes that end early or lie."""

_UNENCODABLE = (struct.error, AttributeError, TypeError, ValueError)
"""What an encoder's body raises for a value of the wrong type or range."""


class EncodingError(Exception):
    """A value that its field cannot hold; the text names message, version and field."""


def decode(cls: type[T], version: int, buffer: Buffer, position: int = 0) -> tuple[T, int]:
    """Decode a message at `position`; return it and the position behind it.

    Raises WireError for malformed bytes, ValueError when the class has no such version.
    """
    return cast("tuple[T, int]", _decoder(cls, version)(buffer, position))


def decode_message(cls: type[T], version: int, buffer: Buffer) -> T:
    """Decode the message that a buffer starts with; what follows it is ignored.

    Raises WireError for malformed bytes, ValueError when the class has no such version.
    """
    return cast("T", _decoder(cls, version)(buffer, 0)[0])


def encode(value: object, version: int) -> bytes:
    """Encode a message whose records fields hold bytes.

    Raises EncodingError for a value that does not fit, ValueError when the class has no such version.
    """
    pieces: list[Any] = []
    _encoder(type(value), version)(value, pieces)
    return b"".join(pieces)


def decoder(cls: type[T], version: int) -> Decoder[T]:
    """Return the decoder of one version: from buffer and position to the message and the position behind it.

    Raises ValueError when the class has no such version; the decoder raises WireError.
    """
    return _decoder(cls, version)


def encoder(cls: type[T], version: int) -> Encoder[T]:
    """Return the encoder of one version, which appends the message's pieces to a list.

    The content of a records field becomes a piece as it is, so that it can be a range of a file. Raises
    ValueError when the class has no such version; the encoder raises EncodingError and may then have
    appended some pieces.
    """
    return _encoder(cls, version)


def element_encoder(message: type, cls: type[T], version: int) -> Encoder[T]:
    """Return the encoder of a struct as it stands in one version of a message.

    What it appends, joined, may stand for the struct in an array that is declared with `encoded_ahead`. Raises
    ValueError when the message has no such version; the encoder raises EncodingError.
    """
    return _element_encoder(message, cls, version)


def pieces_size(pieces: Iterable[Piece]) -> int:
    """Return the total size in bytes of what an encoder appended."""
    return sum(map(len, pieces))


def _compile_decoder(cls: type, version: int) -> Callable[..., Any]:
    schema = _checked_schema(cls, version)
    name = f"decode_{cls.__name__}_v{version}"
    source = decoder_source(cls, schema, version, name)
    source.names["MALFORMED"] = _MALFORMED

    def located(error: Exception) -> WireError:
        """Return the error with the place where the decoder stood."""
        reason = error.reason if isinstance(error, WireError) else "the bytes end inside the field"
        return WireError(reason, message=schema.name, version=version, field=_field_path(error, source))

    source.names["located"] = located
    return _compiled(source, name)


def _compile_encoder(cls: type, version: int) -> Callable[..., Any]:
    schema = _checked_schema(cls, version)
    name = f"encode_{cls.__name__}_v{version}"
    return _encoder_of(schema, version, name, flexible=schema.is_flexible(version))


def _compile_element_encoder(message: type, cls: type, version: int) -> Callable[..., Any]:
    flexible = _checked_schema(message, version).is_flexible(version)
    return _encoder_of(schema_of(cls), version, f"encode_{cls.__name__}_v{version}", flexible=flexible)


def _encoder_of(schema: StructSchema, version: int, name: str, *, flexible: bool) -> Callable[..., Any]:
    source = encoder_source(schema, version, name, flexible=flexible)
    source.names["UNENCODABLE"] = _UNENCODABLE

    def located(error: Exception) -> EncodingError:
        """Return the error with the place where the encoder stood."""
        return EncodingError(f"{schema.name} v{version}, {_field_path(error, source)}: {error}")

    source.names["located"] = located
    return _compiled(source, name)


_decoder: Callable[[type, int], Callable[..., Any]] = cache(_compile_decoder)
_encoder: Callable[[type, int], Callable[..., Any]] = cache(_compile_encoder)
_element_encoder: Callable[[type, type, int], Callable[..., Any]] = cache(_compile_element_encoder)


def _checked_schema(cls: type, version: int) -> MessageSchema:
    schema = message_schema_of(cls)
    if version not in schema.versions:
        raise ValueError(
            f"{schema.name} has versions {schema.versions.lowest} to {schema.versions.highest}, not {version}"
        )
    return schema


def _compiled(source: FunctionSource, name: str) -> Callable[..., Any]:
    text = "\n".join(source.lines) + "\n"
    filename = f"<ottla.wire {name}>"
    # An entry without a modification time is one that linecache never throws away.
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = dict(source.names)
    # The text is made from class attributes of this program alone; no input reaches it.
    exec(compile(text, filename, "exec"), namespace)  # noqa: S102
    return cast("Callable[..., Any]", namespace[name])


def _field_path(error: Exception, source: FunctionSource) -> str | None:
    """Work out from a failure inside a generated function which field its line was about."""
    traceback = cast("TracebackType", error.__traceback__)
    line, frame_locals = traceback.tb_lineno, traceback.tb_frame.f_locals
    path = source.paths.get(line)
    run = source.runs.get(line)
    if run is not None and "limit" in frame_locals:
        remaining = frame_locals["limit"] - frame_locals["p"]
        path = next((item.path for item in run if item.end > remaining), path)
    return path.format(**frame_locals) if path else None
