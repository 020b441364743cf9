"""What kafka-producer-perf-test counts and prints: records and latencies of a window, and of the whole run.

Latencies are whole milliseconds. Of a long run every so many is kept, so that percentiles cost bounded memory.
"""

from __future__ import annotations

import time
from array import array
from typing import TextIO

from ottla.cli.java_numbers import decimal_text, divide

MOST_LATENCIES = 500_000
"""How many latencies are kept for percentiles."""

MEGABYTE = 1024 * 1024

_PERCENTILES = ((0.5, "50th"), (0.95, "95th"), (0.99, "99th"), (0.999, "99.9th"))


def now_ms() -> int:
    """Return the time of the clock in ms."""
    return time.time_ns() // 1_000_000


class ProducerStatistics:
    """The counts of one run, or of what comes after its warm-up; whoever delivers a record tells it."""

    def __init__(
        self,
        record_count: int,
        start_ms: int,
        out: TextIO,
        report_interval_ms: int,
        *,
        is_steady_state: bool = False,
    ) -> None:
        self._out = out
        self._report_interval_ms = report_interval_ms
        self._is_steady_state = is_steady_state
        self._prints_windows = True
        self._start_ms = start_ms
        self._sampling = record_count // min(record_count, MOST_LATENCIES)
        self._latencies_ms = array("i")
        self._count = 0
        self._size_bytes = 0
        self._latency_sum_ms = 0
        self._longest_ms = 0
        self._window_start_ms = start_ms
        self._window_count = 0
        self._window_bytes = 0
        self._window_latency_sum_ms = 0
        self._window_longest_ms = 0

    @property
    def count(self) -> int:
        """How many records were delivered."""
        return self._count

    def add(self, latency_ms: int, size_bytes: int, now: int) -> None:
        """Count a delivered record, and print a window's line when it is time for it."""
        if self._count % self._sampling == 0:
            self._latencies_ms.append(latency_ms)
        self._count += 1
        self._size_bytes += size_bytes
        self._latency_sum_ms += latency_ms
        if latency_ms > self._longest_ms:  # noqa: PLR1730 - `max` would cost a call for each record
            self._longest_ms = latency_ms
        self._window_count += 1
        self._window_bytes += size_bytes
        self._window_latency_sum_ms += latency_ms
        if latency_ms > self._window_longest_ms:  # noqa: PLR1730 - as above
            self._window_longest_ms = latency_ms
        if now - self._window_start_ms >= self._report_interval_ms:
            self._end_window(now)

    def stop_printing_windows(self) -> None:
        """Leave the lines of windows to the statistics of the steady state."""
        self._prints_windows = False

    def print_total(self, now: int) -> None:
        """Print the line of the whole run."""
        elapsed_s = (now - self._start_ms) / 1000
        kept = sorted(self._latencies_ms)
        percentiles = ", ".join(
            f"{kept[int(share * len(kept))] if kept else 0} ms {name}" for share, name in _PERCENTILES
        )
        what = "steady state records" if self._is_steady_state else "records"
        self._out.write(
            f"{self._count} {what} sent, {_rates(self._count, self._size_bytes, elapsed_s)}, "
            f"{decimal_text(divide(self._latency_sum_ms, self._count), 2)} ms avg latency, "
            f"{decimal_text(float(self._longest_ms), 2)} ms max latency, {percentiles}.\n"
        )
        self._out.flush()

    def _print_window(self, now: int) -> None:
        elapsed_s = (now - self._window_start_ms) / 1000
        self._out.write(
            f"{self._window_count} records sent, {_rates(self._window_count, self._window_bytes, elapsed_s)}, "
            f"{decimal_text(divide(self._window_latency_sum_ms, self._window_count), 1)} ms avg latency, "
            f"{decimal_text(float(self._window_longest_ms), 1)} ms max latency.\n"
        )
        self._out.flush()

    def _end_window(self, now: int) -> None:
        if self._is_steady_state and self._count == self._window_count:
            self._out.write("In steady state.\n")
        if self._prints_windows:
            self._print_window(now)
        self._window_start_ms = now
        self._window_count = 0
        self._window_bytes = 0
        self._window_latency_sum_ms = 0
        self._window_longest_ms = 0


def _rates(count: int, size_bytes: int, elapsed_s: float) -> str:
    megabytes = divide(size_bytes, elapsed_s) / MEGABYTE
    return f"{decimal_text(divide(count, elapsed_s), 1)} records/sec ({decimal_text(megabytes, 2)} MB/sec)"
