"""A log against a list: whatever is done to it, it holds what a plain list of records would hold."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.support.logs import NOW_MS, LogDriver, topic_config, whole_batches

from ottla.records.compression import Codec


class LogMachine(RuleBasedStateMachine):
    """Appends, restarts, deletions and lookups in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="ottla-log-"))
        self.expected: list[tuple[int, int, bytes]] = []  # offset, timestamp, value
        self.start = 0
        self.flushed = 0

    @initialize(segment_bytes=st.sampled_from([300, 1000, 100_000]), interval=st.sampled_from([0, 200, 4096]))
    def create(self, segment_bytes: int, interval: int) -> None:
        self.driver = LogDriver(
            self.root / "t-0",
            topic_config(
                segment_bytes=segment_bytes,
                index_interval_bytes=interval,
                segment_ms=400,
                retention_ms=-1,
                file_delete_delay_ms=0,
            ),
            open_files_limit=3,
        )

    @property
    def end(self) -> int:
        return self.expected[-1][0] + 1 if self.expected else self.driver.log.log_end_offset

    @rule(
        values=st.lists(st.binary(max_size=30), min_size=1, max_size=4),
        timestamp=st.integers(NOW_MS - 1000, NOW_MS),
        codec=st.sampled_from(Codec),
    )
    def append(self, values: list[bytes], timestamp: int, codec: Codec) -> None:
        base_offset = self.driver.log.log_end_offset
        result = self.driver.append(*values, timestamp_ms=timestamp, codec=codec)
        assert result.base_offset == base_offset
        self.expected += [(base_offset + index, timestamp, value) for index, value in enumerate(values)]

    @rule(clean=st.booleans())
    def restart(self, clean: bool) -> None:
        end = self.driver.log.log_end_offset
        self.driver.reopen(clean=clean, recovery_point=self.flushed, log_start_offset=self.start)
        assert self.driver.log.log_end_offset == end
        self.flushed = self.driver.log.recovery_point

    @rule()
    def flush(self) -> None:
        self.driver.log.flush()
        self.flushed = self.driver.log.recovery_point
        assert self.flushed == self.driver.log.log_end_offset

    @precondition(lambda self: self.expected)
    @rule(data=st.data())
    def delete_records(self, data: st.DataObject) -> None:
        offset = data.draw(st.integers(self.start, self.driver.log.log_end_offset))
        self.driver.log.delete_records_before(offset)
        self._forget_before(offset)

    @rule(retention_bytes=st.integers(0, 3000))
    def delete_segments(self, retention_bytes: int) -> None:
        log = self.driver.log
        log.config = topic_config(**{**_fields(self.driver), "retention_bytes": retention_bytes})
        log.delete_old_segments(NOW_MS, log.log_end_offset)
        log.config = self.driver.config
        log.delete_expired_files(NOW_MS)
        self._forget_before(log.log_start_offset)

    def _forget_before(self, offset: int) -> None:
        self.start = max(self.start, offset)
        self.expected = [record for record in self.expected if record[0] >= self.start]

    @invariant()
    def everything_is_read(self) -> None:
        if not hasattr(self, "driver"):
            return
        assert self.driver.log.log_start_offset == self.start
        found = [(record.offset, record.timestamp_ms, record.value) for record in self.driver.records()]
        assert found == self.expected

    @precondition(lambda self: self.expected)
    @rule(data=st.data(), max_bytes=st.integers(0, 2000))
    def read(self, data: st.DataObject, max_bytes: int) -> None:
        offset = data.draw(st.integers(self.start, self.expected[-1][0]))
        upper_bound = data.draw(st.integers(offset, self.driver.log.log_end_offset))
        found = self.driver.log.read(offset, max_bytes, upper_bound=upper_bound, must_return_a_batch=True)
        if offset >= upper_bound:
            assert found is None
            return
        # Bounds lie between batches in a real log; a bound inside a batch excludes the whole batch.
        if found is None:
            return
        records = whole_batches(found.read())
        assert records[0].offset <= offset <= records[-1].offset
        assert records[-1].offset < upper_bound

    @rule(timestamp=st.integers(NOW_MS - 1001, NOW_MS + 1))
    def look_up_time(self, timestamp: int) -> None:
        found = self.driver.log.offset_for_timestamp(timestamp)
        expected = next((record for record in self.expected if record[1] >= timestamp), None)
        # The search looks into the first segment that reaches the time; deleted records may be what reached it.
        if found is not None:
            assert expected is not None
            assert (found.offset, found.timestamp_ms) == expected[:2]
        elif expected is not None:
            assert self.start > 0

    def teardown(self) -> None:
        shutil.rmtree(self.root)


def _fields(driver: LogDriver) -> dict[str, object]:
    config = driver.config
    return {
        "segment_bytes": config.segment_bytes,
        "index_interval_bytes": config.index_interval_bytes,
        "segment_ms": config.segment_ms,
        "retention_ms": -1,
        "file_delete_delay_ms": 0,
    }


TestLogAgainstAList = LogMachine.TestCase
TestLogAgainstAList.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
