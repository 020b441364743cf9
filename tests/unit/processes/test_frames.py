import threading

import pytest
from tests.support.helper_jobs import Sum, add

from ottla.processes.frames import FrameError, frame, request_frame, take_frame, unpickle


def test_what_was_put_into_a_frame_comes_out_however_it_is_cut() -> None:
    sent = request_frame(add, Sum((1, 2))) + frame("a value", 1000)
    buffer = bytearray()
    taken = []
    for byte in sent:
        buffer.append(byte)
        if (content := take_frame(buffer, 1000)) is not None:
            taken.append(unpickle(content))
    assert taken == [(add, Sum((1, 2))), "a value"]
    assert not buffer


@pytest.mark.parametrize("value", [threading.Lock(), lambda: None, bytes(1001)])
def test_what_is_no_message_is_refused_by_the_sender(value: object) -> None:
    with pytest.raises(FrameError):
        frame(value, 1000)


def test_an_announced_size_is_judged_before_the_content_is_there() -> None:
    with pytest.raises(FrameError, match="1001 bytes"):
        take_frame(bytearray((1001).to_bytes(4, "big")), 1000)


@pytest.mark.parametrize("content", [b"", b"no pickle", b"cno_such_module\nname\n."])
def test_what_is_no_pickle_is_an_error_of_the_same_kind(content: bytes) -> None:
    with pytest.raises(FrameError, match="cannot be unpickled"):
        unpickle(content)
