"""When a log starts a new segment, as the topic's configuration decides it (facts 3.1, `LogSegment.shouldRoll`)."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ottla.config.resolved import TopicConfig
from ottla.storage.segment import MAX_RELATIVE_OFFSET, BatchToIndex, Segment


def must_roll(
    segment: Segment, batches: Sequence[BatchToIndex], size_bytes: int, config: TopicConfig, now_ms: int
) -> bool:
    """Tell whether these batches, of `size_bytes` together, belong into a new segment.

    The time limit counts from the first batch's timestamp to that of the new ones: the data's own time. Raises OSError.
    """
    if segment.size_bytes > config.segment_bytes - size_bytes:
        return True
    if batches[-1].last_offset - segment.base_offset > MAX_RELATIVE_OFFSET:
        return True
    if segment.size_bytes > 0:
        first = segment.first_timestamp()
        newest = (
            batches[0].max_timestamp if len(batches) == 1 else max(batch.max_timestamp for batch in batches)
        )
        waited_ms = newest - first if first >= 0 else now_ms - segment.created_ms
        limit_ms = config.segment_ms
        if config.max_compaction_lag_ms > 0 and "compact" in config.cleanup_policy:
            limit_ms = min(limit_ms, config.max_compaction_lag_ms)
        if waited_ms > limit_ms - segment.roll_jitter_ms:
            return True
    return segment.are_indexes_full(config.segment_index_bytes)


def draw_jitter_ms(config: TopicConfig) -> int:
    """Return by how much a new segment's time limit is shortened, so that not all partitions roll at once."""
    most = min(config.segment_jitter_ms, config.segment_ms)
    return random.randrange(most) if most > 0 else 0  # noqa: S311 - spreads rolls over time, protects nothing
