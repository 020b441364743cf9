"""The names and the identity of a partition directory: `topic-0`, and the topic id in `partition.metadata`."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ottla.storage.files import FileSystem
from ottla.types import TopicPartition, Uuid, uuid_from_text, uuid_to_text

FILE_NAME = "partition.metadata"
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


def write_topic_id(files: FileSystem, directory: Path, topic_id: Uuid) -> None:
    """Note the topic id of a partition directory, durably. Raises OSError."""
    text = f"version: {_VERSION}\ntopic_id: {uuid_to_text(topic_id)}"  # no line end, as Kafka has it
    files.write_atomically(directory / FILE_NAME, text.encode("ascii"))


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
