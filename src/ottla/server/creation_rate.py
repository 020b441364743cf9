"""How fast connections were made lately, and how long the next one has to wait to keep within a rate.

Kafka's `Rate` over its `SampledStat`, and `QuotaUtils.boundedThrottleTime`: events are counted in samples, a few of
which are kept. A rate is taken over all of them, and as if all but the newest were complete, so that a burst after a
rest is judged by what the whole window allows. Pure.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

UNLIMITED_PER_S = 0x7FFFFFFF
"""Kafka's default of max.connection.creation.rate."""

_MS_PER_S = 1000


@dataclass(slots=True)
class _Sample:
    start_ms: float
    last_ms: float
    count: int = 0


class CreationRate:
    """Counts connections in `sample_count` samples of `sample_ms`; one more is kept for what the oldest overlaps."""

    def __init__(self, sample_ms: int, sample_count: int) -> None:
        self._sample_ms = sample_ms
        self._sample_count = sample_count
        self._samples: deque[_Sample] = deque()

    def record(self, now_ms: float) -> None:
        """Count a connection. `now_ms` never goes back."""
        samples = self._samples
        if not samples or now_ms - samples[-1].start_ms >= self._sample_ms:
            samples.append(_Sample(now_ms, now_ms))
        samples[-1].count += 1
        samples[-1].last_ms = now_ms

    def delay_ms(self, limit_per_s: int, now_ms: float) -> float:
        """Return for how long the connection that was counted last has to wait; never longer than one sample."""
        samples = self._samples
        while samples and now_ms - samples[0].last_ms >= self._sample_count * self._sample_ms:
            samples.popleft()
        window_ms = self._window_ms(now_ms)
        rate = sum(sample.count for sample in samples) * _MS_PER_S / window_ms
        if rate <= limit_per_s:
            return 0
        if limit_per_s == 0:
            return self._sample_ms
        return min(round((rate - limit_per_s) / limit_per_s * window_ms), self._sample_ms)

    def _window_ms(self, now_ms: float) -> float:
        elapsed_ms = now_ms - self._samples[0].start_ms if self._samples else 0
        missing = self._sample_count - 1 - int(elapsed_ms // self._sample_ms)
        return max(elapsed_ms + max(missing, 0) * self._sample_ms, 1)
