"""The names and the identity of a partition directory: `topic-0`, and the topic id in `partition.metadata`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from ottla.storage.files import FileSystem
from ottla.types import TopicPartition, Uuid, uuid_from_text, uuid_to_text

FILE_NAME = "partition.metadata"
_TEMPORARY_NAME = FILE_NAME + ".tmp"
DELETE_SUFFIX = "-delete"
STRAY_SUFFIX = "-stray"
FUTURE_SUFFIX = "-future"

_LONGEST_NAME = 255
"""Limit of file names on the usual file systems; Kafka cuts longer ones to it."""

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
    failed: dict[Path, OSError] = {}
    for step in (_write, _sync, _rename, _sync_name):
        for directory, topic_id in topic_ids.items():
            if directory not in failed:
                try:
                    step(files, directory, topic_id)
                except OSError as error:
                    failed[directory] = error
    return failed


def _write(files: FileSystem, directory: Path, topic_id: Uuid) -> None:
    text = f"version: {_VERSION}\ntopic_id: {uuid_to_text(topic_id)}"  # no line end, as Kafka has it
    files.write_file(directory / _TEMPORARY_NAME, text.encode("ascii"))


def _sync(files: FileSystem, directory: Path, _topic_id: Uuid) -> None:
    files.fsync(files.open(directory / _TEMPORARY_NAME))


def _rename(files: FileSystem, directory: Path, _topic_id: Uuid) -> None:
    files.rename_lazily(directory / _TEMPORARY_NAME, directory / FILE_NAME)


def _sync_name(files: FileSystem, directory: Path, _topic_id: Uuid) -> None:
    files.sync_directory(directory)


def read_topic_id(files: FileSystem, directory: Path) -> Uuid | None:
    """Return the topic id of a partition directory, None without the file.

    Raises PartitionMetadataError where it cannot be read, and OSError.
    """
    path = directory / FILE_NAME
    try:
        text = files.read_file(path).decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    if fields.get("version") != str(_VERSION):
        raise PartitionMetadataError(f"{path}: version {fields.get('version')!r} is not {_VERSION}")
    try:
        return uuid_from_text(fields.get("topic_id", ""))
    except ValueError as error:
        raise PartitionMetadataError(f"{path}: {error}") from error
