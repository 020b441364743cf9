"""Numbers as Java's `printf` writes them, and Java's random numbers."""

import math

import pytest

from ottla.cli.java_numbers import SplittableRandom, decimal_text, divide


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (0.125, 2, "0.13"),
        (2.5, 0, "3"),
        (1.005, 2, "1.01"),
        (-0.125, 2, "-0.13"),
        (1234567.891, 1, "1234567.9"),
        (1e22, 2, "10000000000000000000000.00"),
        (1e-7, 4, "0.0000"),
        (0.0, 3, "0.000"),
        (math.nan, 2, "NaN"),
        (math.inf, 2, "Infinity"),
        (-math.inf, 2, "-Infinity"),
    ],
)
def test_decimals_are_rounded_half_up(value, places, text):
    assert decimal_text(value, places) == text


def test_division_by_zero_is_no_error():
    assert divide(1, 4) == 0.25
    assert divide(5, 0) == math.inf
    assert divide(-5, 0.0) == -math.inf
    assert math.isnan(divide(0, 0))


def test_numbers_of_a_seed_are_those_of_java():
    # By `new SplittableRandom(0)` of Java 17.
    chance = SplittableRandom(0)
    drawn = [chance.next_below(5) for _ in range(10)] + [chance.next_below(8) for _ in range(4)]
    assert drawn == [3, 1, 2, 3, 4, 1, 2, 4, 3, 4, 7, 7, 5, 5]
    assert [chance.next_below(2_000_000_000) for _ in range(2)] == [1833276700, 1955433797]
