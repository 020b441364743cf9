"""Which part of a log is dirty, and whether it is worth a cleaning: pure judgement of a log at one moment.

The rules are Kafka's (facts 3.9, `LogCleanerManager.cleanableOffsets`, `LogToClean`): the active segment, what is
younger than min.compaction.lag.ms and what lies behind the last stable offset are left alone, and whole segments count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ottla.config.resolved import TopicConfig
from ottla.storage.segment import Segment


@dataclass(frozen=True, slots=True)
class DirtySection:
    """What a cleaning would clean now."""

    first_dirty_offset: int
    end_offset: int
    """The base offset of the first segment that must not be cleaned yet."""
    clean_bytes: int
    dirty_bytes: int
    is_overdue: bool
    """Whether a record has waited for longer than max.compaction.lag.ms."""
    look_again_ms: int | None
    """When time alone changes the judgement, None where it does not."""

    @property
    def ratio(self) -> float:
        """Which part of what a cleaning reads is dirty."""
        total = self.clean_bytes + self.dirty_bytes
        return self.dirty_bytes / total if total else 0.0

    def is_cleanable(self, config: TopicConfig) -> bool:
        """Tell whether the section is worth a cleaning."""
        if self.end_offset <= self.first_dirty_offset or not self.dirty_bytes:
            return False
        return self.is_overdue or self.ratio > config.min_cleanable_dirty_ratio


def dirty_section(
    segments: Sequence[Segment],
    config: TopicConfig,
    *,
    first_dirty_offset: int,
    last_stable_offset: int,
    now_ms: int,
) -> DirtySection:
    """Judge a log by its segments, the active one last. Raises OSError and CorruptBatchError."""
    active = segments[-1].base_offset
    dirty = _segments_between(segments, first_dirty_offset, active) if first_dirty_offset <= active else []
    limit = min(last_stable_offset, active)
    look_again: list[int] = []
    if config.min_compaction_lag_ms > 0:
        for segment in dirty:
            ready_ms = segment.largest_timestamp().timestamp_ms + config.min_compaction_lag_ms
            if ready_ms > now_ms:
                limit = min(limit, segment.base_offset)
                look_again.append(ready_ms)
                break
    limit = max(first_dirty_offset, limit)
    # A segment that is not clean to its end is left alone as a whole.
    end = max(
        (each.base_offset for each in segments if each.base_offset <= limit), default=segments[0].base_offset
    )
    is_overdue = False
    if config.max_compaction_lag_ms < now_ms:
        times = [first for segment in dirty if (first := segment.first_timestamp()) > 0]
        if times:
            overdue_ms = min(times) + config.max_compaction_lag_ms + 1
            is_overdue = overdue_ms <= now_ms
            if not is_overdue:
                look_again.append(overdue_ms)
    return DirtySection(
        first_dirty_offset,
        end,
        sum(each.size_bytes for each in segments if each.base_offset < first_dirty_offset),
        sum(each.size_bytes for each in _segments_between(segments, min(first_dirty_offset, end), end)),
        is_overdue,
        min(look_again, default=None),
    )


def _segments_between(segments: Sequence[Segment], start_offset: int, end_offset: int) -> list[Segment]:
    """Return the segments with offsets from `start_offset` up to `end_offset`."""
    if start_offset == end_offset:
        return []
    ends = [*(each.base_offset for each in segments[1:]), None]
    return [
        segment
        for segment, end in zip(segments, ends, strict=True)
        if segment.base_offset < end_offset and (end is None or end > start_offset)
    ]
