import pytest

from ottla.types import ZERO_UUID, Uuid
from ottla.wire.schema import (
    BOOL,
    BYTES,
    FLOAT64,
    INT8,
    INT32,
    RECORDS,
    STRING,
    UUID,
    MessageSchema,
    Shape,
    VersionRange,
    array_of,
    camel_case,
    field,
    message,
    message_schema_of,
    parse_versions,
    schema_of,
    struct,
    struct_of,
)


@struct
class Part:
    number: int = field(INT32, default=-1)


@message(key=7, versions="1-4", flexible="3+")
class Whole:
    name: str = field(STRING)
    reason: str | None = field(STRING, versions="2+", nullable="2+", default=None)
    topic_id: Uuid = field(UUID, versions="3-4", tag=0)
    in_: bool = field(BOOL)
    ratio: float = field(FLOAT64)
    content: bytes = field(BYTES)
    records: memoryview | None = field(RECORDS, nullable="0+")
    numbers: list[int] = array_of(INT8)
    parts: list[Part] | None = array_of(Part, nullable="1+", default=None)
    part: Part = struct_of(Part)
    isr: int = field(INT32, kafka_name="ISR")


def test_every_field_has_kafkas_default():
    whole = Whole()
    assert (whole.name, whole.reason, whole.topic_id, whole.in_) == ("", None, ZERO_UUID, False)
    assert (whole.ratio, whole.content, whole.records) == (0.0, b"", None)
    assert (whole.numbers, whole.parts, whole.part) == ([], None, Part(number=-1))


def test_defaults_are_not_shared():
    one, other = Whole(), Whole()
    one.numbers.append(1)
    one.part.number = 5
    assert (other.numbers, other.part.number) == ([], -1)


def test_messages_have_slots_and_take_keywords_only():
    with pytest.raises(AttributeError):
        Whole().nmae = "typo"
    with pytest.raises(TypeError):
        Whole("positional")
    assert Whole(name="a") == Whole(name="a") != Whole(name="b")


def test_the_schema_says_what_was_declared():
    schema = message_schema_of(Whole)
    assert isinstance(schema, MessageSchema)
    assert (schema.name, schema.key, list(schema.versions)) == ("Whole", 7, [1, 2, 3, 4])
    assert [version for version in schema.versions if schema.is_flexible(version)] == [3, 4]
    fields = {item.name: item for item in schema.fields}
    assert list(fields)[:3] == ["name", "reason", "topic_id"]
    assert fields["topic_id"].tag == 0
    assert [fields["topic_id"].is_tagged(version) for version in (2, 3, 4)] == [False, True, True]
    assert [version in fields["reason"].nullable for version in (1, 2)] == [False, True]
    assert (fields["parts"].shape, fields["parts"].element) == (Shape.ARRAY, Part)
    assert (fields["part"].shape, fields["numbers"].element) == (Shape.STRUCT, INT8)


def test_names_in_kafkas_json_form_follow_from_ours():
    names = {item.name: item.kafka_name for item in schema_of(Whole).fields}
    assert (names["topic_id"], names["in_"], names["isr"]) == ("topicId", "in", "ISR")
    assert camel_case("v3_and_below_topics") == "v3AndBelowTopics"


@pytest.mark.parametrize(
    ("text", "lowest", "highest"),
    [("3", 3, 3), ("0-2", 0, 2), ("2+", 2, 32767), ("none", 0, -1)],
)
def test_versions_are_written_as_kafka_writes_them(text, lowest, highest):
    assert parse_versions(text) == VersionRange(lowest, highest)


@pytest.mark.parametrize("text", ["", "a", "1-", "-"])
def test_other_versions_are_refused(text):
    with pytest.raises(ValueError, match="invalid literal"):
        parse_versions(text)


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: field(INT32, default=None), "not nullable cannot default to null"),
        (lambda: array_of(INT32, default=None), "not nullable cannot default to null"),
        (lambda: array_of(INT32, default=[1]), "empty or to null"),
        (lambda: array_of(RECORDS), "no array element"),
        (lambda: array_of(int), "has no wire schema"),
        (lambda: struct_of(Part, default=None), "neither nullable nor tagged"),
        (lambda: struct_of(Part, default=Part(number=3)), "null or to its own defaults"),
        (lambda: field(INT32, tagged_versions="1+"), "needs a tag"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(declare, words):
    with pytest.raises(TypeError, match=words):
        declare()


def test_a_field_without_a_declaration_is_refused():
    with pytest.raises(TypeError, match=r"Broken\.number is not declared"):

        @struct
        class Broken:
            number: int = 0


def test_tags_have_no_gap():
    with pytest.raises(TypeError, match="count up from 0"):

        @struct
        class Broken:
            one: int = field(INT32, tag=0)
            three: int = field(INT32, tag=2)


def test_only_decorated_classes_have_a_schema():
    with pytest.raises(TypeError, match="neither"):
        schema_of(int)
    with pytest.raises(TypeError, match="a struct, not a message"):
        message_schema_of(Part)
