"""The headers before requests and responses.

A flexible request version has header version 2, any other version 1; the client id keeps its old form in
both. A flexible response version has header version 1, any other version 0, with one exception: a response
to ApiVersions always has version 0, since the client that asks does not know yet what the broker speaks
(KIP-511). Facts 7.1.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from ottla.protocol.api import APIS, ApiKey
from ottla.wire.primitives import Buffer, WireError, skip_tagged_fields

_FIXED = struct.Struct(">hhih")
_FIXED_SIZE = _FIXED.size
_unpack_fixed = _FIXED.unpack_from
_SHORT_RESPONSE = struct.Struct(">i")
_TAGGED_RESPONSE = struct.Struct(">ix")

_NEVER = 0x8000
"""Above every version: the first flexible version of an API that has none."""

_FLEXIBLE_FROM = {
    key: _NEVER if api.flexible_from is None else api.flexible_from for key, api in APIS.items()
}


class RequestHeader(NamedTuple):
    """What stands before a request; a null client id reads as the empty string, as in Kafka."""

    api_key: int
    api_version: int
    correlation_id: int
    client_id: str


def decode_request_header(buffer: Buffer, position: int = 0) -> tuple[RequestHeader, int]:
    """Read a request header; return it and the position behind it.

    The version in it may be one that the API does not have. Raises WireError for a number that is no API
    and for malformed bytes, upon both of which Kafka closes the connection.
    """
    limit = len(buffer)
    if limit - position < _FIXED_SIZE:
        raise WireError(f"{max(limit - position, 0)} bytes are no request header")
    key, version, correlation_id, length = _unpack_fixed(buffer, position)
    flexible_from = _FLEXIBLE_FROM.get(key)
    if flexible_from is None:
        raise WireError(f"{key} is the number of no API")
    position += _FIXED_SIZE
    client_id = ""
    if length > 0:
        end = position + length
        if end > limit:
            raise WireError(f"a client id claims {length} of the {limit - position} bytes that remain")
        client_id = str(buffer[position:end], "utf-8", "replace")
        position = end
    if version >= flexible_from:
        try:
            first = buffer[position]
            position = skip_tagged_fields(buffer, position + 1, first) if first else position + 1
        except IndexError:
            raise WireError("the bytes end inside the tagged fields of a request header") from None
    # What the class itself does behind two calls more, once for every request.
    return tuple.__new__(RequestHeader, (key, version, correlation_id, client_id)), position


def encode_request_header(header: RequestHeader) -> bytes:
    """Write a request header, with a client id that is not null."""
    client_id = header.client_id.encode()
    fixed = _FIXED.pack(header.api_key, header.api_version, header.correlation_id, len(client_id))
    return fixed + client_id + (b"\0" if APIS[header.api_key].is_flexible(header.api_version) else b"")


def encode_response_header(api_key: int, api_version: int, correlation_id: int) -> bytes:
    """Write the header of a response to a request of this API and version."""
    return _response_layout(api_key, api_version).pack(correlation_id)


def decode_response_header(
    api_key: int, api_version: int, buffer: Buffer, position: int = 0
) -> tuple[int, int]:
    """Read the header of a response; return the correlation id and the position behind the header.

    Raises WireError for malformed bytes.
    """
    if len(buffer) - position < _SHORT_RESPONSE.size:
        raise WireError(f"{max(len(buffer) - position, 0)} bytes are no response header")
    correlation_id: int = _SHORT_RESPONSE.unpack_from(buffer, position)[0]
    position += _SHORT_RESPONSE.size
    if _response_layout(api_key, api_version) is _TAGGED_RESPONSE:
        try:
            position = skip_tagged_fields(buffer, position + 1, buffer[position])
        except IndexError:
            raise WireError("the bytes end inside the tagged fields of a response header") from None
    return correlation_id, position


def has_tagged_response_header(api_key: int, api_version: int) -> bool:
    """Tell whether tagged fields follow the correlation id in the response header."""
    return api_key != ApiKey.API_VERSIONS and APIS[api_key].is_flexible(api_version)


def _response_layout(api_key: int, api_version: int) -> struct.Struct:
    return _TAGGED_RESPONSE if has_tagged_response_header(api_key, api_version) else _SHORT_RESPONSE
