import pytest

from ottla.protocol.api import ApiKey
from ottla.protocol.headers import (
    RequestHeader,
    decode_request_header,
    decode_response_header,
    encode_request_header,
    encode_response_header,
)
from ottla.wire.primitives import WireError

TAGGED = bytes.fromhex("02 05 01 aa 0a 02 bb cc")
"""Two tagged fields that nobody knows: number 5 of one byte, number 10 of two."""


def test_an_old_version_has_a_header_without_tagged_fields():
    header = RequestHeader(ApiKey.PRODUCE, 8, 7, "me")
    assert encode_request_header(header) == bytes.fromhex("0000 0008 00000007 0002") + b"me"
    assert decode_request_header(encode_request_header(header) + b"body") == (header, 12)


def test_a_flexible_version_has_tagged_fields_behind_an_old_client_id():
    header = RequestHeader(ApiKey.PRODUCE, 9, 7, "me")
    encoded = encode_request_header(header)
    assert encoded == bytes.fromhex("0000 0009 00000007 0002") + b"me\0"
    assert decode_request_header(memoryview(encoded)) == (header, 13)
    assert decode_request_header(b"frame" + encoded[:-1] + TAGGED, 5) == (header, 5 + 12 + len(TAGGED))


def test_a_null_client_id_is_an_empty_one():
    assert decode_request_header(bytes.fromhex("0003 0000 00000001 ffff")) == (RequestHeader(3, 0, 1, ""), 10)


def test_a_client_id_that_is_no_utf_8_is_read_with_replacement_characters():
    header, _ = decode_request_header(bytes.fromhex("0003 0000 00000001 0002") + b"a\xff")
    assert header.client_id == "a\N{REPLACEMENT CHARACTER}"


def test_the_version_is_not_judged():
    assert decode_request_header(bytes.fromhex("0012 7fff 00000001 0000 00"))[0].api_version == 0x7FFF
    assert decode_request_header(bytes.fromhex("0012 ffff 00000001 0000"))[0].api_version == -1


@pytest.mark.parametrize("key", [4, 7, 93, 1000, -1])
def test_a_number_that_is_no_api_is_refused(key):
    with pytest.raises(WireError, match=f"{key} is the number of no API"):
        decode_request_header(key.to_bytes(2, "big", signed=True) + bytes(8))


@pytest.mark.parametrize("encoded", [bytes.fromhex("0000 0009 00000007 0002") + b"me" + TAGGED])
def test_a_header_that_ends_early_is_refused_at_every_byte(encoded):
    for end in range(len(encoded)):
        with pytest.raises(WireError):
            decode_request_header(encoded[:end])


def test_a_response_header_has_tagged_fields_in_flexible_versions():
    assert encode_response_header(ApiKey.FETCH, 11, 5) == bytes.fromhex("00000005")
    assert encode_response_header(ApiKey.FETCH, 12, 5) == bytes.fromhex("00000005 00")
    assert decode_response_header(ApiKey.FETCH, 11, bytes.fromhex("00000005 ff")) == (5, 4)
    assert decode_response_header(ApiKey.FETCH, 12, bytes.fromhex("00000005") + TAGGED) == (
        5,
        4 + len(TAGGED),
    )


def test_a_response_to_api_versions_never_has_tagged_fields():
    for version in range(5):
        assert encode_response_header(ApiKey.API_VERSIONS, version, 5) == bytes.fromhex("00000005")
        assert decode_response_header(ApiKey.API_VERSIONS, version, bytes.fromhex("00000005 02")) == (5, 4)


def test_a_response_header_that_ends_early_is_refused():
    encoded = bytes.fromhex("00000005") + TAGGED
    for end in range(len(encoded)):
        with pytest.raises(WireError):
            decode_response_header(ApiKey.FETCH, 12, encoded[:end])
