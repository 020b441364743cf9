"""The data directory: who owns it, which partitions it holds, and how its last use ended.

One process at a time has a data directory (`.lock`); `meta.properties` says to which cluster and node it
belongs; `.kafka_cleanshutdown` says that nothing needs recovery, and goes as soon as it was seen. Files and texts
are Kafka's (facts 2.5, `LogManager`, `MetaPropertiesEnsemble`).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ottla.config.option import ConfigError
from ottla.config.sources import read_properties
from ottla.storage.checkpoints import (
    CLEANER_OFFSET_FILE,
    HIGH_WATERMARK_FILE,
    LOG_START_OFFSET_FILE,
    RECOVERY_POINT_FILE,
    CorruptCheckpointError,
    OffsetCheckpoint,
)
from ottla.storage.files import Descriptor, FileSystem
from ottla.storage.partition_metadata import (
    DELETE_SUFFIX,
    STRAY_SUFFIX,
    marked_directory_name,
    parse_directory_name,
)
from ottla.types import CLUSTER_METADATA_TOPIC, TopicPartition, Uuid, uuid_from_text, uuid_to_text

logger = logging.getLogger(__name__)

LOCK_FILE = ".lock"
META_PROPERTIES_FILE = "meta.properties"
CLEAN_SHUTDOWN_FILE = ".kafka_cleanshutdown"

_META_PROPERTIES_VERSION = "1"
_FOREIGN_DIRECTORIES = frozenset({"remote-log-index-cache", f"{CLUSTER_METADATA_TOPIC}-0"})
"""Directories beside the partitions that belong to somebody else: tiered storage, and the metadata log."""


class LogDirectoryError(Exception):
    """A data directory that cannot be used; the text says which, why, and what to do."""


class MetaProperties(NamedTuple):
    """To whom a data directory belongs."""

    cluster_id: str
    node_id: int
    directory_id: Uuid


class PartitionDirectory(NamedTuple):
    """A partition's directory in the data directory."""

    topic_partition: TopicPartition
    path: Path


class FoundDirectories(NamedTuple):
    """The partitions' directories in the data directory."""

    present: list[PartitionDirectory]
    deleted: list[PartitionDirectory]
    """What is left of deleted partitions and has to go."""


@dataclass(slots=True)
class LogDirectory:
    """An opened data directory; `close` lets others have it."""

    files: FileSystem
    path: Path
    meta_properties: MetaProperties
    was_stopped_cleanly: bool
    """Whether the last use ended with `mark_clean_shutdown`."""
    previous_broker_epoch: int
    """The broker epoch that the last use ended with; -1 after a crash, or where the marker does not say."""
    recovery_points: OffsetCheckpoint
    log_start_offsets: OffsetCheckpoint
    high_watermarks: OffsetCheckpoint
    cleaner_offsets: OffsetCheckpoint
    """Where each compacted log begins to be dirty."""
    _lock: Descriptor | None

    @classmethod
    def open(
        cls, files: FileSystem, path: Path, *, node_id: int, cluster_id: str | None = None
    ) -> LogDirectory:
        """Lock a formatted data directory, and check that it is this node's.

        `cluster_id` None takes the cluster that the directory names. Raises LogDirectoryError and OSError.
        """
        lock = lock_directory(files, path)
        meta_properties = read_meta_properties(files, path)
        if meta_properties is None:
            raise LogDirectoryError(
                f"No `{META_PROPERTIES_FILE}` found in {path} (have you run the format command?)"
            )
        _check_owner(path, meta_properties, node_id, cluster_id)
        marker = path / CLEAN_SHUTDOWN_FILE
        was_stopped_cleanly = any(entry.name == CLEAN_SHUTDOWN_FILE for entry in files.list_directory(path))
        previous_broker_epoch = -1
        if was_stopped_cleanly:
            previous_broker_epoch = _marked_broker_epoch(files.read_file(marker))
            # From here on a crash must find no marker.
            files.unlink(marker)
            files.sync_directory(path)
        return cls(
            files,
            path,
            meta_properties,
            was_stopped_cleanly,
            previous_broker_epoch,
            OffsetCheckpoint(files, path / RECOVERY_POINT_FILE),
            OffsetCheckpoint(files, path / LOG_START_OFFSET_FILE),
            OffsetCheckpoint(files, path / HIGH_WATERMARK_FILE),
            OffsetCheckpoint(files, path / CLEANER_OFFSET_FILE),
            lock,
        )

    def partition_path(self, topic_partition: TopicPartition) -> Path:
        """Return where a partition's directory is or would be."""
        return self.path / str(topic_partition)

    def find_partitions(self) -> FoundDirectories:
        """Return the partitions that are here and those that wait for deletion, without stray ones.

        Raises LogDirectoryError for a directory that is none of Kafka's, and OSError.
        """
        present, deleted = [], []
        for entry in self.files.list_directory(self.path):
            name = entry.name
            if not entry.is_directory or name in _FOREIGN_DIRECTORIES:
                continue
            topic_partition = parse_directory_name(name)
            if topic_partition is None:
                raise LogDirectoryError(
                    f"Found directory {self.path / name}, '{name}' is not in the form of topic-partition "
                    "or topic-partition.uniqueId-delete (if marked for deletion).\nKafka's log directories (and "
                    "children) should only contain Kafka topic data."
                )
            if name == str(topic_partition):
                present.append(PartitionDirectory(topic_partition, self.path / name))
            elif name.endswith(DELETE_SUFFIX):
                deleted.append(PartitionDirectory(topic_partition, self.path / name))
        return FoundDirectories(present, deleted)

    def mark_stray(self, topic_partition: TopicPartition) -> Path:
        """Rename the directory of a partition that the cluster does not know. Raises OSError."""
        target = self.path / marked_directory_name(topic_partition, STRAY_SUFFIX)
        logger.warning(
            "%s is not a partition of this node: renaming its directory to %s", topic_partition, target
        )
        self.files.rename(self.partition_path(topic_partition), target)
        return target

    def read_checkpoint(self, checkpoint: OffsetCheckpoint) -> dict[TopicPartition, int]:
        """Return the offsets of a checkpoint, none where it is damaged: then more is recovered than necessary.

        Raises OSError.
        """
        try:
            return checkpoint.read()
        except CorruptCheckpointError as error:
            logger.warning("Taking the checkpoint as empty: %s", error)
            return {}

    def mark_clean_shutdown(self, broker_epoch: int = -1) -> None:
        """Say that all logs were closed and all checkpoints written; the last act before `close`. Raises OSError."""
        content = json.dumps({"version": 0, "brokerEpoch": broker_epoch}, separators=(",", ":"))
        self.files.write_atomically(self.path / CLEAN_SHUTDOWN_FILE, content.encode("ascii"))

    def close(self) -> None:
        """Let go of the lock."""
        self._lock = None


