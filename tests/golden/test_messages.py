"""Every message in every version means the same to us and to Apache Kafka, byte for byte, in both directions."""

import random
from typing import Any

import pytest

from ottla.groups import records as group_records
from ottla.metadata import records as metadata_records
from ottla.protocol.api import APIS, request_class, response_class
from ottla.wire.compiler import decode, encode
from ottla.wire.json_form import json_form
from ottla.wire.schema import message_schema_of
from tests.golden.instances import has_records, messages
from tests.golden.kafka_codec import KafkaCodec, Parsed, Refusal
from tests.golden.messages import kafka_class, message_classes

pytestmark = pytest.mark.java

INSTANCES = 60
CLASSES = message_classes()


@pytest.fixture(scope="module")
def compared(kafka_codec: KafkaCodec) -> dict[tuple[type[Any], int], int]:
    """Collect how many instances of each message and version were compared."""
    return {}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_message_has_the_versions_that_kafka_has(cls, kafka_codec):
    versions = message_schema_of(cls).versions
    assert range(versions.lowest, versions.highest + 1) == kafka_codec.versions(kafka_class(cls))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_message_means_the_same_to_kafka(cls, kafka_codec, compared):
    name = kafka_class(cls)
    schema = message_schema_of(cls)
    for version in schema.versions:
        ours = messages(cls, version, INSTANCES, random.Random(f"{name} {version}"))
        encoded = [encode(message, version) for message in ours]
        forms = [json_form(message, version) for message in ours]

        for form, content, parsed in zip(
            forms, encoded, kafka_codec.parse(name, version, encoded), strict=True
        ):
            assert parsed == Parsed(len(content), form, content), f"Kafka reads what we write, v{version}"
            _assert_decodes(cls, version, content, form, content)

        if not has_records(cls):
            written = kafka_codec.write(name, version, forms)
            assert written == encoded, f"Kafka writes what we write, v{version}"

        if schema.is_flexible(version):
            tagged = kafka_codec.add_unknown_tags(name, version, encoded)
            for form, content, with_tags in zip(forms, encoded, tagged, strict=True):
                assert isinstance(with_tags, bytes), with_tags
                assert len(with_tags) > len(content)
                _assert_decodes(cls, version, with_tags, form, content)
        compared[cls, version] = len(ours)


def test_every_message_of_the_tables_was_compared(compared, request, capsys):
    selected = [item for item in request.session.items if "test_a_message_means_the_same" in item.name]
    if len(selected) < len(CLASSES):
        pytest.skip("only a part of the comparisons was asked for")
    tables = {request_class(api.key) for api in APIS.values() if api.served}
    tables |= {response_class(api.key) for api in APIS.values() if api.served}
    tables |= set(metadata_records.RECORDS.values())
    tables |= {cls for cls in CLASSES if cls.__module__ == group_records.__name__}
    assert tables <= set(CLASSES)
    missing = {
        f"{cls.__name__} v{version}"
        for cls in CLASSES
        for version in message_schema_of(cls).versions
        if compared.get((cls, version), 0) < 50
    }
    assert not missing
    with capsys.disabled():
        print(
            f"\ncompared {len(CLASSES)} messages, {len(compared)} versions, {sum(compared.values())} instances"
        )


def test_the_metadata_records_are_those_of_kafka(kafka_codec):
    ours = {key: cls.__name__ for key, cls in metadata_records.RECORDS.items()}
    assert ours == kafka_codec.metadata_records()


def _assert_decodes(cls: type[Any], version: int, content: bytes, form: Any, canonical: bytes) -> None:
    decoded, end = decode(cls, version, b"head" + content + b"tail", 4)
    assert end == 4 + len(content)
    assert json_form(decoded, version) == form
    assert encode(decoded, version) == canonical


def test_kafka_refuses_what_is_no_message(kafka_codec):
    cls = request_class(3)
    (answer,) = kafka_codec.parse(kafka_class(cls), 9, [b"\xff"])
    assert isinstance(answer, Refusal)
