"""A table of logs, and what of them is worth a cleaning."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from tests.support.logs import topic_config

from ottla.partitions.cleanable import dirty_section
from ottla.storage.time_index import TimestampOffset

NOW_MS = 1_000_000


@dataclass
class FakeSegment:
    """What a judgement needs of a segment; a real one of these sizes would have to be written."""

    base_offset: int
    size_bytes: int = 100
    first_ms: int = 1000
    largest_ms: int = 1000

    def first_timestamp(self) -> int:
        return self.first_ms

    def largest_timestamp(self) -> TimestampOffset:
        return TimestampOffset(self.largest_ms, self.base_offset)


FOUR = [FakeSegment(0), FakeSegment(10), FakeSegment(20), FakeSegment(30)]
AGED = [FakeSegment(0, 100, 1000, 2000), FakeSegment(10, 100, 3000, 4000), FakeSegment(20, 100, 5000, 6000)]
NEVER = 2**63 - 1


@dataclass
class Case:
    """A log, and its dirty section: from, to, clean bytes, dirty bytes; whether it is cleaned."""

    section: tuple[int, int, int, int]
    is_cleanable: bool
    first_dirty: int = 0
    stable: int = 100
    ratio: float = 0.5
    min_lag_ms: int = 0
    max_lag_ms: int = NEVER
    segments: tuple[FakeSegment, ...] = tuple(FOUR)
    look_again_ms: int | None = None


CASES = {
    "never cleaned": Case((0, 30, 0, 300), True),
    "the active segment alone": Case((0, 0, 0, 0), False, segments=(FakeSegment(0),)),
    "all clean": Case((30, 30, 300, 0), False, first_dirty=30),
    "clean into the active segment": Case((35, 30, 400, 0), False, first_dirty=35),
    "one of three dirty": Case((20, 30, 200, 100), False, first_dirty=20),
    "one of three, and less is enough": Case((20, 30, 200, 100), True, first_dirty=20, ratio=0.33),
    "exactly the ratio": Case((10, 20, 100, 100), False, first_dirty=10, stable=25),
    "a little more than the ratio": Case((10, 20, 100, 100), True, first_dirty=10, stable=25, ratio=0.49),
    "a transaction is open": Case((0, 10, 0, 100), True, stable=15),
    "a transaction is open in the first segment": Case((0, 0, 0, 0), False, stable=5),
    "dirty from the middle of a segment": Case((15, 30, 200, 200), False, first_dirty=15),
    "everything with ratio 0": Case((20, 30, 200, 100), True, first_dirty=20, ratio=0),
    "nothing is dirty with ratio 0": Case((30, 30, 300, 0), False, first_dirty=30, ratio=0),
    "too young": Case(
        (0, 0, 0, 0), False, segments=(*AGED, FakeSegment(30)), min_lag_ms=NOW_MS, look_again_ms=NOW_MS + 2000
    ),
    "partly too young": Case(
        (0, 10, 0, 100),
        True,
        segments=(*AGED, FakeSegment(30)),
        min_lag_ms=NOW_MS - 3000,
        look_again_ms=NOW_MS + 1000,
    ),
    "old enough to the millisecond": Case(
        (0, 30, 0, 300), True, segments=(*AGED, FakeSegment(30)), min_lag_ms=NOW_MS - 6000
    ),
    "overdue": Case(
        (20, 30, 200, 100), True, first_dirty=20, segments=(*AGED, FakeSegment(30)), max_lag_ms=NOW_MS - 5001
    ),
    "due in a moment": Case(
        (20, 30, 200, 100),
        False,
        first_dirty=20,
        segments=(*AGED, FakeSegment(30)),
        max_lag_ms=NOW_MS - 5000,
        look_again_ms=NOW_MS + 1,
    ),
    "overdue but clean": Case(
        (30, 30, 300, 0), False, first_dirty=30, segments=(*AGED, FakeSegment(30)), max_lag_ms=1
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_dirty_and_whether_it_is_cleaned(case: Case) -> None:
    config = replace(
        topic_config(),
        min_cleanable_dirty_ratio=case.ratio,
        min_compaction_lag_ms=case.min_lag_ms,
        max_compaction_lag_ms=case.max_lag_ms,
    )
    section = dirty_section(
        cast("Any", case.segments),
        config,
        first_dirty_offset=case.first_dirty,
        last_stable_offset=case.stable,
        now_ms=NOW_MS,
    )
    found = (section.first_dirty_offset, section.end_offset, section.clean_bytes, section.dirty_bytes)
    assert found == case.section
    assert section.is_cleanable(config) == case.is_cleanable
    assert section.look_again_ms == case.look_again_ms
