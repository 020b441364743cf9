"""The names and the identity of a partition directory: `topic-0`, and the topic id in `partition.metadata`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ottla.storage.files import Descriptor, FileSystem
from ottla.types import TopicPartition, Uuid, uuid_from_text, uuid_to_text

FILE_NAME = "partition.metadata"
_TEMPORARY_NAME = FILE_NAME + ".tmp"
DELETE_SUFFIX = "-delete"
STRAY_SUFFIX = "-stray"
FUTURE_SUFFIX = "-future"

_LONGEST_NAME = 255
"""Limit of file names on the usual file systems; Kafka cuts longer ones to it."""

_CONTENTS_KEPT = 16
"""Files remembered by their content: those of a topic's partitions are the same, and are read one after the other."""

_NUMBER = re.compile(r"[0-9]{1,10}")
_VERSION = 0


class PartitionMetadataError(Exception):
    """A `partition.metadata` file that cannot be read; the text names the file."""


def parse_directory_name(name: str) -> TopicPartition | None:
    """Return the partition that a directory belongs to, also when it waits for deletion; None for other names."""
    stem = name
    for suffix in (DELETE_SUFFIX, STRAY_SUFFIX, FUTURE_SUFFIX):
        if name.endswith(suffix):
            stem = name.removesuffix(suffix).rpartition(".")[0]
    topic, dash, number = stem.rpartition("-")
    if not topic or not dash or not _NUMBER.fullmatch(number):
        return None
    return TopicPartition(topic, int(number))


def topic_partition_of(directory: Path) -> TopicPartition:
    """Return the partition of a directory that is known for one."""
    topic_partition = parse_directory_name(directory.name)
    assert topic_partition is not None, f"{directory.name} is not the directory of a partition"
    return topic_partition


def marked_directory_name(topic_partition: TopicPartition, suffix: str) -> str:
    """Return a new name for a directory that waits for deletion or was found astray (`LogUtils`)."""
    unique = f".{os.urandom(16).hex()}{suffix}"
    return str(topic_partition)[: _LONGEST_NAME - len(unique)] + unique


def future_directory_fits(topic_partition: TopicPartition) -> bool:
    """Tell whether a replica on its way to another data directory has a name that is not too long (`LocalLog`)."""
    return len(f"{topic_partition}.{'0' * 32}{FUTURE_SUFFIX}") <= _LONGEST_NAME


def write_topic_id(files: FileSystem, directory: Path, topic_id: Uuid) -> None:
    """Note the topic id of a partition directory, durably. Raises OSError."""
    for error in write_topic_ids(files, {directory: topic_id}).values():
        raise error


def write_topic_ids(files: FileSystem, topic_ids: Mapping[Path, Uuid]) -> dict[Path, OSError]:
    """Note the topic ids of partition directories, durably; return for which that failed, and why.

    A crash leaves a directory the whole file or none. Each step is done for all directories before the next one: a file
    system that syncs one file brings to the disk what it knows of the others too, so that these wait for nothing.
    """
    writings = [_Writing(files, directory, topic_id) for directory, topic_id in topic_ids.items()]
    failed: dict[Path, OSError] = {}
    for step in (_Writing.write, _Writing.sync, _Writing.rename, _Writing.sync_name):
        for writing in writings:
            if writing.directory not in failed:
                try:
                    step(writing)
                except OSError as error:
                    failed[writing.directory] = error
    return failed


@dataclass(slots=True)
class _Writing:
    """The writing of one topic id, step by step."""

    files: FileSystem
    directory: Path
    topic_id: Uuid
    descriptor: Descriptor | None = None

    def write(self) -> None:
        text = f"version: {_VERSION}\ntopic_id: {uuid_to_text(self.topic_id)}"  # no line end, as Kafka has it
        content = text.encode("ascii")
        self.descriptor = self.files.open(self.directory / _TEMPORARY_NAME, create=True)
        self.files.pwrite(self.descriptor, [content], 0)
        self.files.truncate(self.descriptor, len(content))

    def sync(self) -> None:
        assert self.descriptor is not None, "it was written"
        self.files.fsync(self.descriptor)
        self.descriptor = None

    def rename(self) -> None:
        self.files.rename_lazily(self.directory / _TEMPORARY_NAME, self.directory / FILE_NAME)

    def sync_name(self) -> None:
        self.files.sync_directory(self.directory)


def is_without_files(files: FileSystem, directory: Path) -> bool:
    """Tell whether nothing was made in a partition directory yet, not even its topic id. Raises OSError."""
    return all(name == _TEMPORARY_NAME for name in files.list_names(directory))


def read_topic_id(files: FileSystem, directory: Path) -> Uuid | None:
    """Return the topic id of a partition directory, None without the file.

    Raises PartitionMetadataError where it cannot be read, and OSError.
    """
    path = f"{directory}/{FILE_NAME}"
    try:
        content = files.read_file(path)
    except FileNotFoundError:
        return None
    try:
        return _parse(content)
    except ValueError as error:
        raise PartitionMetadataError(f"{path}: {error}") from error


@lru_cache(maxsize=_CONTENTS_KEPT)
def _parse(content: bytes) -> Uuid:
    """Return the topic id in the content of the file. Raises ValueError."""
    text = content.decode("utf-8", "replace")
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    if fields.get("version") != str(_VERSION):
        raise ValueError(f"version {fields.get('version')!r} is not {_VERSION}")
    return uuid_from_text(fields.get("topic_id", ""))
