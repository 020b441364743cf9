"""Malformed bytes give a WireError and nothing else, cost no memory, and are refused exactly where Kafka refuses."""

import random
import tracemalloc

import pytest

from ottla.wire.compiler import decode, encode
from ottla.wire.json_form import json_form
from ottla.wire.primitives import WireError
from ottla.wire.schema import message_schema_of
from tests.golden.instances import messages
from tests.golden.kafka_codec import Refusal
from tests.golden.malformed import HUGE_LENGTHS, garbage
from tests.golden.messages import kafka_class, message_classes

CLASSES = message_classes()
every_message = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)

MUTATIONS = 200
# A list slot and an object of a few fields for each byte, which is what the smallest elements cost.
MAX_BYTES_PER_INPUT_BYTE = 600
# Tracebacks, the error and the decoder's own frame.
MAX_BYTES_BESIDES = 20_000


@every_message
def test_a_message_that_ends_early_is_refused_at_every_byte(cls):
    schema = message_schema_of(cls)
    for version in schema.versions:
        *_, least, greatest = messages(cls, version, 4, random.Random(version))
        short = [encode(least, version)]
        short += [content for content in [encode(greatest, version)] if len(content) < 2000]
        for content in short:
            for end in range(len(content)):
                with pytest.raises(WireError) as refused:
                    decode(cls, version, memoryview(content)[:end])
                assert (refused.value.message, refused.value.version) == (cls.__name__, version)
                assert refused.value.field


@every_message
def test_garbage_gives_a_wire_error_or_a_message(cls):
    for version in message_schema_of(cls).versions:
        rng = random.Random(f"{cls.__name__} {version}")
        encoded = [encode(message, version) for message in messages(cls, version, 12, rng)]
        for content in garbage(encoded, MUTATIONS, rng):
            try:
                _, end = decode(cls, version, content)
            except WireError:
                continue
            assert 0 <= end <= len(content)


@every_message
def test_no_length_makes_a_decoder_allocate_more_than_the_bytes_are_worth(cls):
    for version in message_schema_of(cls).versions:
        encoded = [encode(message, version) for message in messages(cls, version, 4, random.Random(version))]
        for content in encoded:
            if len(content) < 2000:
                _assert_frugal(cls, version, content)


def _assert_frugal(cls: type, version: int, content: bytes) -> None:
    for huge in HUGE_LENGTHS:
        for position in range(0, len(content), max(1, len(content) // 20)):
            lying = content[:position] + huge + content[position + len(huge) :]
            tracemalloc.start()
            try:
                decode(cls, version, lying)
            except WireError:
                pass
            finally:
                _, peak = tracemalloc.get_traced_memory()
                tracemalloc.stop()
            assert peak < MAX_BYTES_BESIDES + MAX_BYTES_PER_INPUT_BYTE * len(lying)


@pytest.mark.java
@every_message
def test_kafka_refuses_and_reads_the_same_garbage(cls, kafka_codec):
    name = kafka_class(cls)
    for version in message_schema_of(cls).versions:
        rng = random.Random(f"{name} {version}")
        encoded = [encode(message, version) for message in messages(cls, version, 20, rng)]
        mutations = garbage(encoded, MUTATIONS, rng)
        for content, theirs in zip(
            mutations, kafka_codec.parse_garbage(name, version, mutations), strict=True
        ):
            if isinstance(theirs, Refusal):
                with pytest.raises(WireError):
                    decode(cls, version, content)
                continue
            message, end = decode(cls, version, content)
            assert theirs.consumed == end, content.hex()
            form = json_form(message, version)
            # How many replacement characters a malformed sequence becomes is not agreed on among languages.
            assert theirs.json_form == form or "\N{REPLACEMENT CHARACTER}" in str(form), content.hex()
