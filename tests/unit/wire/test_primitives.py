import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.wire.primitives import (
    MAX_STRING_BYTES,
    ArrayPackers,
    ArrayUnpackers,
    WireError,
    compact_string_length,
    read_uvarint,
    rest_of_string_length,
    skip_tagged_fields,
    uvarint,
)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (0, "00"),
        (1, "01"),
        (127, "7f"),
        (128, "8001"),
        (300, "ac02"),
        (16383, "ff7f"),
        (16384, "808001"),
        (2**21 - 1, "ffff7f"),
        (2**21, "80808001"),
        (2**28 - 1, "ffffff7f"),
        (2**28, "8080808001"),
        (2**31 - 1, "ffffffff07"),
    ],
)
def test_a_varint_is_written_and_read(value, encoded):
    assert uvarint(value) == bytes.fromhex(encoded)
    assert read_uvarint(b"x" + uvarint(value) + b"y", 1) == (value, 1 + len(uvarint(value)))


@given(st.integers(0, 2**31 - 1))
def test_every_varint_survives(value):
    assert read_uvarint(memoryview(uvarint(value)), 0) == (value, len(uvarint(value)))


def test_a_varint_over_31_bits_reads_as_negative():
    assert uvarint(0xFFFFFFFF) == bytes.fromhex("ffffffff0f")
    assert read_uvarint(uvarint(0xFFFFFFFF), 0) == (-1, 5)
    assert read_uvarint(bytes.fromhex("808080807f"), 0) == (-(2**28), 5)


@pytest.mark.parametrize("value", [-1, 2**32])
def test_a_number_that_is_no_varint_is_refused(value):
    with pytest.raises(ValueError, match="does not fit"):
        uvarint(value)


def test_a_varint_of_six_bytes_is_refused():
    with pytest.raises(WireError, match="more than 5 bytes"):
        read_uvarint(bytes.fromhex("808080808001"), 0)


@pytest.mark.parametrize("encoded", ["", "80", "8080", "808080", "80808080"])
def test_a_varint_that_ends_early_is_an_index_error(encoded):
    with pytest.raises(IndexError):
        read_uvarint(bytes.fromhex(encoded), 0)


def test_a_compact_string_has_the_limit_of_a_plain_one():
    longest = compact_string_length(MAX_STRING_BYTES + 1)
    assert rest_of_string_length(longest, 1, longest[0]) == (MAX_STRING_BYTES + 1, 3)
    with pytest.raises(ValueError, match="over the limit"):
        compact_string_length(MAX_STRING_BYTES + 2)
    longer = uvarint(MAX_STRING_BYTES + 2)
    with pytest.raises(WireError, match="32768 bytes; the limit is 32767"):
        rest_of_string_length(longer, 1, longer[0])


def test_tagged_fields_are_skipped_by_their_sizes():
    section = bytes.fromhex("02 05 01 aa 8001 02 bbcc") + b"rest"
    assert skip_tagged_fields(section, 1, section[0]) == 8 + 1
    many = uvarint(200) + bytes.fromhex("01 00") * 200
    assert skip_tagged_fields(many, 1, many[0]) == len(many)


@pytest.mark.parametrize("section", ["01 05 02 aa", "01 05 ffffffff0f", "01 05 ffffffff07 aa"])
def test_a_tagged_field_that_claims_too_much_is_refused(section):
    content = bytes.fromhex(section)
    with pytest.raises(WireError):
        skip_tagged_fields(content, 1, content[0])


@pytest.mark.parametrize("count", [0, 1, 16, 17, 1000])
def test_arrays_of_any_length_are_packed_and_unpacked(count):
    values = tuple(range(-count, 0))
    packed = ArrayPackers("q")[count](*values)
    assert len(packed) == 8 * count
    assert ArrayUnpackers("q")[count](b"x" + packed, 1) == values


def test_an_error_tells_what_it_knows():
    assert str(WireError("it broke")) == "it broke"
    error = WireError("it broke", message="Fetch", version=3, field="topics[1].name")
    assert str(error) == "Fetch v3, topics[1].name: it broke"
    assert (error.reason, error.message, error.version, error.field) == (
        "it broke",
        "Fetch",
        3,
        "topics[1].name",
    )
