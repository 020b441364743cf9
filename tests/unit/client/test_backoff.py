"""Waits double, within a fifth, up to the largest."""

import pytest

from ottla.client.backoff import backoff_ms


@pytest.mark.parametrize(("attempts", "expected"), [(1, 100), (2, 200), (3, 400), (4, 800)])
def test_a_wait_doubles_with_each_attempt(attempts: int, expected: int) -> None:
    for _ in range(50):
        assert 0.8 * expected <= backoff_ms(attempts, 100, 1000) <= min(1000, 1.2 * expected)


def test_a_wait_stays_below_the_largest_however_often_it_failed() -> None:
    assert backoff_ms(10_000, 100, 1000) == 1000
