"""Which segments of a log may go: a prefix of them, judged by log start, then size, then time.

The rules are Kafka's (facts 3.6, `UnifiedLog.deleteOldSegments`): no segment that reaches beyond the high
watermark goes; by size a log stays at least as large as the limit; by time the data's timestamps count, so that
one from the future keeps its segment. The active segment may be named too, when it holds something.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from ottla.config.resolved import TopicConfig
from ottla.storage.segment import Segment

logger = logging.getLogger(__name__)


def count_deletable(
    segments: Sequence[Segment],
    config: TopicConfig,
    *,
    log_start_offset: int,
    log_end_offset: int,
    high_watermark: int,
    now_ms: int,
) -> int:
    """Return how many of the oldest segments may go; all of them means the active one as well.

    Raises OSError.
    """
    ends = [*(segment.base_offset for segment in segments[1:]), log_end_offset]

    def extend(count: int, is_breached: Callable[[int], bool]) -> int:
        while count < len(segments) and high_watermark >= ends[count] and is_breached(count):
            if count == len(segments) - 1 and segments[count].size_bytes == 0:
                break
            count += 1
        return count

    by_start = extend(0, lambda number: number + 1 < len(segments) and ends[number] <= log_start_offset)
    if "delete" not in config.cleanup_policy:
        return by_start
    by_size = extend(by_start, _size_rule(segments[by_start:], by_start, config.retention_bytes))
    return extend(by_size, _time_rule(segments, config.retention_ms, now_ms))


def _size_rule(remaining: Sequence[Segment], first: int, retention_bytes: int) -> Callable[[int], bool]:
    excess = (
        sum(segment.size_bytes for segment in remaining) - retention_bytes if retention_bytes >= 0 else -1
    )

    def is_breached(number: int) -> bool:
        nonlocal excess
        if excess < remaining[number - first].size_bytes:
            return False
        excess -= remaining[number - first].size_bytes
        return True

    return is_breached


def _time_rule(segments: Sequence[Segment], retention_ms: int, now_ms: int) -> Callable[[int], bool]:
    def is_breached(number: int) -> bool:
        if retention_ms < 0:
            return False
        timestamp = segments[number].retention_timestamp_ms()
        if timestamp > now_ms:
            logger.warning(
                "The segment %s has a record with timestamp %d from the future: retention by time keeps it",
                segments[number].log.path,
                timestamp,
            )
        return now_ms - timestamp > retention_ms

    return is_breached
