from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.partitions import DataDirectory
from tests.support.scrape import Scrape, collected

from ottla.partitions.metrics import PartitionCollector, WriterCollector
from ottla.telemetry.metrics import RequestCounters

MESSAGES_IN = "kafka_server_brokertopicmetrics_messagesin_total"
BYTES_IN = "kafka_server_brokertopicmetrics_bytesin_total"
BYTES_OUT = "kafka_server_brokertopicmetrics_bytesout_total"


@pytest.fixture
def broker(tmp_path: Path) -> DataDirectory:
    return DataDirectory(tmp_path / "data")


def look(broker: DataDirectory, counters: RequestCounters | None = None) -> Scrape:
    return collected(
        [
            PartitionCollector(broker.partitions, lambda: broker.image, counters or RequestCounters()),
            WriterCollector(broker.writer),
        ]
    )


def test_partitions_show_their_offsets_and_sizes(broker: DataDirectory) -> None:
    broker.create_topic("orders", 2)
    broker.append("orders", b"a", b"b", b"c", index=1)
    broker.partition("orders", 1).delete_records_before(2)
    scrape = look(broker)
    place = {"topic": "orders", "partition": "1"}
    assert scrape.value("kafka_topic_partition_current_offset", **place) == 3
    assert scrape.value("kafka_log_log_logendoffset", **place) == 3
    assert scrape.value("kafka_topic_partition_oldest_offset", **place) == 2
    files = (broker.path / "orders-1").glob("*.log")
    assert scrape.value("kafka_log_log_size", **place) == sum(file.stat().st_size for file in files)
    assert scrape.value("kafka_log_log_numlogsegments", **place) == 1
    assert scrape.value("kafka_topic_partition_under_replicated_partition", **place) == 0
    assert scrape.values("kafka_topic_partition_current_offset", "topic", "partition") == {
        ("orders", "0"): 0,
        ("orders", "1"): 3,
    }
    assert scrape.value("kafka_topic_partitions", topic="orders") == 2


def test_the_node_counts_what_it_has(broker: DataDirectory) -> None:
    broker.create_topic("orders", 2)
    broker.create_topic("elsewhere", 3, leader=2)
    scrape = look(broker)
    assert scrape.value("kafka_brokers") == 1
    assert scrape.value("kafka_controller_kafkacontroller_globaltopiccount") == 2
    assert scrape.value("kafka_controller_kafkacontroller_globalpartitioncount") == 5
    assert scrape.value("kafka_server_replicamanager_partitioncount") == 2
    assert scrape.value("kafka_server_replicamanager_leadercount") == 2
    assert scrape.value("kafka_server_replicamanager_offlinereplicacount") == 0
    broker.set_leader("orders", 0, -1)
    assert look(broker).value("kafka_server_replicamanager_leadercount") == 1


def test_a_partition_that_the_disk_failed_is_offline(broker: DataDirectory) -> None:
    broker.create_topic("orders", 2)
    broker.close()
    (broker.path / "orders-0" / "partition.metadata").write_text("nonsense")
    broker.open()
    scrape = look(broker)
    assert scrape.value("kafka_server_replicamanager_offlinereplicacount") == 1
    assert scrape.value("kafka_server_replicamanager_partitioncount") == 1


def test_what_came_in_counts_from_the_start_of_the_process(broker: DataDirectory) -> None:
    broker.create_topic("orders", 2)
    size_bytes = len(broker.batch(b"a", b"b"))
    broker.append("orders", b"a", b"b")
    broker.append("orders", b"a", b"b", index=1)
    scrape = look(broker)
    assert scrape.values(MESSAGES_IN, "topic") == {("orders",): 4, ("",): 4}
    assert scrape.values(BYTES_IN, "topic") == {("orders",): 2 * size_bytes, ("",): 2 * size_bytes}
    broker.restart()
    broker.append("orders", b"a")
    assert look(broker).values(MESSAGES_IN, "topic") == {("orders",): 1, ("",): 1}


def test_a_deleted_topic_goes_and_stays_in_the_total(broker: DataDirectory) -> None:
    broker.create_topic("orders")
    broker.create_topic("others")
    broker.append("orders", b"a", b"b")
    broker.append("others", b"a")
    counters = RequestCounters(fetched_bytes={"orders": 70, "others": 30}, fetched_bytes_total=100)
    assert look(broker, counters).values(BYTES_OUT, "topic") == {
        ("orders",): 70,
        ("others",): 30,
        ("",): 100,
    }
    before = look(broker).value(BYTES_IN)
    broker.delete_topic("orders")
    scrape = look(broker, counters)
    assert 'topic="orders"' not in scrape.text
    assert scrape.values(MESSAGES_IN, "topic") == {("others",): 1, ("",): 3}
    assert scrape.value(BYTES_IN) == before
    assert scrape.values(BYTES_OUT, "topic") == {("others",): 30, ("",): 100}
    assert counters.fetched_bytes == {"others": 30}


def test_a_topic_that_comes_again_begins_anew(broker: DataDirectory) -> None:
    broker.create_topic("orders")
    broker.append("orders", b"a", b"b")
    broker.delete_topic("orders")
    broker.create_topic("orders", number=1)
    broker.append("orders", b"a")
    assert look(broker).values(MESSAGES_IN, "topic") == {("orders",): 1, ("",): 3}


def test_partitions_that_go_while_they_are_read_are_left_out(broker: DataDirectory) -> None:
    broker.create_topic("orders")
    families = PartitionCollector(broker.partitions, lambda: broker.image, RequestCounters()).families()
    for metric, readings in families:
        if metric.name == "kafka_log_log_size":
            broker.delete_topic("orders")
            assert list(readings) == []
            break


def test_the_writer_tells_what_waits(broker: DataDirectory) -> None:
    scrape = look(broker)
    assert scrape.value("ottla_writer_is_threaded") == 0
    assert scrape.values("ottla_disk_jobs_waiting", "kind") == {("write",): 0, ("flush",): 0, ("other",): 0}
    assert scrape.value("ottla_disk_jobs_total") == 0
