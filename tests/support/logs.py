"""Partition logs for tests: small ones in real directories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ottla.config.broker import embedded_broker_config
from ottla.config.resolved import TopicConfig, resolve_topic_config
from ottla.records.batch import iterate_batches, stamp
from ottla.records.builder import NewRecord, build_batch
from ottla.records.record import Record, iterate_records
from ottla.storage.append_check import AppendOrigin
from ottla.storage.appending import AppendResult
from ottla.storage.files import FileSystem
from ottla.storage.log_recovery import LoadRequest
from ottla.storage.open_files import OpenFiles
from ottla.storage.partition_log import DEFAULT_PRODUCER_ID_EXPIRATION_MS, PartitionLog
from ottla.storage.partition_metadata import topic_partition_of, write_topic_id
from ottla.types import Uuid

TOPIC_ID = Uuid(bytes(range(16)))
NOW_MS = 1_700_000_000_000


def topic_config(**changes: object) -> TopicConfig:
    """Return the default topic configuration with some attributes changed, without any validation."""
    return replace(resolve_topic_config(embedded_broker_config({}), {}), **changes)  # type: ignore[arg-type]


@dataclass
class LogDriver:
    """A log in a directory that can be closed, left lying and opened again."""

    directory: Path
    config: TopicConfig
    files: FileSystem = field(default_factory=FileSystem)
    now_ms: int = NOW_MS
    open_files_limit: int = 100
    log: PartitionLog = field(init=False)

    def __post_init__(self) -> None:
        self.open_files = OpenFiles(self.files, self.open_files_limit)
        self.files.make_directory(self.directory)
        write_topic_id(self.files, self.directory, TOPIC_ID)
        self.log = PartitionLog.create(
            self.open_files, self.directory, self.config, topic_id=TOPIC_ID, now_ms=self.now_ms
        )

    def append(
        self,
        *values: bytes,
        timestamp_ms: int | None = None,
        leader_epoch: int = 0,
        **batch_fields: object,
    ) -> AppendResult:
        """Append one batch with a record for each value."""
        batch = build_batch(
            [NewRecord(None, value, timestamp_ms) for value in values],
            now_ms=self.now_ms,
            **batch_fields,  # type: ignore[arg-type]
        )
        return self.log.append(
            batch, leader_epoch=leader_epoch, origin=AppendOrigin.CLIENT, now_ms=self.now_ms
        )

    def reopen(self, *, clean: bool, recovery_point: int = 0, log_start_offset: int = 0) -> PartitionLog:
        """Open the directory again; `clean` closes the log before."""
        if clean:
            self.log.close()
        self.log = PartitionLog.open(
            OpenFiles(self.files, self.open_files_limit),
            self.directory,
            self.config,
            clean_shutdown=clean,
            recovery_point=recovery_point,
            log_start_offset=log_start_offset,
            now_ms=self.now_ms,
        )
        return self.log

    def records(self, start_offset: int | None = None) -> list[Record]:
        """Read everything from an offset on, as a consumer would."""
        return read_all(self.log, self.log.log_start_offset if start_offset is None else start_offset)

    def values(self) -> list[bytes | None]:
        """Read all values."""
        return [record.value for record in self.records()]


def load_request(directory: Path, now_ms: int = NOW_MS) -> LoadRequest:
    """Return what loads a log of which nothing was saved, after a stop that was not clean."""
    return LoadRequest(
        topic_partition=topic_partition_of(directory),
        directory=directory,
        index_interval_bytes=4096,
        clean_shutdown=False,
        recovery_point=0,
        log_start_offset=0,
        now_ms=now_ms,
        producer_id_expiration_ms=DEFAULT_PRODUCER_ID_EXPIRATION_MS,
    )


def read_all(log: PartitionLog, offset: int, max_bytes: int = 100_000) -> list[Record]:
    """Read from `offset` to the end in as many reads as it takes."""
    records: list[Record] = []
    while offset < log.log_end_offset:
        found = log.read(offset, max_bytes, upper_bound=log.log_end_offset, must_return_a_batch=True)
        assert found is not None
        fetched = whole_batches(found.read())
        assert fetched, "a read returns at least one whole batch"
        found.release()
        fresh = [record for record in fetched if record.offset >= offset]
        records += fresh
        offset = fetched[-1].offset + 1
    return records


def records_of(log: PartitionLog, offset: int | None = None) -> list[Record]:
    """Read from an offset to the last record, which need not be at the log's end."""
    records: list[Record] = []
    position = log.log_start_offset if offset is None else offset
    while found := log.read(position, 100_000, upper_bound=log.log_end_offset, must_return_a_batch=True):
        records += [each for each in whole_batches(found.read()) if each.offset >= position]
        position = records[-1].offset + 1
    return records


def whole_batches(content: bytes) -> list[Record]:
    """Return the records of the whole batches; the last one may be cut."""
    end = 0
    while len(content) - end >= 12:
        size = int.from_bytes(content[end + 8 : end + 12], "big") + 12
        if end + size > len(content):
            break
        end += size
    return [
        record
        for position, header in iterate_batches(content[:end])
        for record in iterate_records(content, position, header)
    ]


def log_bytes(directory: Path, suffix: str = ".log") -> dict[str, bytes]:
    """Return the content of the files with this ending, by name."""
    return {path.name: path.read_bytes() for path in sorted(directory.glob("*" + suffix))}


def flatten(parts: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Return all values in order."""
    return [value for part in parts for value in part]


SEGMENT_NAME = "{:020d}.log"


def write_batches(
    directory: Path,
    count: int,
    *,
    segments: int = 1,
    start_offset: int = 0,
    records: int = 1,
    value: bytes = bytes(100),
) -> int:
    """Write log files as a broker leaves them that was killed, without indexes; return the log end offset.

    `count` batches of `records` equal records go to each of the segments, far quicker than a log would append them.
    """
    batch = build_batch([NewRecord(None, value)] * records, now_ms=NOW_MS)
    offset = start_offset
    for _ in range(segments):
        with (directory / SEGMENT_NAME.format(offset)).open("ab") as file:
            for _ in range(count):
                stamp(batch, 0, offset, 0)
                file.write(batch)
                offset += records
    return offset
