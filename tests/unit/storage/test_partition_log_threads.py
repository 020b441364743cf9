"""A log that is appended to, flushed, shortened and read at the same time, as the broker's threads do it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from tests.support.logs import NOW_MS, LogDriver, log_bytes, topic_config, whole_batches

from ottla.errors import ErrorCode, KafkaError
from ottla.storage.files import FileRange

APPENDS = 600
CONFIG = topic_config(
    segment_bytes=4000, index_interval_bytes=100, retention_bytes=12_000, file_delete_delay_ms=0
)


class Traffic:
    """What the threads of a broker do to one log, until the last append."""

    def __init__(self, driver: LogDriver) -> None:
        self.driver = driver
        self.log = driver.log
        self.is_over = Event()

    def append_and_delete(self) -> int:
        try:
            for index in range(APPENDS):
                self.driver.append(value_at(index), timestamp_ms=time_at(index), leader_epoch=index // 100)
                if index % 7 == 0:
                    self.log.delete_old_segments(NOW_MS, self.log.log_end_offset)
                    self.log.delete_expired_files(NOW_MS)
        finally:
            self.is_over.set()
        return self.log.log_end_offset

    def flush(self) -> int:
        flushes = 0
        while not self.is_over.is_set():
            self.log.flush()
            flushes += 1
        return flushes

    def read(self) -> int:
        offset = reads = 0
        while not self.is_over.is_set() or offset < self.log.log_end_offset:
            found = self._range_at(offset)
            if found is None:
                offset = max(offset, self.log.log_start_offset)
                continue
            records = whole_batches(found.read())
            assert records[0].offset == offset
            assert [record.value for record in records] == [value_at(record.offset) for record in records]
            offset = records[-1].offset + 1
            reads += 1
        return reads

    def _range_at(self, offset: int) -> FileRange | None:
        try:
            return self.log.read(offset, 3000, upper_bound=self.log.log_end_offset, must_return_a_batch=True)
        except KafkaError as error:
            if error.code is not ErrorCode.OFFSET_OUT_OF_RANGE:
                raise
            return None

    def look_up(self) -> int:
        lookups = 0
        while not self.is_over.is_set():
            found = self.log.offset_for_timestamp(time_at(self.log.log_start_offset))
            assert found is None or found.timestamp_ms == time_at(found.offset)
            lookups += 1
        return lookups


def value_at(offset: int) -> bytes:
    return b"%06d" % offset * 10


def time_at(offset: int) -> int:
    return NOW_MS - APPENDS + offset


def test_nobody_sees_anything_but_whole_batches_in_order(tmp_path: Path) -> None:
    driver = LogDriver(tmp_path / "t-0", CONFIG, open_files_limit=4)
    traffic, log = Traffic(driver), driver.log
    with ThreadPoolExecutor(5) as pool:
        others = [pool.submit(work) for work in (traffic.flush, traffic.read, traffic.read, traffic.look_up)]
        end_offset = pool.submit(traffic.append_and_delete).result()
        assert all(other.result() > 0 for other in others)
    assert end_offset == APPENDS
    assert not log.is_offline
    start = log.log_start_offset
    driver.reopen(clean=True, log_start_offset=start)
    assert [record.offset for record in driver.records()] == list(range(start, APPENDS))
    assert driver.log.leader_epochs.latest_epoch == (APPENDS - 1) // 100
    before = log_bytes(driver.directory, "index")
    driver.reopen(clean=False, log_start_offset=start)
    assert log_bytes(driver.directory, "index") == before
