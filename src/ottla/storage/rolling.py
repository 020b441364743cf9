"""When a log starts a new segment, as the topic's configuration decides it (facts 3.1)."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ottla.config.resolved import TopicConfig
from ottla.storage.segment import BatchToIndex, Segment


def must_roll(
    segment: Segment, batches: Sequence[BatchToIndex], size_bytes: int, config: TopicConfig, now_ms: int
) -> bool:
    """Tell whether these batches, of `size_bytes` together, belong into a new segment. Raises OSError."""
    return segment.should_roll(
        max_timestamp=batches[0].max_timestamp
        if len(batches) == 1
        else max(batch.max_timestamp for batch in batches),
        last_offset=batches[-1].last_offset,
        size_bytes=size_bytes,
        segment_bytes=config.segment_bytes,
        segment_ms=_segment_ms(config),
        segment_index_bytes=config.segment_index_bytes,
        now_ms=now_ms,
    )


def draw_jitter_ms(config: TopicConfig) -> int:
    """Return by how much a new segment's time limit is shortened, so that not all partitions roll at once."""
    most = min(config.segment_jitter_ms, config.segment_ms)
    return random.randrange(most) if most > 0 else 0  # noqa: S311 - spreads rolls over time, protects nothing


def _segment_ms(config: TopicConfig) -> int:
    if "compact" in config.cleanup_policy and config.max_compaction_lag_ms > 0:
        return min(config.segment_ms, config.max_compaction_lag_ms)
    return config.segment_ms
