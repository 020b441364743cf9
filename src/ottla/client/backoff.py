"""How long to wait before the next attempt: exponentially longer, with jitter, as Kafka's clients wait (KIP-580)."""

from __future__ import annotations

_FACTOR = 2
_JITTER = 0.2
_MOST_DOUBLINGS = 30
"""Beyond it every wait has long reached its largest; the power must not overflow."""


def backoff_ms(attempts: int, first_ms: float, largest_ms: float) -> float:
    """Return the wait in ms after so many failed attempts, at least one: doubled each time, a fifth more or less."""
    from random import uniform  # noqa: PLC0415 - needed only after a failure, and slow to import

    term = first_ms * _FACTOR ** min(attempts - 1, _MOST_DOUBLINGS)
    wait: float = min(term * uniform(1 - _JITTER, 1 + _JITTER), max(first_ms, largest_ms))  # noqa: S311 - no secret
    return wait
