"""What Apache Kafka's performance tools print, as numbers; a run that did not do all its work is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.benchmarks.compare.run import RunFailedError

_PRODUCED = re.compile(
    r"^(?P<records>\d+) records sent, (?P<rate>[\d.]+) records/sec \((?P<mb>[\d.]+) MB/sec\), "
    r"(?P<average>[\d.]+) ms avg latency, (?P<most>[\d.]+) ms max latency, "
    r"(?P<p50>\d+) ms 50th, (?P<p95>\d+) ms 95th, (?P<p99>\d+) ms 99th, (?P<p999>\d+) ms 99\.9th\.$",
    re.MULTILINE,
)
_CONSUMED_COLUMNS = (
    "start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, "
    "rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec"
)


@dataclass(frozen=True, slots=True)
class Produced:
    """The last line of ProducerPerformance."""

    records: int
    records_per_s: float
    average_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Consumed:
    """The line of ConsumerPerformance; the second rate leaves out the time in which the group was formed."""

    records: int
    mb: float
    mb_per_s: float
    fetch_mb_per_s: float


def parse_produced(printed: str, records: int) -> Produced:
    """Read ProducerPerformance's output. Raises RunFailedError when fewer than `records` were acknowledged."""
    found = _PRODUCED.findall(printed)
    if not found:
        raise RunFailedError(f"ProducerPerformance has no last line:\n{printed[-500:]}")
    sent, rate, _, average, _, _, _, p99, _ = found[-1]
    if int(sent) != records:
        raise RunFailedError(f"{sent} of {records} records were acknowledged")
    return Produced(int(sent), float(rate), float(average), float(p99))


def parse_consumed(printed: str, records: int) -> Consumed:
    """Read ConsumerPerformance's output. Raises RunFailedError when fewer than `records` came."""
    header, separator, rest = printed.partition(_CONSUMED_COLUMNS)
    if not separator or not rest.strip():
        raise RunFailedError(f"ConsumerPerformance has no result:\n{printed[-500:]}")
    values = rest.strip().splitlines()[0].split(", ")
    if header.strip() or len(values) != len(_CONSUMED_COLUMNS.split(", ")):
        raise RunFailedError(f"ConsumerPerformance complains:\n{printed[-500:]}")
    if int(values[4]) < records:
        raise RunFailedError(f"{values[4]} of {records} records came")
    return Consumed(int(values[4]), float(values[2]), float(values[3]), float(values[8]))
