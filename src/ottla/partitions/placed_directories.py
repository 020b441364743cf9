"""Which directories of a data directory are partitions that the cluster image places here; looked at by a start.

The law: what the image does not place here is never deleted, only renamed (`-stray`), as Kafka does it. A directory
with nothing in it is what a crash has left of a partition that was just being made: it goes, and the partition is made.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ottla.metadata.image import ClusterImage
from ottla.storage.log_dirs import LogDirectory, PartitionDirectory
from ottla.storage.partition_metadata import PartitionMetadataError, is_without_files, read_topic_id
from ottla.types import TopicPartition, Uuid

logger = logging.getLogger("ottla.partitions")


class PlacedDirectory(NamedTuple):
    """A directory with its place in the image."""

    place: PartitionDirectory
    topic_id: Uuid


@dataclass(slots=True)
class PlacedDirectories:
    """What a data directory holds."""

    placed: list[PlacedDirectory] = field(default_factory=list)
    deleted: list[Path] = field(default_factory=list)
    """What is left of deleted partitions and has to go."""
    failed: dict[TopicPartition, Exception] = field(default_factory=dict)
    """What could not be looked at, and why."""


def place_directories(directory: LogDirectory, image: ClusterImage, node_id: int) -> PlacedDirectories:
    """Return what is there, after renaming what is nobody's.

    Raises LogDirectoryError for directories that are not Kafka's, and OSError for the data directory.
    """
    present, deleted = directory.find_partitions()
    found = PlacedDirectories(deleted=[each.path for each in deleted])
    unfinished = 0
    for place in present:
        try:
            topic_id = read_topic_id(directory.files, place.path)
            if topic_id is not None and topic_id == _expected_topic_id(image, node_id, place.topic_partition):
                found.placed.append(PlacedDirectory(place, topic_id))
            elif topic_id is None and is_without_files(directory.files, place.path):
                directory.files.remove_directory(place.path)
                unfinished += 1
            else:
                directory.mark_stray(place.topic_partition)
        except (OSError, PartitionMetadataError) as error:
            found.failed[place.topic_partition] = error
    if unfinished:
        logger.info("Removed %d directories of partitions that were being made at a crash", unfinished)
    return found


def _expected_topic_id(image: ClusterImage, node_id: int, topic_partition: TopicPartition) -> Uuid | None:
    """Return the id of the topic that the image places here under this name, None where it places none."""
    topic = image.topics.by_name.get(topic_partition.topic)
    placed = None if topic is None else topic.partitions.get(topic_partition.partition)
    return None if topic is None or placed is None or node_id not in placed.replicas else topic.topic_id
