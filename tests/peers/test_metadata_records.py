"""A metadata log and a snapshot that Apache Kafka's own classes wrote, with every record that 4.1.1 knows.

Ottla understands all of it, and its snapshot says to Apache Kafka what the original said: nothing is dropped.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from ottla.clock import SystemClock
from ottla.metadata.aspects.brokers import BrokerImage
from ottla.metadata.aspects.topics import PartitionImage
from ottla.metadata.formatting import format_log_directory
from ottla.metadata.image import ClusterImage
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import MetaProperties
from ottla.types import uuid_from_text, uuid_to_text
from tests.admin.served import load_needs
from tests.peers import metadata_records as table
from tests.peers.kafka_broker import CLUSTER_ID, start_kafka
from tests.peers.tools import KafkaTools
from tests.support.broker_process import BrokerSettings, RunningBroker, start_ottla
from tests.support.waiting import eventually
from tests.unit.coordination.metadata_cluster import metadata_directory, open_node, result_of, run

pytestmark = pytest.mark.java

OFTEN = {"metadata.log.max.record.bytes.between.snapshots": "1"}
"""A snapshot after every change."""

SNAPSHOT_END = 500
"""Offset up to which the snapshot is said to contain a log."""

EPOCH = 3

ABORTED = "never"
"""The topic that a transaction would have created which was given up."""

OF_OTHERS = {
    "ACCESS_CONTROL_ENTRY_RECORD",
    "CLIENT_QUOTA_RECORD",
    "CONFIG_RECORD",
    "DELEGATION_TOKEN_RECORD",
    "FEATURE_LEVEL_RECORD",
    "PRODUCER_IDS_RECORD",
    "TOPIC_RECORD",
    "USER_SCRAM_CREDENTIAL_RECORD",
}
"""Records of a snapshot that say nothing about this node: its start changes none of them."""


@pytest.fixture(params=["log", "snapshot"])
def written_file(request: pytest.FixtureRequest, kafka_tools: KafkaTools, tmp_path: Path) -> Path:
    """Give the file in a data directory in which Kafka's classes have written the cluster's whole life."""
    return lay_down(kafka_tools, tmp_path / "data", request.param)


def lay_down(kafka_tools: KafkaTools, data_dir: Path, form: str) -> Path:
    properties = MetaProperties(CLUSTER_ID, table.NODE, uuid_from_text(table.DIRECTORY))
    format_log_directory(FileSystem(), data_dir, properties, now_ms=SystemClock().now_ms())
    directory = metadata_directory(data_dir)
    directory.mkdir()
    batches = "".join(json.dumps(batch) + "\n" for batch in table.json_batches())
    if form == "log":
        write(kafka_tools, ["log", str(directory), "0", str(EPOCH)], batches)
        return directory / f"{0:020}.log"
    write(kafka_tools, ["snapshot", str(directory), str(SNAPSHOT_END), str(EPOCH)], batches)
    write(kafka_tools, ["log", str(directory), str(SNAPSHOT_END), str(EPOCH + 1)], "")
    return directory / f"{SNAPSHOT_END:020}-{EPOCH:010}.checkpoint"


def write(kafka_tools: KafkaTools, arguments: list[str], batches: str) -> None:
    kafka_tools.run("MetadataFiles", arguments, batches).checked()


def image_of(kafka_tools: KafkaTools, file: Path) -> list[str]:
    """Return what Apache Kafka reads in a log or snapshot: the records that describe the cluster at its end."""
    return sorted(kafka_tools.run("MetadataFiles", ["image", str(file)]).checked().stdout.splitlines())


def newest_snapshot(data_dir: Path) -> Path:
    return max(metadata_directory(data_dir).glob("*-*.checkpoint"))


def replayed(data_dir: Path) -> ClusterImage:
    """Return what Ottla understands, and leave a snapshot of it; the node itself does not register."""
    images: list[ClusterImage] = []

    async def main() -> None:
        node = open_node(data_dir, metadata_log_max_record_bytes_between_snapshots="1")
        await result_of(node.controller.load([]))
        node.log.snapshot_when_due(node.image, table.NODE)
        await result_of(node.writer.drain())
        images.append(node.image)
        node.controller.close()
        node.crash()

    run(main)
    return images[0]


def test_the_table_holds_every_type_in_every_version(kafka_tools: KafkaTools) -> None:
    lines = kafka_tools.run("MetadataFiles", ["types"]).checked().stdout.splitlines()
    types = [json.loads(line) for line in lines]
    assert len(types) == 26
    assert table.written_versions() == {
        each["type"]: set(range(each["lowest"], each["highest"] + 1)) for each in types
    }


def test_a_snapshot_of_ottla_says_to_kafka_what_the_original_said(
    kafka_tools: KafkaTools, written_file: Path
) -> None:
    data_dir = written_file.parent.parent
    original = image_of(kafka_tools, lay_down(kafka_tools, data_dir.with_name("original"), "log"))
    types = {json.loads(line)["type"] for line in original}
    assert types >= OF_OTHERS | {"REGISTER_BROKER_RECORD", "REGISTER_CONTROLLER_RECORD", "PARTITION_RECORD"}
    replayed(data_dir)
    snapshot = newest_snapshot(data_dir)
    assert snapshot != written_file
    assert image_of(kafka_tools, snapshot) == original


def shown(partition: PartitionImage) -> dict[str, Any]:
    """Return what a partition has besides the defaults of one that this node alone has and leads."""
    state = {
        "replicas": (partition.replicas, (table.NODE,)),
        "isr": (partition.isr, (table.NODE,)),
        "leader": (partition.leader, table.NODE),
        "epochs": ((partition.leader_epoch, partition.partition_epoch), (0, 0)),
        "moving": ((partition.adding_replicas, partition.removing_replicas), ((), ())),
        "directories": (tuple(map(uuid_to_text, partition.directories)), ()),
        "eligible": (partition.eligible_leader_replicas, ()),
        "last eligible": (partition.last_known_eligible_leader_replicas, ()),
    }
    return {name: value for name, (value, default) in state.items() if value != default}


def shown_broker(broker: BrokerImage) -> tuple[int, bool, bool, list[str]]:
    directories = [uuid_to_text(each) for each in broker.log_dirs]
    return broker.epoch, broker.fenced, broker.in_controlled_shutdown, directories


def test_every_record_comes_to_bear(written_file: Path) -> None:
    image = replayed(written_file.parent.parent)
    node, fenced, leaving = table.NODE, table.FENCED_NODE, table.LEAVING_NODE
    own, other = table.DIRECTORY, table.OTHER_DIRECTORY
    assert {
        f"{topic.name}-{number}": shown(partition)
        for topic in image.topics.by_name.values()
        for number, partition in topic.partitions.items()
    } == {
        "grown-0": {},
        "grown-1": {"replicas": (node, fenced), "epochs": (1, 1)},
        "moved-0": {"replicas": (node, fenced), "moving": ((fenced,), ())},
        "late-0": {"directories": (own,)},
        "late-1": {"directories": (own,), "epochs": (0, 1)},
        "cleared-0": {
            "replicas": (node, fenced, leaving),
            "directories": (own, own, other),
            "epochs": (0, 1),
        },
        "drained-0": {
            "replicas": (fenced, leaving),
            "isr": (),
            "leader": -1,
            "epochs": (1, 1),
            "directories": (own, other),
            "eligible": (fenced, leaving),
            "last eligible": (leaving,),
        },
    }
    assert {broker.node_id: shown_broker(broker) for broker in image.brokers.by_id.values()} == {
        node: (6, False, False, []),
        fenced: (40, True, False, []),
        leaving: (41, True, True, [other]),
    }
    assert list(image.brokers.controllers) == [table.OLD_CONTROLLER]
    assert image.producer_ids.next_producer_id == 5000
    assert_settings(image)


def assert_settings(image: ClusterImage) -> None:
    assert image.features.levels == {
        "metadata.version": 27,
        "group.version": 1,
        "transaction.version": 2,
        "eligible.leader.replicas.version": 1,
    }
    assert image.configs.by_resource == {
        (table.TOPIC, "grown"): {"retention.ms": "123456789"},
        (table.BROKER, ""): {"min.insync.replicas": "1", "message.max.bytes": "1048577"},
        (table.BROKER, "1"): {"log.retention.ms": "86400001"},
        (table.GROUP, "readers"): {"consumer.session.timeout.ms": "50000"},
        (table.CLIENT_METRICS, "watched"): {"interval.ms": "60000"},
    }
    assert image.client_quotas.by_entity == {
        (("user", "alice"),): {"producer_byte_rate": 1048576.5},
        (("client-id", None), ("user", "alice")): {"consumer_byte_rate": 2097152.0},
        (("user", None),): {"request_percentage": 200.0},
        (("ip", "127.0.0.1"),): {"connection_creation_rate": 30.0},
    }
    assert {user: set(found) for user, found in image.scram_credentials.by_user.items()} == {"alice": {1, 2}}
    identities = {identity for _, identity in image.kept.records}
    assert identities == {uuid_from_text(table.ACL), "kept-token"}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningBroker]]:
    """Give a function that starts brokers on data directories, one after the other on the same ports."""
    started: list[RunningBroker] = []
    first = BrokerSettings(tmp_path, tmp_path, properties=OFTEN)

    def start_on(starter: Callable[[BrokerSettings], RunningBroker], data_dir: Path) -> RunningBroker:
        work_dir = tmp_path / f"work-{len(started)}"
        broker = starter(replace(first, data_dir=data_dir, work_dir=work_dir))
        started.append(broker)
        return broker

    yield start_on
    for broker in started:
        if broker.running:
            broker.kill()


def told(kafka_tools: KafkaTools, broker: RunningBroker) -> dict[str, Any]:
    """Return what a broker tells an administrator about the cluster, but for ACLs, which need an authorizer."""
    left_out = ",".join([*load_needs().left_out(), "acls"])
    answer: dict[str, Any] = json.loads(
        kafka_tools.run("Exchange", ["show", broker.bootstrap, left_out, ""]).checked().stdout
    )
    # Brokers of Apache Kafka do not forget an aborted transaction that other batches follow in what they read at once.
    answer["topics"].pop(ABORTED, None)
    answer["configs"].pop(f"ConfigResource(type=TOPIC, name='{ABORTED}')", None)
    for user in answer["users"].values():
        user["credentialInfos"].sort(
            key=itemgetter("mechanism")
        )  # Apache Kafka has them in the order of a hash table
    return answer


def test_brokers_of_both_kinds_tell_the_same_of_what_kafka_wrote(
    kafka_tools: KafkaTools, start: Callable[..., RunningBroker], tmp_path: Path
) -> None:
    data_dir = tmp_path / "ottla"
    log = lay_down(kafka_tools, data_dir, "log")
    kafkas = tmp_path / "kafka"
    shutil.copytree(data_dir, kafkas)
    original = image_of(kafka_tools, log)
    ottla = start(start_ottla, data_dir)
    told_by_ottla = told(kafka_tools, ottla)
    assert {"topics", "configs", "features", "quotas", "users"} <= set(told_by_ottla)
    ottla.stop()
    kafka = start(start_kafka, kafkas)
    credentials = {name: len(each["credentialInfos"]) for name, each in told_by_ottla["users"].items()}
    assert credentials == {"alice": 2}
    eventually(lambda: told(kafka_tools, kafka)["topics"] == told_by_ottla["topics"])
    assert told(kafka_tools, kafka) == told_by_ottla
    kept = {line for line in original if json.loads(line)["type"] in OF_OTHERS}
    assert kept <= set(image_of(kafka_tools, newest_snapshot(data_dir)))