def _marked_broker_epoch(content: bytes) -> int:
    """Return the broker epoch in a clean-shutdown marker; older releases leave the file empty."""
    try:
        epoch = json.loads(content)["brokerEpoch"]
    except (ValueError, KeyError, TypeError):
        return -1
    return epoch if isinstance(epoch, int) else -1


def lock_directory(files: FileSystem, path: Path) -> Descriptor:
    """Take the data directory, creating it where it is missing, for as long as the result is held.

    Raises LogDirectoryError when another process has it, and OSError.
    """
    files.make_directory(path)
    lock = files.lock(path / LOCK_FILE)
    if lock is None:
        raise LogDirectoryError(
            f"Failed to acquire lock on file {LOCK_FILE} in {path}. A Kafka instance in another process or thread "
            "is using this directory."
        )
    return lock


def read_meta_properties(files: FileSystem, path: Path) -> MetaProperties | None:
    """Return to whom a data directory belongs, None where it is not formatted.

    Raises LogDirectoryError where the file cannot be read, and OSError.
    """
    file = path / META_PROPERTIES_FILE
    try:
        text = files.read_file(file).decode("latin-1")  # as Java reads properties files
    except FileNotFoundError:
        return None
    try:
        values = {key: setting.text.strip() for key, setting in read_properties(text, str(file)).items()}
    except ConfigError as error:
        raise LogDirectoryError(str(error)) from error
    version = values.get("version")
    if version != _META_PROPERTIES_VERSION:
        raise LogDirectoryError(f"{file}: version {version!r} is not {_META_PROPERTIES_VERSION}")
    try:
        return MetaProperties(
            _required(values, "cluster.id"),
            int(_required(values, "node.id")),
            uuid_from_text(_required(values, "directory.id")),
        )
    except ValueError as error:
        raise LogDirectoryError(f"{file}: {error}") from error


def write_meta_properties(files: FileSystem, path: Path, meta_properties: MetaProperties) -> None:
    """Note to whom a data directory belongs, durably. Raises OSError."""
    lines = {
        "cluster.id": meta_properties.cluster_id,
        "directory.id": uuid_to_text(meta_properties.directory_id),
        "node.id": str(meta_properties.node_id),
        "version": _META_PROPERTIES_VERSION,
    }
    text = "#\n" + "".join(f"{key}={_stored(value)}\n" for key, value in lines.items())
    files.write_atomically(path / META_PROPERTIES_FILE, text.encode("utf-8"))


_STORED = str.maketrans(
    {character: f"\\{character}" for character in "\\=:#!"}
    | {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f"}
)


def _stored(value: str) -> str:
    """Write a value so that it is read again as it was, as Java's `Properties.store` does."""
    stored = value.translate(_STORED)
    return f"\\{stored}" if stored.startswith(" ") else stored


def _required(values: Mapping[str, str], key: str) -> str:
    value = values.get(key, "")
    if not value:
        raise ValueError(f"failed to find {key}")
    return value


def _check_owner(path: Path, found: MetaProperties, node_id: int, cluster_id: str | None) -> None:
    file = path / META_PROPERTIES_FILE
    if found.node_id != node_id:
        raise LogDirectoryError(
            f"Stored node id {found.node_id} doesn't match previous node id {node_id} in {file}. If you moved your "
            "data, make sure your configured node id matches. If you intend to create a new node, you should remove "
            "all data in your data directories."
        )
    if cluster_id is not None and found.cluster_id != cluster_id:
        raise LogDirectoryError(
            f"Invalid cluster.id in: {file}. Expected {cluster_id}, but read {found.cluster_id}"
        )
