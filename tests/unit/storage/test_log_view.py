"""Readers and the states of a log that they look at."""

from pathlib import Path

import pytest
from tests.support.logs import NOW_MS, LogDriver, topic_config, whole_batches

from ottla.storage.log_view import LogView, end_of_segment, look, read_range
from ottla.storage.time_index import TimestampOffset


@pytest.fixture
def driver(tmp_path: Path) -> LogDriver:
    driver = LogDriver(tmp_path / "t-0", topic_config(segment_bytes=300, index_interval_bytes=0))
    for index in range(8):
        driver.append(b"%d" % index * 60)
    return driver


def test_a_view_does_not_change_with_the_log(driver: LogDriver) -> None:
    view = driver.log._view
    driver.append(b"later")
    found = read_range(view, 7, 10_000, upper_bound=100, must_return_a_batch=True)
    assert found is not None
    assert [record.offset for record in whole_batches(found.read())] == [7]
    assert read_range(view, 8, 10_000, upper_bound=100, must_return_a_batch=True) is None


def test_an_offset_that_compaction_removed_leads_to_the_next_segment(driver: LogDriver) -> None:
    view = driver.log._view
    first = view.segments[0]
    batches = list(first.walk(0))
    first.reset(batches[1][0], b"", b"", NOW_MS, TimestampOffset(NOW_MS, batches[0][1].last_offset))
    found = read_range(view, batches[1][1].base_offset, 10_000, upper_bound=8, must_return_a_batch=True)
    assert found is not None
    assert whole_batches(found.read())[0].offset == view.base_offsets[1]


def test_a_read_ends_with_the_segment_that_it_finds_its_offset_in(driver: LogDriver) -> None:
    view = driver.log._view
    first = view.segments[0]
    assert end_of_segment(view, 0) == view.base_offsets[1]
    assert end_of_segment(view, 7) == 8
    batches = list(first.walk(0))
    first.reset(batches[1][0], b"", b"", NOW_MS, TimestampOffset(NOW_MS, batches[0][1].last_offset))
    assert end_of_segment(view, batches[1][1].base_offset) == view.base_offsets[2]


def test_a_reader_looks_again_when_segments_were_deleted(driver: LogDriver) -> None:
    old = driver.log._view
    new = old._replace(segments=old.segments[1:])
    views = iter([old, new, new])
    seen: list[LogView] = []

    def work(view: LogView) -> int:
        seen.append(view)
        if view is old:
            raise FileNotFoundError
        return 5

    assert look(lambda: next(views), work) == 5
    assert seen == [old, new]


def test_a_missing_file_of_a_segment_that_is_there_is_an_error(driver: LogDriver) -> None:
    def work(_: LogView) -> int:
        raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        look(lambda: driver.log._view, work)
