import struct

import pytest
from tests.unit.wire.samples import FULL, Leader, Nothing, Row, Sample

from ottla.types import ZERO_UUID
from ottla.wire.compiler import decode
from ottla.wire.primitives import WireError

# Version 1 of a sample, field by field; version 0 lacks the second field and the epochs of leaders.
PLAIN = [
    ("small", "ff"),
    ("short", "fed4"),
    ("flag", "01"),
    ("port", "ffff"),
    ("count", "ffffffff"),
    ("offset", "8000000000000000"),
    ("ratio", "3fe0000000000000"),
    ("text", "0003 68c3a9"),
    ("maybe", "0000"),
    ("blob", "00000002 0001"),
    ("rows", "00000002 0003 6f6e65 00000002 00000001 ffffffff 0003 74776f 00000000"),
    ("names", "00000002 0001 61 0000"),
    ("ids", "00000001" + "07" * 16),
    ("leader", "00000001 00000002"),
    ("records", "00000007 7265636f726473"),
]
PLAIN_BYTES = bytes.fromhex("".join(part for _, part in PLAIN))

# Version 3, flexible: lengths are one more and varints, every struct ends in tagged fields.
FLEXIBLE_BYTES = bytes.fromhex(
    "ff fed4 01 ffff ffffffff 8000000000000000 3fe0000000000000"
    "04 68c3a9  01  03 0001"
    "03"
    "000102030405060708090a0b0c0d0e0f 03 00000001 ffffffff 01 00 09 00000004 00000005 00"
    "00000000000000000000000000000000 01 01 01 02 02 6e"
    "03 02 61 01"
    "02" + "07" * 16 + "00000001 00000002 00"
    "01 00000003 00000004 00"
    "08 7265636f726473"
    "01 00 08 0000000000000009"
)


def test_a_plain_version_is_read():
    sample, end = decode(Sample, 1, b"head" + PLAIN_BYTES + b"tail", 4)
    assert end == 4 + len(PLAIN_BYTES)
    expected = {name: getattr(FULL, name) for name, _ in PLAIN}
    expected["rows"] = [Row(name="one", numbers=[1, -1]), Row(name="two")]
    assert {name: getattr(sample, name) for name in expected} == expected
    assert sample == Sample(**expected)


def test_a_field_that_the_version_does_not_have_holds_its_default():
    content = bytes.fromhex(
        "".join(part for name, part in PLAIN if name not in ("short", "leader", "records"))
    )
    sample, end = decode(Sample, 0, content + bytes.fromhex("00000001 ffffffff"))
    assert end == len(content) + 8
    assert (sample.short, sample.epoch, sample.other) == (-2, -1, None)
    assert sample.leader == Leader(leader_id=1, epoch=-1)
    assert sample.records is None
    assert [row.row_id for row in sample.rows] == [ZERO_UUID, ZERO_UUID]


def test_a_flexible_version_is_read():
    sample, end = decode(Sample, 3, FLEXIBLE_BYTES)
    assert end == len(FLEXIBLE_BYTES)
    assert sample.rows == [
        Row(row_id=FULL.rows[0].row_id, numbers=[1, -1], leader=Leader(leader_id=4, epoch=5)),
        Row(note="n"),
    ]
    assert sample.leader == FULL.leader
    assert (sample.maybe, sample.other, sample.epoch, sample.records) == ("", FULL.other, 9, b"records")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_records_are_a_view_of_the_input(kind):
    source = kind(FLEXIBLE_BYTES)
    records = decode(Sample, 3, source)[0].records
    assert isinstance(records, memoryview)
    assert records.obj is (source.obj if kind is memoryview else source)
    assert isinstance(decode(Sample, 3, source)[0].blob, bytes)


def test_text_that_is_no_utf_8_is_read_with_replacement_characters():
    content = PLAIN_BYTES.replace(b"h\xc3\xa9", b"h\xff\xa9")
    assert decode(Sample, 1, content)[0].text == "h\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"


