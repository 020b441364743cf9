"""What a fresh data directory starts from: `bootstrap.checkpoint`, as Kafka's StorageTool writes it.

The file has the form of a snapshot and holds the feature levels of the cluster. It is read once, while the metadata
log is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ottla.metadata.aspects.features import (
    DEFAULT_FEATURE_LEVELS,
    LATEST_METADATA_VERSION,
    METADATA_VERSION,
    MINIMUM_METADATA_VERSION,
)
from ottla.metadata.image import EMPTY, ClusterImage, apply_records
from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.metadata.log_entries import QuorumRecord
from ottla.metadata.records import FeatureLevelRecord, MetadataRecord
from ottla.metadata.snapshot import SnapshotId, decode_snapshot, encode_snapshot
from ottla.records.batch import CorruptBatchError
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import MetaProperties, write_meta_properties
from ottla.types import CLUSTER_METADATA_TOPIC

FILE_NAME = "bootstrap.checkpoint"
FIRST_SNAPSHOT = SnapshotId(end_offset=0, epoch=0)
"""The snapshot that names the voters of a quorum before its first record (Kafka's BOOTSTRAP_SNAPSHOT_ID)."""


def default_bootstrap_records() -> list[MetadataRecord]:
    """Return the feature levels of a cluster that is formatted without options."""
    return [
        FeatureLevelRecord(name=name, feature_level=level) for name, level in DEFAULT_FEATURE_LEVELS.items()
    ]


def format_log_directory(
    files: FileSystem,
    path: Path,
    meta_properties: MetaProperties,
    *,
    now_ms: int,
    records: Sequence[MetadataRecord] | None = None,
    quorum: Sequence[QuorumRecord] = (),
) -> None:
    """Make an empty directory a data directory whose metadata begins with these records, by default the default ones.

    `quorum` is what the metadata log says about its voters from the start, nothing for a static quorum
    (kraft.version 0). `meta.properties` is written last: with it the directory counts as formatted. Raises OSError.
    """
    records = default_bootstrap_records() if records is None else records
    metadata_version = _metadata_version(records)
    content = encode_snapshot(
        records,
        metadata_version=metadata_version,
        epoch=0,
        last_contained_timestamp_ms=0,
        now_ms=now_ms,
    )
    files.make_directory(path)
    files.write_atomically(path / FILE_NAME, content)
    if quorum:
        snapshot = encode_snapshot(
            [],
            metadata_version=metadata_version,
            epoch=FIRST_SNAPSHOT.epoch,
            last_contained_timestamp_ms=now_ms,
            now_ms=now_ms,
            quorum=quorum,
        )
        log_path = path / f"{CLUSTER_METADATA_TOPIC}-0"
        files.make_directory(log_path)
        files.write_atomically(log_path / FIRST_SNAPSHOT.file_name, snapshot)
    write_meta_properties(files, path, meta_properties)


def _metadata_version(records: Sequence[MetadataRecord]) -> int:
    for record in records:
        if isinstance(record, FeatureLevelRecord) and record.name == METADATA_VERSION:
            return record.feature_level
    raise ValueError("the first records of a cluster do not say its metadata.version")


def read_bootstrap_records(files: FileSystem, directory: Path) -> list[MetadataRecord]:
    """Return the records of `bootstrap.checkpoint`, the default ones where there is no such file.

    Raises InconsistentMetadataError for a file that cannot be understood, and OSError.
    """
    path = directory / FILE_NAME
    try:
        records = decode_snapshot(files.read_file(path)).records
        # Found out here, not once they stand in the log.
        apply_records(EMPTY, records)
        return records
    except FileNotFoundError:
        return default_bootstrap_records()
    except (CorruptBatchError, InconsistentMetadataError) as error:
        raise InconsistentMetadataError(f"{path}: {error}") from error


def check_metadata_version(image: ClusterImage) -> None:
    """Raise InconsistentMetadataError unless the cluster's metadata.version is one that this broker knows."""
    level = image.features.metadata_version
    if not MINIMUM_METADATA_VERSION <= level <= LATEST_METADATA_VERSION:
        raise InconsistentMetadataError(
            f"the data directory is at metadata.version {level}; {MINIMUM_METADATA_VERSION} to "
            f"{LATEST_METADATA_VERSION} (Kafka 3.3 to 4.1) are supported"
        )
