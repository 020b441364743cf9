"""Which segments may go."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from tests.support.logs import topic_config

from ottla.storage.files import FileSystem
from ottla.storage.open_files import CachedFile, OpenFiles
from ottla.storage.retention import count_deletable
from ottla.storage.segment import Segment

NOW_MS = 1_000_000


@dataclass
class Facts:
    """As much of a segment as retention looks at."""

    base_offset: int
    size_bytes: int
    timestamp_ms: int

    def retention_timestamp_ms(self) -> int:
        return self.timestamp_ms

    @property
    def log(self) -> CachedFile:
        return CachedFile(OpenFiles(FileSystem(), 1), Path(), f"{self.base_offset}.log")


def count(
    segments: list[Facts],
    *,
    log_start_offset: int = 0,
    log_end_offset: int = 50,
    high_watermark: int = 50,
    **config: object,
) -> int:
    defaults: dict[str, object] = {
        "retention_ms": -1,
        "retention_bytes": -1,
        "cleanup_policy": frozenset({"delete"}),
    }
    return count_deletable(
        cast("list[Segment]", segments),
        topic_config(**{**defaults, **config}),
        log_start_offset=log_start_offset,
        log_end_offset=log_end_offset,
        high_watermark=high_watermark,
        now_ms=NOW_MS,
    )


FIVE = [Facts(base, 100, NOW_MS - 1000 + base) for base in range(0, 50, 10)]


@pytest.mark.parametrize(("start", "expected"), [(0, 0), (9, 0), (10, 1), (29, 2), (40, 4), (50, 4)])
def test_segments_before_the_log_start_go_but_never_the_active_one(start: int, expected: int) -> None:
    assert count(FIVE, log_start_offset=start) == expected
    assert count(FIVE, log_start_offset=start, cleanup_policy=frozenset({"compact"})) == expected


@pytest.mark.parametrize(
    ("retention_bytes", "expected"), [(-1, 0), (500, 0), (401, 0), (400, 1), (301, 1), (300, 2), (0, 5)]
)
def test_by_size_the_log_keeps_at_least_the_limit(retention_bytes: int, expected: int) -> None:
    assert count(FIVE, retention_bytes=retention_bytes) == expected


@pytest.mark.parametrize(
    ("retention_ms", "expected"), [(-1, 0), (1000, 0), (999, 1), (989, 2), (959, 5), (0, 5)]
)
def test_by_time_expired_segments_go_the_active_one_too(retention_ms: int, expected: int) -> None:
    assert count(FIVE, retention_ms=retention_ms) == expected


def test_an_empty_active_segment_stays() -> None:
    assert count([*FIVE[:4], Facts(40, 0, 0)], log_end_offset=40, high_watermark=40, retention_ms=0) == 4


def test_an_unexpired_segment_protects_those_after_it() -> None:
    segments = [Facts(0, 100, 0), Facts(10, 100, NOW_MS), Facts(20, 100, 0)]
    assert count(segments, retention_ms=10) == 1


def test_a_timestamp_from_the_future_keeps_its_segment_and_is_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert count([Facts(0, 100, NOW_MS + 1), Facts(10, 100, 0)], retention_ms=0) == 0
    assert "from the future" in caplog.text


def test_nothing_beyond_the_high_watermark_goes() -> None:
    assert count(FIVE, high_watermark=25, retention_ms=0) == 2


def test_size_counts_after_log_start_and_time_after_size() -> None:
    assert count(FIVE, log_start_offset=20, retention_bytes=200) == 3
    assert count(FIVE, log_start_offset=10, retention_bytes=300, retention_ms=979) == 3


def test_compacted_logs_lose_nothing_by_size_or_time() -> None:
    assert count(FIVE, cleanup_policy=frozenset({"compact"}), retention_bytes=0, retention_ms=0) == 0
    both = frozenset({"compact", "delete"})
    assert count(FIVE, cleanup_policy=both, retention_bytes=0) == 5
