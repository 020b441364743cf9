import pytest

from ottla.wire.framing import frame_prefix, next_frame
from ottla.wire.primitives import WireError

MAX = 100


def test_frames_are_found_one_after_another():
    buffer = b"junk" + frame_prefix(3) + b"abc" + frame_prefix(0) + frame_prefix(2) + b"de"
    found = []
    position = 4
    while (frame := next_frame(buffer, position, len(buffer), MAX)) is not None:
        found.append(buffer[slice(*frame)])
        position = frame[1]
    assert found == [b"abc", b"", b"de"]
    assert position == len(buffer)


def test_a_frame_is_found_when_its_last_byte_is_there():
    buffer = memoryview(frame_prefix(3) + b"abc" + b"more")
    assert [next_frame(buffer, 0, end, MAX) for end in range(7)] == [None] * 7
    assert next_frame(buffer, 0, 7, MAX) == (4, 7)


def test_what_lies_behind_the_end_is_not_looked_at():
    stale = frame_prefix(1) + b"a"
    assert next_frame(stale, 0, 3, MAX) is None
    assert next_frame(stale, 0, 4, MAX) is None
    assert next_frame(stale, 0, 5, MAX) == (4, 5)


def test_a_size_is_judged_before_its_content_arrives():
    with pytest.raises(WireError, match="negative size of -1 bytes"):
        next_frame(b"\xff\xff\xff\xff", 0, 4, MAX)
    with pytest.raises(WireError, match="101 bytes; the limit is 100"):
        next_frame(frame_prefix(MAX + 1), 0, 4, MAX)
    assert next_frame(frame_prefix(MAX), 0, 4, MAX) is None
