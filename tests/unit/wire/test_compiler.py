import linecache
import traceback

import pytest
from tests.unit.wire.samples import FULL, Leader, Row, Sample

from ottla.wire.compiler import (
    decode,
    decode_message,
    decoder,
    element_encoder,
    encode,
    encoder,
    pieces_size,
)
from ottla.wire.primitives import WireError
from ottla.wire.schema import array_of, message


def test_a_function_is_made_once_per_class_and_version():
    assert decoder(Sample, 1) is decoder(Sample, 1) is not decoder(Sample, 2)
    assert encoder(Sample, 1) is encoder(Sample, 1) is not encoder(Sample, 2)


@pytest.mark.parametrize("version", [-1, 4])
def test_a_version_that_does_not_exist_is_refused(version):
    with pytest.raises(ValueError, match=f"Sample has versions 0 to 3, not {version}"):
        decoder(Sample, version)
    with pytest.raises(ValueError, match=f"Sample has versions 0 to 3, not {version}"):
        encode(FULL, version)


def test_a_struct_is_no_message():
    with pytest.raises(TypeError, match="Leader is a struct"):
        decoder(Leader, 0)


def test_bytes_behind_a_message_are_ignored():
    content = encode(FULL, 3)
    assert decode_message(Sample, 3, content + b"tail") == decode(Sample, 3, content)[0]


def test_generated_code_shows_in_tracebacks():
    linecache.checkcache()
    with pytest.raises(WireError) as refused:
        decode(Sample, 1, b"")
    assert "raise located(error) from None" in "".join(traceback.format_exception(refused.value))


def test_generated_code_has_no_try_inside_loops():
    decoder(Sample, 3)
    source = "".join(linecache.getlines("<ottla.wire decode_Sample_v3>"))
    assert source.count("try:") == 1


def test_the_size_of_pieces_is_their_sum():
    assert pieces_size([b"abc", memoryview(b"de"), b""]) == 5


@message(versions="0-3", flexible="2+")
class Ahead:
    rows: list[Row | bytes] = array_of(Row, encoded_ahead=True)


@pytest.mark.parametrize("version", range(4))
def test_an_element_that_is_encoded_ahead_stands_for_itself(version):
    row = Row(name="a row", numbers=[1, 2, 3], leader=Leader(leader_id=7, epoch=1))
    pieces = []
    element_encoder(Ahead, Row, version)(row, pieces)
    ahead = b"".join(pieces)
    assert encode(Ahead(rows=[row, ahead, row]), version) == encode(Ahead(rows=[row] * 3), version)
    assert element_encoder(Ahead, Row, version) is element_encoder(Ahead, Row, version)
    with pytest.raises(ValueError, match="Ahead has versions 0 to 3, not 4"):
        element_encoder(Ahead, Row, 4)
