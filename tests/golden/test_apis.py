"""The table of APIs and the headers are Apache Kafka's."""

import pytest

from ottla.protocol.api import APIS, ApiKey
from ottla.protocol.headers import (
    RequestHeader,
    decode_request_header,
    encode_request_header,
    encode_response_header,
)
from ottla.protocol.messages.metadata import MetadataRequest
from ottla.wire.compiler import decode, encode
from ottla.wire.primitives import WireError
from tests.golden.kafka_codec import Refusal

pytestmark = pytest.mark.java


def test_the_table_is_that_of_kafka(kafka_codec):
    theirs = {api["key"]: api for api in kafka_codec.apis()}
    assert set(APIS) == set(theirs)
    for key, api in APIS.items():
        row = theirs[key]
        listeners = {role for role in ("broker", "controller") if row[role]}
        versions = range(row["lowest"], row["highest"] + 1)
        flexible = [
            version for version, header in zip(versions, row["requestHeaders"], strict=True) if header == 2
        ]
        assert (api.name, ApiKey(key).name) == (row["name"], row["enum"])
        assert (api.min_version, api.listeners) == (row["lowest"], listeners)
        assert api.max_version == (row["highestStable"] if row["highestStable"] >= row["lowest"] else -1), (
            api.name
        )
        assert [version for version in versions if api.is_flexible(version)] == flexible
        for version, header in zip(versions, row["responseHeaders"], strict=True):
            assert len(encode_response_header(key, version, 1)) == (5 if header == 1 else 4)


@pytest.mark.parametrize("version", [0, 8, 9, 13])
@pytest.mark.parametrize("client_id", ["", "me", "\u4e2d\U0001f600", "x" * 300])
def test_a_request_means_the_same_to_kafka_and_its_tail_is_ignored(version, client_id, kafka_codec):
    header = RequestHeader(ApiKey.METADATA, version, -7, client_id)
    start = encode_request_header(header)
    body = encode(MetadataRequest(topics=[]), version)
    for tail in (b"", b"tail"):
        content = start + body + tail
        (answer,) = kafka_codec.parse_requests([content])
        assert answer == {
            "apiKey": 3,
            "apiVersion": version,
            "correlationId": -7,
            "clientId": client_id,
            "headerBytes": len(start),
            "totalBytes": len(start + body),
        }
        assert decode_request_header(content) == (header, len(start))
        assert decode(MetadataRequest, version, content, len(start))[1] == len(start + body)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        bytes.fromhex("0003 0000 00000001"),
        bytes.fromhex("0003 0000 00000001 0005 6162"),
        bytes.fromhex("0003 0009 00000001 0000"),
        bytes.fromhex("0003 0009 00000001 0000 01 00 7f"),
        bytes.fromhex("0004 0000 00000001 0000"),
        bytes.fromhex("7fff 0000 00000001 0000"),
    ],
)
def test_kafka_refuses_the_headers_that_we_refuse(content, kafka_codec):
    (answer,) = kafka_codec.parse_requests([content])
    assert isinstance(answer, Refusal)
    assert "InvalidRequestException" in answer.words
    with pytest.raises(WireError):
        decode_request_header(content)
