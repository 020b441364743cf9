"""Deadlines that move and end."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from ottla.groups.deadlines import Deadlines


def test_what_is_due_comes_out_in_order_and_once() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.schedule("b", 20)
    deadlines.schedule("a", 10)
    assert deadlines.next_ms() == 10
    assert deadlines.pop_due(9) is None
    assert [deadlines.pop_due(20), deadlines.pop_due(20), deadlines.pop_due(20)] == ["a", "b", None]
    assert "a" not in deadlines


def test_a_deadline_moves_both_ways() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.schedule("a", 10)
    deadlines.schedule("a", 30)
    assert deadlines.pop_due(20) is None
    assert deadlines.next_ms() == 30
    deadlines.schedule("a", 5)
    assert deadlines.pop_due(5) == "a"
    assert deadlines.next_ms() is None


def test_a_cancelled_deadline_is_forgotten_and_can_come_back() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.schedule("a", 10)
    deadlines.cancel("a")
    deadlines.cancel("never there")
    assert deadlines.next_ms() is None
    deadlines.schedule("a", 40)
    assert deadlines.next_ms() == 40


def test_cancelled_entries_do_not_pile_up() -> None:
    deadlines: Deadlines[int] = Deadlines()
    for number in range(10_000):
        deadlines.schedule(number, 1_000_000 + number)
        deadlines.cancel(number)
    assert len(deadlines._heap) < 200


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50) | st.none()), max_size=60))
def test_it_behaves_like_a_table_of_deadlines(steps: list[tuple[int, int | None]]) -> None:
    deadlines: Deadlines[int] = Deadlines()
    table: dict[int, int] = {}
    for key, due_ms in steps:
        if due_ms is None:
            deadlines.cancel(key)
            table.pop(key, None)
        else:
            deadlines.schedule(key, due_ms)
            table[key] = due_ms
        assert deadlines.next_ms() == min(table.values(), default=None)
    now_ms = 25
    due = []
    while (key_due := deadlines.pop_due(now_ms)) is not None:
        due.append(table.pop(key_due))
    assert due == sorted(due)
    assert all(left > now_ms for left in table.values())
    assert len(deadlines) == len(table)
