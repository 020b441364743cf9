"""How the configuration decides about new segments."""

from pathlib import Path

from tests.support.logs import LogDriver, topic_config

from ottla.storage.files import FileSystem
from ottla.storage.open_files import OpenFiles
from ottla.storage.rolling import draw_jitter_ms, must_roll
from ottla.storage.segment import BatchToIndex, Segment


def test_the_lag_limit_of_compaction_bounds_the_time(tmp_path: Path) -> None:
    segment = Segment.create(OpenFiles(FileSystem(), 9), tmp_path, 0, now_ms=0, roll_jitter_ms=0)
    segment.append([b"x"], [BatchToIndex(0, 1000, 1)], index_interval_bytes=9, now_ms=0)
    later = [BatchToIndex(1, 1501, 1), BatchToIndex(2, 1400, 1)]
    plain = topic_config(segment_ms=1000, max_compaction_lag_ms=500)
    compacted = topic_config(
        segment_ms=1000, max_compaction_lag_ms=500, cleanup_policy=frozenset({"compact"})
    )
    assert not must_roll(segment, later, 2, plain, 0)
    assert must_roll(segment, later, 2, compacted, 0)


def test_jitter_stays_below_its_limits() -> None:
    assert draw_jitter_ms(topic_config(segment_jitter_ms=0)) == 0
    drawn = {draw_jitter_ms(topic_config(segment_jitter_ms=50, segment_ms=5)) for _ in range(200)}
    assert drawn == set(range(5))


def test_a_log_rolls_by_the_time_of_its_data(tmp_path: Path) -> None:
    driver = LogDriver(tmp_path / "t-0", topic_config(segment_ms=100))
    for timestamp in (1000, 1100, 1101, 1200, 1202):
        driver.append(b"x", timestamp_ms=timestamp)
    assert driver.log._view.base_offsets == (0, 2, 4)


def test_a_log_rolls_when_its_indexes_are_full(tmp_path: Path) -> None:
    driver = LogDriver(tmp_path / "t-0", topic_config(segment_index_bytes=36, index_interval_bytes=0))
    for timestamp in range(12):
        driver.append(b"x", timestamp_ms=1000 + timestamp)
    assert driver.log._view.base_offsets == (0, 3, 6, 9)
    driver.reopen(clean=True)
    assert len(driver.values()) == 12
