"""Snapshots of the metadata log: files that hold an image as records, between a header and a footer (KIP-630).

`NNNNNNNNNNNNNNNNNNNN-EEEEEEEEEE.checkpoint` contains the log up to, without, offset N, whose last record was written in
epoch E. It is written under the name `….checkpoint.part`, so that a file with the final name is always whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

from ottla.metadata.log_entries import (
    QuorumRecord,
    build_control_batch,
    build_data_batches,
    read_entries,
)
from ottla.metadata.records import MetadataRecord
from ottla.protocol.raft_records import SnapshotFooterRecord, SnapshotHeaderRecord
from ottla.records.batch import Buffer, CorruptBatchError, read_header, stamp

SUFFIX = ".checkpoint"
PART_SUFFIX = ".checkpoint.part"
DELETED_SUFFIX = ".checkpoint.deleted"
_NAME = re.compile(r"([0-9]{20})-([0-9]{10})\.checkpoint")


class SnapshotId(NamedTuple):
    """Which part of the log a snapshot stands for; ordered as the log is."""

    end_offset: int
    epoch: int

    @property
    def file_name(self) -> str:
        """The name of the finished file."""
        return f"{self.end_offset:020}-{self.epoch:010}{SUFFIX}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a snapshot file holds."""

    last_contained_timestamp_ms: int
    """When the last record that it stands for was appended."""
    quorum: list[QuorumRecord]
    """What it says about the quorum besides header and footer: nothing with kraft.version 0."""
    records: list[MetadataRecord]


def parse_file_name(name: str) -> SnapshotId | None:
    """Return what a file in the metadata log's directory is a snapshot of; None for any other file."""
    match = _NAME.fullmatch(name)
    return None if match is None else SnapshotId(int(match[1]), int(match[2]))


def encode_snapshot(
    records: Iterable[MetadataRecord],
    *,
    metadata_version: int,
    epoch: int,
    last_contained_timestamp_ms: int,
    now_ms: int,
    quorum: Sequence[QuorumRecord] = (),
) -> bytes:
    """Return the content of a snapshot file."""
    head = SnapshotHeaderRecord(version=0, last_contained_log_timestamp=last_contained_timestamp_ms)
    batches = [
        build_control_batch([head, *quorum], now_ms=now_ms),
        *build_data_batches(list(records), metadata_version, now_ms=now_ms),
        build_control_batch([SnapshotFooterRecord(version=0)], now_ms=now_ms),
    ]
    offset = 0
    for batch in batches:
        stamp(batch, 0, offset, epoch)
        offset = read_header(batch).next_offset
    return b"".join(batches)


def decode_snapshot(buffer: Buffer) -> Snapshot:
    """Return what the content of a snapshot file says.

    Raises CorruptBatchError for damage, InconsistentMetadataError for records that are not understood.
    """
    quorum: list[QuorumRecord] = []
    records: list[MetadataRecord] = []
    for header, entries in read_entries(buffer):
        if header.is_control:
            quorum += cast("list[QuorumRecord]", entries)
        else:
            records += cast("list[MetadataRecord]", entries)
    if not quorum or not isinstance(quorum[0], SnapshotHeaderRecord):
        raise CorruptBatchError("the snapshot does not begin with a header record")
    if not isinstance(quorum[-1], SnapshotFooterRecord):
        raise CorruptBatchError("the snapshot does not end with a footer record")
    return Snapshot(quorum[0].last_contained_log_timestamp, quorum[1:-1], records)
