"""Batches that were written together, after a crash at every change of the files: a prefix of them is there, in order.

Whoever was told of his batch finds it; of a write that was torn some first batches may be there, of which nobody was
told, as of any write.
"""

from __future__ import annotations

from pathlib import Path

from tests.support.crash_disk import CrashDisk, Ending, RecordingFileSystem, every_crash
from tests.support.logs import NOW_MS, LogDriver, load_request, records_of, topic_config

from ottla.records.builder import NewRecord, build_batch
from ottla.storage.append_check import AppendOrigin
from ottla.storage.appending import AppendResult, OfferedBatch, append_together
from ottla.storage.files import FileSystem
from ottla.storage.open_files import OpenFiles
from ottla.storage.partition_log import PartitionLog

CONFIG = topic_config(segment_bytes=1500, index_interval_bytes=150)
GROUPS = (1, 5, 9, 2, 12, 7)
KEPT_ENDINGS = {Ending.KILL, Ending.TORN}
WHOLE_ENDINGS = {*KEPT_ENDINGS, Ending.LOSS}


def offered(value: bytes, producer_id: int) -> OfferedBatch:
    batch = build_batch(
        [NewRecord(None, value)], now_ms=NOW_MS, producer_id=producer_id, producer_epoch=0, base_sequence=0
    )
    return OfferedBatch(batch, 0, AppendOrigin.CLIENT, NOW_MS)


def recorded(root: Path) -> tuple[RecordingFileSystem, list[bytes]]:
    """Write groups of batches, each of a producer of its own, and flush after every second one."""
    root.mkdir()
    files = RecordingFileSystem(root)
    driver = LogDriver(root / "t-0", CONFIG, files)
    values: list[bytes] = []
    for number, size in enumerate(GROUPS):
        group = [b"value %d:" % index * 5 for index in range(len(values), len(values) + size)]
        values += group
        outcomes = append_together(
            driver.log, [offered(value, 100 * number + place) for place, value in enumerate(group)]
        )
        assert all(isinstance(each, AppendResult) and not each.is_duplicate for each in outcomes)
        files.note(("told", len(values)))
        if number % 2:
            driver.log.flush()
            files.note(("flushed", len(values)))
    return files, values


def test_every_crash(tmp_path: Path) -> None:
    files, values = recorded(tmp_path / "disk")
    root = tmp_path / "crashed"

    def check(disk: CrashDisk, ending: Ending) -> None:
        what = "told" if ending in KEPT_ENDINGS else "flushed"
        promised = max((count for kind, count in disk.notes if kind == what), default=0)
        if not (root / "t-0").exists():
            assert promised == 0, "a directory that the disk does not know was promised to nobody"
            return
        log = PartitionLog.load(
            OpenFiles(FileSystem(), 100), CONFIG, load_request(root / "t-0"), topic_id=None
        )
        records = records_of(log)
        assert [record.value for record in records] == [values[record.offset] for record in records]
        assert [record.offset for record in records][:promised] == list(range(promised))
        if ending in WHOLE_ENDINGS:
            assert len(records) == log.log_end_offset

    assert every_crash(files, root, check) > 100
