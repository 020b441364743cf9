"""Logs that were cut off or damaged while nobody looked: what is sound stays, what is not goes, and it goes on.

A kill leaves the page cache behind; a power cut leaves any part of what was not synced. So the files are damaged
here byte by byte instead of by killing processes.
"""

import shutil
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.logs import NOW_MS, LogDriver, log_bytes, topic_config

from ottla.storage.recovery import UnsupportedSegmentError

VALUES = [b"%d" % index * 60 for index in range(9)]


@pytest.fixture
def stopped(tmp_path: Path) -> LogDriver:
    """A log of three segments that nobody closed; the last batch has two records."""
    driver = LogDriver(tmp_path / "source" / "t-0", topic_config(segment_bytes=500, index_interval_bytes=100))
    for index, value in enumerate(VALUES[:-2]):
        driver.append(value, producer_id=1, producer_epoch=0, base_sequence=index, leader_epoch=index // 3)
    driver.append(*VALUES[-2:], producer_id=1, producer_epoch=0, base_sequence=7, leader_epoch=5)
    assert len(driver.log.segments) == 3
    return driver


def copy_of(stopped: LogDriver, name: str) -> LogDriver:
    """Return a driver over a copy of the files as they are on the disk now."""
    copy = LogDriver(stopped.directory.parent.parent / name / "t-0", stopped.config)
    shutil.rmtree(copy.directory)
    shutil.copytree(stopped.directory, copy.directory)
    return copy


def active_file(driver: LogDriver) -> Path:
    return max(driver.directory.glob("*.log"))


def assert_goes_on(driver: LogDriver, values: list[bytes]) -> None:
    """The log holds exactly these values, takes the next batch, and a clean restart changes nothing."""
    log = driver.log
    assert driver.values() == values
    assert log.log_end_offset == len(values)
    entry = log.producer_state.entries.get(1)
    assert (entry.last_sequence if entry else -1) == len(values) - 1
    assert log.leader_epochs.latest_epoch == (
        (5 if len(values) > 7 else (len(values) - 1) // 3) if values else -1
    )
    driver.append(b"next", producer_id=1, producer_epoch=0, base_sequence=len(values), leader_epoch=6)
    driver.reopen(clean=True)
    assert driver.values() == [*values, b"next"]
    found = driver.log.offset_for_timestamp(NOW_MS)
    assert found is not None
    assert found.offset == 0


def test_the_last_batch_cut_at_every_byte(stopped: LogDriver, caplog: pytest.LogCaptureFixture) -> None:
    whole = active_file(stopped).read_bytes()
    last_batch = whole.index(b"7" * 60) - 80
    start = max(
        position
        for position in range(last_batch + 20)
        if whole[position : position + 8] == (7).to_bytes(8, "big")
    )
    for size in range(start, len(whole)):
        driver = copy_of(stopped, f"cut-{size}")
        with active_file(driver).open("r+b") as file:
            file.truncate(size)
        caplog.clear()
        driver.reopen(clean=False)
        lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        if size == start:
            assert lines == []
        else:
            assert len(lines) == 1
            assert f"from {size} to {start} bytes, offset 7 is now the next" in lines[0]
        assert_goes_on(driver, VALUES[:7])


def test_every_byte_of_the_tail_zeroed(stopped: LogDriver) -> None:
    whole = active_file(stopped).read_bytes()
    for size in range(0, len(whole), 5):
        driver = copy_of(stopped, f"zero-{size}")
        active_file(driver).write_bytes(whole[:size] + bytes(len(whole) - size))
        driver.reopen(clean=False)
        assert driver.values() == VALUES[: driver.log.log_end_offset]
        assert_goes_on(driver, VALUES[: driver.log.log_end_offset])


@pytest.mark.parametrize("extra", [b"\x00", bytes(61), bytes(5000), b"garbage" * 30, b"\xff" * 100])
def test_bytes_after_the_last_batch_are_cut_off(stopped: LogDriver, extra: bytes) -> None:
    whole = active_file(stopped).read_bytes()
    active_file(stopped).write_bytes(whole + extra)
    stopped.reopen(clean=False)
    assert active_file(stopped).read_bytes() == whole
    assert_goes_on(stopped, VALUES)


def test_every_flipped_byte_of_the_first_segment(stopped: LogDriver) -> None:
    """All that follows the damage goes, later segments too, since offsets must not have holes."""
    first = min(stopped.directory.glob("*.log")).name
    whole = (stopped.directory / first).read_bytes()
    for position in range(0, len(whole), 7):
        driver = copy_of(stopped, f"flip-{position}")
        damaged = bytearray(whole)
        damaged[position] ^= 0x40
        (driver.directory / first).write_bytes(damaged)
        driver.reopen(clean=False)
        kept = driver.log.log_end_offset
        if kept != len(VALUES):  # base offset and leader epoch are not covered by the CRC
            assert len(driver.log.segments) == 1
            assert list(driver.directory.glob("*.deleted"))
            assert log_bytes(driver.directory)[first] == whole[: driver.log.size_bytes]
        if kept == 0 or driver.log.leader_epochs.latest_epoch == (5 if kept > 7 else (kept - 1) // 3):
            assert_goes_on(driver, VALUES[:kept])


def test_segments_before_the_recovery_point_are_trusted(stopped: LogDriver) -> None:
    stopped.log.flush()
    first = min(stopped.directory.glob("*.log"))
    damaged = bytearray(first.read_bytes())
    damaged[-1] ^= 1
    first.write_bytes(damaged)
    stopped.reopen(clean=False, recovery_point=len(VALUES))
    assert stopped.log.log_end_offset == len(VALUES)
    assert first.read_bytes() == bytes(damaged)


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("suffix", [".index", ".timeindex", ".snapshot", "leader-epoch-checkpoint"])
@pytest.mark.parametrize("damage", ["missing", "empty", "garbage", "zeros"])
def test_what_follows_from_the_log_is_made_again(
    stopped: LogDriver, suffix: str, clean: bool, damage: str
) -> None:
    if clean:
        stopped.log.close()
    for path in stopped.directory.glob("*" + suffix):
        if damage == "missing":
            path.unlink()
        else:
            content = {"empty": b"", "garbage": b"\x7fgarbage" * 9, "zeros": bytes(10_000)}[damage]
            path.write_bytes(content)
    if not clean:
        stopped.reopen(clean=False)
        assert_goes_on(stopped, VALUES)
        return
    stopped.log = stopped.log.open(
        stopped.open_files,
        stopped.directory,
        stopped.config,
        clean_shutdown=True,
        recovery_point=0,
        log_start_offset=0,
        now_ms=NOW_MS,
    )
    assert stopped.values() == VALUES
    assert stopped.append(b"next").base_offset == len(VALUES)


def test_a_segment_of_an_older_format_is_refused_and_kept(stopped: LogDriver) -> None:
    # Magic 1, attributes, timestamp 1000, no key, value "old".
    message = bytes.fromhex("0100 00000000000003e8 ffffffff 00000003 6f6c64")

    entry = (
        (9).to_bytes(8, "big")
        + (len(message) + 4).to_bytes(4, "big")
        + zlib.crc32(message).to_bytes(4, "big")
    )
    content = active_file(stopped).read_bytes() + entry + message
    active_file(stopped).write_bytes(content)
    with pytest.raises(UnsupportedSegmentError, match="magic 1"):
        stopped.reopen(clean=False)
    assert active_file(stopped).read_bytes() == content


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_damage_leaves_a_prefix(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever is written over a part of the last segment, the log is a prefix of what it was."""
    driver = LogDriver(tmp_path_factory.mktemp("any") / "t-0", topic_config(segment_bytes=500))
    for value in VALUES:
        driver.append(value)
    path = active_file(driver)
    content = bytearray(path.read_bytes())
    start = data.draw(st.integers(0, len(content)))
    patch = data.draw(st.binary(max_size=200))
    content[start : start + len(patch)] = patch
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    before = log_bytes(driver.directory)[path.name]
    driver.reopen(clean=False)
    kept = driver.values()
    assert before.startswith(log_bytes(driver.directory)[path.name])
    # Offsets are outside the CRC, and a gap may be the work of compaction: values tell, offsets need not.
    assert kept == VALUES[: len(kept)]
    assert driver.append(b"next").base_offset == driver.log.log_end_offset - 1
