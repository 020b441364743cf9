"""A session tells the node what changed, and begins anew after an error."""

from ottla.client.fetch_session import FetchSession, Wanted
from ottla.types import TopicPartition, Uuid

A, B = TopicPartition("a", 0), TopicPartition("b", 0)
ONE, TWO = Uuid(b"1" * 16), Uuid(b"2" * 16)


def _wanted(offset: int, topic_id: Uuid = ONE) -> Wanted:
    return Wanted(topic_id, offset, 0, 100)


def test_a_session_names_everything_once_and_then_what_changed() -> None:
    session = FetchSession()
    assert session.plan({A: _wanted(0), B: _wanted(0)}) == (0, 0, {A: _wanted(0), B: _wanted(0)}, {})
    session.answered(77)
    assert session.plan({A: _wanted(5), B: _wanted(0)}) == (77, 1, {A: _wanted(5)}, {})
    session.answered(77)
    assert session.plan({A: _wanted(5)}) == (77, 2, {}, {B: ONE})
    session.answered(77)
    assert session.plan({A: _wanted(5), B: _wanted(1)}) == (77, 3, {B: _wanted(1)}, {})


def test_a_node_that_keeps_no_session_hears_everything_each_time() -> None:
    session = FetchSession()
    for _ in range(2):
        assert session.plan({A: _wanted(0)}) == (0, 0, {A: _wanted(0)}, {})
        session.answered(0)


def test_a_topic_that_was_made_anew_loses_its_old_id() -> None:
    session = FetchSession()
    session.plan({A: _wanted(3)})
    session.answered(1)
    assert session.plan({A: _wanted(0, TWO)}) == (1, 1, {A: _wanted(0, TWO)}, {A: ONE})


def test_after_an_error_everything_is_named_and_a_session_that_is_there_is_closed() -> None:
    session = FetchSession()
    session.plan({A: _wanted(0)})
    session.answered(5)
    session.failed(is_lost=False)
    assert session.plan({A: _wanted(0)})[:2] == (5, 0)
    session.failed()
    assert session.plan({A: _wanted(0)})[:2] == (0, 0)


def test_epochs_wrap_to_one() -> None:
    session = FetchSession()
    session.plan({A: _wanted(0)})
    session.answered(5)
    session._epoch = 2**31 - 1
    session.answered(5)
    assert session.plan({A: _wanted(0)}).epoch == 1