def test_unknown_tagged_fields_are_skipped():
    content = FLEXIBLE_BYTES[:-11] + bytes.fromhex("03 00 08 0000000000000009 05 03 aabbcc 8001 00")
    assert decode(Sample, 3, content) == (decode(Sample, 3, FLEXIBLE_BYTES)[0], len(content))


def test_a_tag_of_another_version_is_refused():
    content = bytes.fromhex("01 00 00")
    row = bytes(16) + bytes.fromhex("01")
    start = FLEXIBLE_BYTES[: FLEXIBLE_BYTES.index(b"\x03\x00\x01\x02\x03")]
    with pytest.raises(WireError, match=r"Sample v2, rows\[0\].note: tag 1 belongs to other versions"):
        decode(Sample, 2, start + b"\x02" + row + content.replace(b"\x01\x00", b"\x01\x01"))


def place_of(field: str) -> int:
    names = [name for name, _ in PLAIN]
    return len(bytes.fromhex("".join(part for _, part in PLAIN[: names.index(field)])))


def lying(field: str, length: bytes) -> bytes:
    place = place_of(field)
    return PLAIN_BYTES[:place] + length + PLAIN_BYTES[place + len(length) :]


@pytest.mark.parametrize(
    ("field", "length", "words"),
    [
        ("text", b"\xff\xff", "text: null where null is not allowed"),
        ("text", b"\x7f\xff", "text: a length of 32767 bytes exceeds the"),
        ("blob", b"\x7f\xff\xff\xff", "blob: a length of 2147483647 bytes exceeds the"),
        ("blob", b"\xff\xff\xff\xff", "blob: null where null is not allowed"),
        ("rows", b"\x7f\xff\xff\xff", "rows: an array of 2147483647 elements cannot fit"),
        ("rows", b"\xff\xff\xff\xff", "rows: null where null is not allowed"),
        ("names", b"\x7f\xff\xff\xff", "names: an array of 2147483647 elements cannot fit"),
        ("ids", b"\x00\x00\x00\x03", "ids: an array of 3 elements cannot fit"),
        ("records", b"\x00\x00\x00\x08", "records: a length of 8 bytes exceeds the 7 bytes that remain"),
    ],
)
def test_a_length_that_cannot_be_is_refused_with_its_field(field, length, words):
    with pytest.raises(WireError) as refused:
        decode(Sample, 1, lying(field, length))
    assert str(refused.value).startswith(f"Sample v1, {words}")


@pytest.mark.parametrize(
    ("end", "path"),
    [
        (0, "small"),
        (1, "short"),
        (4, "port"),
        (25, "ratio"),
        (place_of("text") + 1, "text"),
        (place_of("names") - 1, "rows[1].numbers"),
        (len(PLAIN_BYTES) - 12, "leader.epoch"),
    ],
)
def test_a_message_that_ends_early_is_refused_with_the_field_it_ends_in(end, path):
    with pytest.raises(WireError) as refused:
        decode(Sample, 1, PLAIN_BYTES[:end])
    assert (refused.value.message, refused.value.version, refused.value.field) == ("Sample", 1, path)


def test_a_null_array_is_null_and_an_empty_one_empty():
    before, after = PLAIN_BYTES[: place_of("names")], PLAIN_BYTES[place_of("ids") :]
    assert decode(Sample, 1, before + b"\xff\xff\xff\xff" + after)[0].names is None
    assert decode(Sample, 1, before + b"\x00\x00\x00\x00" + after)[0].names == []


def test_a_message_without_fields_has_no_bytes():
    assert decode(Nothing, 0, b"") == (Nothing(), 0)


def test_a_large_array_is_read_whole():
    numbers = list(range(1000))
    row = struct.pack(">hi1000i", 0, 1000, *numbers)
    place = place_of("rows")
    content = PLAIN_BYTES[:place] + struct.pack(">i", 1) + row + PLAIN_BYTES[place_of("names") :]
    assert decode(Sample, 1, content)[0].rows == [Row(numbers=numbers)]
