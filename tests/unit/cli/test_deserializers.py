"""Deserializers of Kafka's, by the names of their classes."""

import struct

import pytest

from ottla.cli.deserializers import deserializer_named
from ottla.cli.failures import ToolError

PACKAGE = "org.apache.kafka.common.serialization."


def deserialize(name: str, content: bytes, **properties: str) -> str:
    own = {key.replace("_", "."): value for key, value in properties.items()}
    return deserializer_named(PACKAGE + name, own, is_key=False)(content)


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("StringDeserializer", "\u00e4".encode(), "\u00e4"),
        ("StringDeserializer", b"\xff", "\N{REPLACEMENT CHARACTER}"),
        ("ShortDeserializer", b"\xff\xfe", "-2"),
        ("IntegerDeserializer", b"null", "1853189228"),
        ("LongDeserializer", b"\x80" + bytes(7), "-9223372036854775808"),
        ("FloatDeserializer", struct.pack(">f", 0.1), "0.1"),
        ("FloatDeserializer", struct.pack(">f", 16777216.0), "1.6777216E7"),
        ("FloatDeserializer", struct.pack(">f", float("nan")), "NaN"),
        ("DoubleDeserializer", struct.pack(">d", 1e10), "1.0E10"),
        ("BooleanDeserializer", b"\1", "true"),
        ("BooleanDeserializer", b"\0", "false"),
        ("BytesDeserializer", b"a\\\x00~\xff", "a\\x5C\\x00~\\xFF"),
        ("ByteBufferDeserializer", b"abc", "java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]"),
        ("UUIDDeserializer", b"A1B2-0-1-2-3", "0000a1b2-0000-0001-0002-000000000003"),
    ],
)
def test_what_bytes_mean(name, content, text):
    assert deserialize(name, content) == text


def test_a_text_has_the_encoding_that_its_properties_name():
    assert deserialize("StringDeserializer", b"\xe4", value_deserializer_encoding="ISO-8859-1") == "\u00e4"
    assert deserialize("StringDeserializer", b"\xe4", deserializer_encoding="ISO-8859-1") == "\u00e4"
    assert deserialize("StringDeserializer", b"\xe4", key_deserializer_encoding="ISO-8859-1") != "\u00e4"
    with pytest.raises(ToolError, match="Unsupported encoding nonsense"):
        deserialize("StringDeserializer", b"", deserializer_encoding="nonsense")


def test_an_array_of_bytes_is_shown_as_an_object():
    assert deserialize("ByteArrayDeserializer", b"abc").startswith("[B@")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("ShortDeserializer", b"1", "Size of data received by ShortDeserializer is not 2"),
        ("IntegerDeserializer", b"12345", "Size of data received by IntegerDeserializer is not 4"),
        ("LongDeserializer", b"", "Size of data received by LongDeserializer is not 8"),
        ("FloatDeserializer", b"1", "Size of data received by Deserializer is not 4"),
        ("DoubleDeserializer", b"1", "Size of data received by Deserializer is not 8"),
        ("BooleanDeserializer", b"12", "Size of data received by BooleanDeserializer is not 1"),
        ("BooleanDeserializer", b"\xfe", "Unexpected byte received by BooleanDeserializer: -2"),
        ("UUIDDeserializer", b"none", "Error parsing data into UUID"),
        ("VoidDeserializer", b"", "Data should be null for a VoidDeserializer."),
    ],
)
def test_what_cannot_be_read(name, content, words):
    with pytest.raises(ToolError, match=words):
        deserialize(name, content)


@pytest.mark.parametrize("name", ["com.example.Mine", "StringDeserializer", PACKAGE + "NoSuchDeserializer"])
def test_any_other_class_is_not_there(name):
    with pytest.raises(ToolError) as error:
        deserializer_named(name, {}, is_key=True)
    assert error.value.java_text() == f"java.lang.ClassNotFoundException: {name}"
