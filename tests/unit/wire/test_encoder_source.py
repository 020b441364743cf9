import copy

import pytest
from tests.unit.wire.samples import FULL, Leader, Nothing, Row, Sample
from tests.unit.wire.test_decoder_source import FLEXIBLE_BYTES, PLAIN_BYTES

from ottla.wire.compiler import EncodingError, decode, encode, encoder, pieces_size


def test_a_plain_version_is_written():
    assert encode(FULL, 1) == PLAIN_BYTES


def test_a_flexible_version_is_written():
    assert encode(FULL, 3) == FLEXIBLE_BYTES


@pytest.mark.parametrize("version", range(4))
@pytest.mark.parametrize("message", [FULL, Sample(), Sample(rows=[Row()] * 200, text="x" * 200)])
def test_what_is_written_is_read(message, version):
    content = encode(message, version)
    decoded, end = decode(Sample, version, content)
    assert end == len(content)
    assert encode(decoded, version) == content


def test_a_tagged_field_is_written_only_when_it_is_not_its_default():
    plain = encode(Sample(), 3)
    assert encode(Sample(epoch=-1), 3) == plain
    assert encode(Sample(epoch=0), 3) == plain[:-1] + bytes.fromhex("01 00 08 0000000000000000")


def test_an_absent_tagged_struct_and_one_of_defaults_are_the_same():
    absent = encode(Sample(rows=[Row()]), 3)
    assert encode(Sample(rows=[Row(leader=Leader())]), 3) == absent
    assert encode(Sample(rows=[Row(leader=Leader(epoch=0))]), 3) != absent


def test_a_field_that_the_version_does_not_have_is_not_written():
    changed = copy.deepcopy(FULL)
    changed.epoch, changed.other, changed.rows[0].leader = 77, None, None
    assert encode(changed, 1) == encode(FULL, 1)


def test_records_are_a_piece_of_their_own():
    class FileRange:
        def __len__(self) -> int:
            return 1000

    records = FileRange()
    pieces = []
    encoder(Sample, 3)(Sample(records=records), pieces)
    assert sum(piece is records for piece in pieces) == 1
    assert pieces_size(pieces) == len(encode(Sample(records=b""), 3)) + 1000 + 1
    assert b"".join(pieces[: pieces.index(records)]).endswith(b"\xe9\x07")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"small": 128}, "Sample v3, small to"),
        ({"text": None}, "Sample v3, text: "),
        ({"text": "x" * 40_000}, "Sample v3, text: a string of 40000 bytes is over the limit of 32767"),
        ({"text": "\ud800"}, "Sample v3, text: 'utf-8' codec"),
        ({"rows": [Row(numbers=[2**31])]}, r"Sample v3, rows\[\].numbers: "),
        ({"rows": [Row(), None]}, r"Sample v3, rows\[\]"),
        ({"leader": None}, "Sample v3, leader"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_field(changes, words):
    with pytest.raises(EncodingError, match=words):
        encode(Sample(**changes), 3)


def test_a_message_without_fields_has_no_bytes():
    assert encode(Nothing(), 0) == b""
