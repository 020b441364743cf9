"""What is counted while requests are served: plain numbers, added to on the loop's thread and read when someone asks.

A step here is an addition or two; there are no locks, no names to look up and nothing of any exposition format. The
counters only grow, from the start of the process on.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

LATENCY_BOUNDS_S = (
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    10.0,
)
"""Upper bounds of the buckets: most requests take a tenth of a millisecond, a parked fetch half a second by default,
and a join waits for the slowest member of its group."""


class Latencies:
    """How long something took, as often as it happened: counts by bucket, and the sum."""

    __slots__ = ("counts", "sum_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(LATENCY_BOUNDS_S) + 1)
        """By bucket, not cumulative; the last is for what took longer than every bound."""
        self.sum_s = 0.0

    def add(self, took_s: float) -> None:
        """Count one more."""
        self.counts[bisect_left(LATENCY_BOUNDS_S, took_s)] += 1
        self.sum_s += took_s


class ApiCounters:
    """The requests of one API, on all listeners together."""

    __slots__ = ("errors", "local", "request_bytes", "requests", "response_bytes", "total", "waiting")

    def __init__(self) -> None:
        self.requests = 0
        self.request_bytes = 0
        """With the size field before each, as the client has sent them."""
        self.response_bytes = 0
        """Of answers that were handed to the connection, with the size field."""
        self.waiting = 0
        """Requests that wait for their answer now: parked fetches, joins, writes to a slow disk."""
        self.errors: Counter[int] = Counter()
        """How often an answer carried each error code, items counted one by one; success is not counted."""
        self.local = Latencies()
        """What the loop was busy with a request before it turned to others."""
        self.total = Latencies()
        """From the whole request to the whole answer, waiting included; sending is not."""

    def answered_at_once(self, took_s: float) -> None:
        """Count the times of a request that did not wait, which are one and the same."""
        bucket = bisect_left(LATENCY_BOUNDS_S, took_s)
        for latencies in (self.local, self.total):
            latencies.counts[bucket] += 1
            latencies.sum_s += took_s


@dataclass(slots=True)
class RequestCounters:
    """All that is counted about requests."""

    by_api: dict[int, ApiCounters] = field(default_factory=dict)
    """By API key; one appears with its first request, so there are at most as many as APIs."""
    refused: int = 0
    """Requests that could not be parsed or served, which closes the connection."""
    fetched_bytes: dict[str, int] = field(default_factory=dict)
    """Bytes of records in answers to fetches, by topic. Topics that are gone are dropped when metrics are read."""
    fetched_bytes_total: int = 0

    def of_api(self, api_key: int) -> ApiCounters:
        """Return the counters of an API."""
        counters = self.by_api.get(api_key)
        if counters is None:
            counters = self.by_api[api_key] = ApiCounters()
        return counters
