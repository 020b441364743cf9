"""Numbers as Java's `printf` writes them, and the random numbers of Java's `SplittableRandom`."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

_WORD = (1 << 64) - 1
_GOLDEN_GAMMA = 0x9E3779B97F4A7C15
_FIRST_FACTOR = 0x62A9D9ED799705F5
_SECOND_FACTOR = 0xCB24D0A5C88C35B3
_LARGEST_INT32 = (1 << 31) - 1


def decimal_text(value: float, places: int) -> str:
    """Return what `%.Nf` gives in Java: it rounds the shortest decimal that means the number, half up."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return f"{Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def divide(dividend: float, divisor: float) -> float:
    """Divide as Java divides doubles: by zero too."""
    if divisor:
        return dividend / divisor
    return math.nan if not dividend or math.isnan(dividend) else math.copysign(math.inf, dividend)


class SplittableRandom:
    """Java's generator of that name: whoever draws with the same seed gets the same numbers."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _WORD

    def next_below(self, bound: int) -> int:
        """Return a number from 0 up to, without, `bound`, which is at most 2^31 - 1 (`nextInt(bound)`)."""
        drawn = self._next_int32()
        if bound & (bound - 1) == 0:
            return drawn & (bound - 1)
        while True:
            candidate = drawn >> 1
            result = candidate % bound
            if candidate + bound - 1 - result <= _LARGEST_INT32:
                return result
            drawn = self._next_int32()

    def _next_int32(self) -> int:
        """Return the next 32 bits."""
        self._state = mixed = self._state + _GOLDEN_GAMMA & _WORD
        mixed = (mixed ^ mixed >> 33) * _FIRST_FACTOR & _WORD
        return ((mixed ^ mixed >> 28) * _SECOND_FACTOR & _WORD) >> 32
