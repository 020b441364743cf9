"""What metrics tell of topics and partitions: read from the partitions and the image when someone asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ottla.metadata.image import ClusterImage
from ottla.partitions.partition import Partition
from ottla.partitions.partition_set import PartitionSet
from ottla.partitions.writer import DirectoryWriter
from ottla.telemetry.metric_table import METRICS
from ottla.telemetry.metrics import RequestCounters
from ottla.telemetry.prometheus import Family, Reading

PARTITION_READINGS: dict[str, Callable[[Partition], float]] = {
    "kafka_topic_partition_current_offset": lambda partition: partition.high_watermark,
    "kafka_topic_partition_oldest_offset": lambda partition: partition.log_start_offset,
    "kafka_log_log_logendoffset": lambda partition: partition.log.log_end_offset,
    "kafka_log_log_size": lambda partition: partition.log.size_bytes,
    "kafka_log_log_numlogsegments": lambda partition: len(partition.log.segments),
}


class PartitionCollector:
    """Reads the partitions of this node, the topics of the cluster, and what went in and out."""

    def __init__(
        self, partitions: PartitionSet, image: Callable[[], ClusterImage], counters: RequestCounters
    ) -> None:
        self._partitions = partitions
        self._image = image
        self._counters = counters

    def families(self) -> Iterator[Family]:
        """Yield the metrics with their series; all of them are of the partitions that are here now."""
        image = self._image()
        # Partitions come and go between two slices of the text.
        partitions = tuple(self._partitions)
        yield from self._counts(image, partitions)
        yield from self._traffic()
        yield (
            METRICS["kafka_topic_partitions"],
            (Reading((topic.name,), len(topic.partitions)) for topic in image.topics.by_id.values()),
        )
        for name, read in PARTITION_READINGS.items():
            yield (
                METRICS[name],
                (
                    Reading((each.topic_partition.topic, str(each.topic_partition.partition)), read(each))
                    for each in partitions
                    if not each.is_deleted
                ),
            )
        yield (
            METRICS["kafka_topic_partition_under_replicated_partition"],
            (
                Reading((topic.name, str(number)), len(placed.isr) < len(placed.replicas))
                for topic in image.topics.by_id.values()
                for number, placed in topic.partitions.items()
            ),
        )

    def _counts(self, image: ClusterImage, partitions: tuple[Partition, ...]) -> Iterator[Family]:
        brokers = sum(not broker.fenced for broker in image.brokers.by_id.values())
        in_cluster = sum(len(topic.partitions) for topic in image.topics.by_id.values())
        for name, value in (
            ("kafka_brokers", brokers),
            ("kafka_controller_kafkacontroller_globaltopiccount", len(image.topics.by_id)),
            ("kafka_controller_kafkacontroller_globalpartitioncount", in_cluster),
            ("kafka_server_replicamanager_partitioncount", len(partitions)),
            ("kafka_server_replicamanager_leadercount", sum(each.is_leader for each in partitions)),
            (
                "kafka_server_replicamanager_offlinereplicacount",
                self._partitions.offline_count + sum(each.is_offline for each in partitions),
            ),
        ):
            yield METRICS[name], (Reading((), value),)

    def _traffic(self) -> Iterator[Family]:
        topics = self._partitions.by_topic()
        retired = self._partitions.retired
        yield (
            METRICS["kafka_server_brokertopicmetrics_messagesin_total"],
            _with_total(topics, lambda partition: partition.appended_records, retired.appended_records),
        )
        yield (
            METRICS["kafka_server_brokertopicmetrics_bytesin_total"],
            _with_total(topics, lambda partition: partition.appended_bytes, retired.appended_bytes),
        )
        counters = self._counters
        names = {name for name, _ in topics}
        for name in [name for name in counters.fetched_bytes if name not in names]:
            del counters.fetched_bytes[name]
        fetched = [Reading((name,), size_bytes) for name, size_bytes in counters.fetched_bytes.items()]
        yield (
            METRICS["kafka_server_brokertopicmetrics_bytesout_total"],
            [*fetched, Reading((), counters.fetched_bytes_total)],
        )


def _with_total(
    topics: Iterable[tuple[str, tuple[Partition, ...]]], read: Callable[[Partition], int], retired: int
) -> Iterator[Reading]:
    """Yield a series for each topic, and one for all together with what deleted ones had."""
    together = retired
    for name, partitions in topics:
        value = sum(map(read, partitions))
        together += value
        yield Reading((name,), value)
    yield Reading((), together)


class WriterCollector:
    """Reads who writes to the disk, and what waits for it."""

    def __init__(self, writer: DirectoryWriter) -> None:
        self._writer = writer

    def families(self) -> Iterator[Family]:
        """Yield the metrics with their series."""
        yield METRICS["ottla_writer_is_threaded"], (Reading((), self._writer.is_threaded),)
        waiting = self._writer.waiting_jobs()
        yield METRICS["ottla_disk_jobs_waiting"], [Reading((kind,), count) for kind, count in waiting.items()]
        yield METRICS["ottla_disk_jobs_total"], (Reading((), self._writer.finished),)
