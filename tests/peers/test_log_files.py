"""Log files in both directions: Apache Kafka's own tool reads ours, and we read what Apache Kafka has left behind."""

import random
import re
import shutil
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from ottla.records.compression import Codec
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import LogDirectory
from ottla.storage.open_files import OpenFiles
from ottla.storage.partition_log import PartitionLog
from tests.peers.kafka_broker import start_kafka
from tests.peers.tools import KafkaTools
from tests.support.broker_process import BrokerSettings
from tests.support.logs import NOW_MS, LogDriver, log_bytes, read_all, topic_config

pytestmark = pytest.mark.java


def test_kafkas_own_tool_finds_nothing_wrong(tmp_path: Path, kafka_tools: KafkaTools) -> None:
    driver = LogDriver(tmp_path / "t-0", topic_config(segment_bytes=40_000))
    draw = random.Random(5)
    sequence = 0
    for index in range(300):
        values = [b"value %d " % number * draw.randrange(1, 60) for number in range(draw.randrange(1, 9))]
        driver.append(
            *values,
            timestamp_ms=NOW_MS + draw.randrange(-500, 500),
            leader_epoch=index // 100,
            producer_id=7,
            producer_epoch=0,
            base_sequence=sequence,
            codec=draw.choice(list(Codec)),
        )
        sequence += len(values)
    driver.log.close()
    kinds = (".log", ".index", ".timeindex", ".snapshot")
    files = [str(path) for path in sorted(driver.directory.iterdir()) if path.suffix in kinds]
    assert len(files) > 6
    arguments = ["--deep-iteration", "--print-data-log", "--index-sanity-check"]
    dump = kafka_tools.run("DumpLogSegments", [*arguments, "--files", ",".join(files)]).checked()
    assert len(re.findall("isvalid: true", dump.stdout)) == 300
    assert len(re.findall(r"(?m)^\| offset: ", dump.stdout)) == sequence
    assert len(re.findall("passed sanity check", dump.stdout)) == len(log_bytes(driver.directory, "index"))
    assert "producerId: 7 producerEpoch: 0" in dump.stdout
    assert dump.stderr == ""
    # Without the sanity check the tool compares each index entry with the log.
    indexes = ",".join(name for name in files if name.endswith("index"))
    compared = kafka_tools.run("DumpLogSegments", ["--verify-index-only", "--files", indexes]).checked()
    assert "Mismatches" not in compared.stdout
    assert compared.stderr == ""


def test_what_kafka_left_behind_in_a_crash_is_recovered_to_what_kafka_makes_of_it(
    tmp_path: Path, kafka_jars: Path
) -> None:
    broker = start_kafka(BrokerSettings(tmp_path / "data", tmp_path / "work"))
    try:
        _produce(broker.bootstrap)
        broker.kill()
        ours = _open_all(tmp_path / "data", tmp_path / "copy")
        broker.start()
        assert broker.stop() in {0, 143}
    finally:
        if broker.running:
            broker.kill()
    assert len(ours) == 2
    for name, files in ours.items():
        theirs = log_bytes(tmp_path / "data" / name, "index")
        assert {key: value for key, value in files.items() if key.endswith("index")} == theirs


def _produce(bootstrap: str) -> None:
    new = NewTopic("left", 2, 1, config={"segment.bytes": str(1 << 20)})
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for created in admin.create_topics([new]).values():
        created.result()
    draw = random.Random(3)
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "compression.type": codec,
                "enable.idempotence": True,
                "batch.size": 20_000,
            }
        )
        for index in range(4000):
            producer.produce("left", draw.randbytes(100).hex() * 3, key=str(index), partition=index % 2)
            producer.poll(0)
        producer.flush()


def _open_all(data: Path, copy: Path) -> dict[str, dict[str, bytes]]:
    """Recover a copy of each partition with Ottla's storage and return the files that this leaves."""
    shutil.copytree(data, copy)
    files = FileSystem()
    directory = LogDirectory.open(files, copy, node_id=1)
    assert not directory.was_stopped_cleanly
    found = {}
    for topic_partition, path in directory.find_partitions().present:
        log = PartitionLog.open(
            OpenFiles(files, 50),
            path,
            topic_config(),
            clean_shutdown=False,
            recovery_point=0,
            log_start_offset=0,
            now_ms=NOW_MS,
        )
        records = read_all(log, 0)
        assert [record.offset for record in records] == list(range(10_000))
        assert len(log.segments) > 1
        assert len(log.producer_state.entries) == 5
        log.close()
        found[str(topic_partition)] = log_bytes(path, "")
    return found
