import pytest

from ottla.completion import Completion
from ottla.machine import Reply


def test_a_released_reply_hands_over_its_value() -> None:
    waiting: Completion[int] = Completion()
    Reply(waiting, 5).release()
    assert waiting.result() == 5


def test_a_released_reply_hands_over_its_error() -> None:
    waiting: Completion[int] = Completion()
    Reply(waiting, error=ValueError("why")).release()
    with pytest.raises(ValueError, match="why"):
        waiting.result()
