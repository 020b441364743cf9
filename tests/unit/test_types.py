import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.types import (
    LOST_DIRECTORY_ID,
    METADATA_TOPIC_ID,
    ZERO_UUID,
    TopicPartition,
    Uuid,
    coordinator_partition,
    is_reserved_uuid,
    java_string_hash,
    random_uuid,
    uuid_from_text,
    uuid_to_text,
)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (bytes(16), "AAAAAAAAAAAAAAAAAAAAAA"),
        (bytes(15) + b"\x01", "AAAAAAAAAAAAAAAAAAAAAQ"),
        (b"\xff" * 16, "_____________________w"),
    ],
)
def test_an_identifier_prints_as_kafka_prints_it(raw: bytes, text: str) -> None:
    assert uuid_to_text(Uuid(raw)) == text
    assert uuid_from_text(text) == raw


@given(st.binary(min_size=16, max_size=16))
def test_every_identifier_comes_back_from_its_text(raw: bytes) -> None:
    assert uuid_from_text(uuid_to_text(Uuid(raw))) == raw


@pytest.mark.parametrize("text", ["", "AAAA", "A" * 23, "\u00e4" * 22])
def test_what_is_no_identifier_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"identifier"):
        uuid_from_text(text)


def test_random_identifiers_differ_and_are_ones_that_kafka_would_draw() -> None:
    drawn = {random_uuid() for _ in range(500)}
    assert len(drawn) == 500
    for value in drawn:
        assert value[6] >> 4 == 4
        assert value[8] >> 6 == 2
        assert not uuid_to_text(value).startswith("-")


def test_the_first_hundred_identifiers_are_reserved() -> None:
    assert is_reserved_uuid(ZERO_UUID)
    assert is_reserved_uuid(METADATA_TOPIC_ID)
    assert is_reserved_uuid(LOST_DIRECTORY_ID)
    assert is_reserved_uuid(Uuid(bytes(15) + bytes([99])))
    assert not is_reserved_uuid(Uuid(bytes(15) + bytes([100])))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", 0),
        ("a", 97),
        ("hello", 99162322),
        ("polygenelubricants", -(2**31)),
        ("\u00e9", 233),
        ("\U0001f600", 1772899),
    ],
)
def test_the_hash_is_javas(text: str, value: int) -> None:
    assert java_string_hash(text) == value


def test_a_coordinator_partition_is_never_negative() -> None:
    assert coordinator_partition("hello", 50) == 99162322 % 50
    assert coordinator_partition("polygenelubricants", 50) == 0
    assert java_string_hash("analytics") == -1693017210
    assert coordinator_partition("analytics", 50) == 10


def test_a_topic_partition_prints_as_its_directory_is_called() -> None:
    assert str(TopicPartition("orders", 3)) == "orders-3"
