"""The files on disk are Apache Kafka's: its own tools find no fault in them, and either broker serves the other's."""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.tools import KafkaTools
from tests.support.broker_process import BrokerSettings, RunningBroker
from tests.support.plain_client import PlainClient
from tests.system.conftest import STARTERS, StartBroker
from tests.system.content import BrokerContent, read_content, write_more, write_workload

pytestmark = pytest.mark.java

# Every kind of file that Apache Kafka 4.1 leaves in a data directory after a clean stop.
KNOWN_FILES = re.compile(
    r"\.lock|\.kafka_cleanshutdown|meta\.properties|bootstrap\.checkpoint"
    r"|(recovery-point-offset|log-start-offset|replication-offset|cleaner-offset)-checkpoint"
    r"|[^/]+-\d+(\.[0-9a-f]{32}-delete)?/"
    r"(\d{20}\.(log|index|timeindex|txnindex|snapshot)|leader-epoch-checkpoint|partition\.metadata)"
    r"|__cluster_metadata-0/(quorum-state|\d{20}-\d{10}\.checkpoint)"
)

COMPLAINT = re.compile(
    r"\b(WARN|ERROR|FATAL)\b|orrupt|Recovering unflushed segment|a stop that was not clean"
)
# Apache Kafka warns of its own activation and of a client closed twice, and always recovers the metadata log;
# Ottla warns of each option that does nothing there, of records of groups that it does not serve, and of compaction.
HARMLESS = re.compile(
    "These configurations are accepted but have no effect|share or streams groups, which are not served|"
    "asks for compaction, which is not done yet|"
    "Performing controller activation|Attempting to close NetworkClient"
    "|__cluster_metadata-0.* Recovering unflushed segment"
)


@dataclass(frozen=True, slots=True)
class Written:
    """A data directory after a clean stop, and what its broker served before."""

    directory: Path
    content: BrokerContent

    def files(self, pattern: str) -> list[str]:
        """Return the paths of the files that match, as the tools want them."""
        return sorted(str(path) for path in self.directory.glob(pattern))


@pytest.fixture(scope="module")
def written_by(kafka_jars: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Written]]:
    """Give data directories by the kind of the broker that wrote them; each is written when first asked for."""

    class Directories(dict[str, Written]):
        def __missing__(self, kind: str) -> Written:
            work_dir = tmp_path_factory.mktemp(f"written-by-{kind}")
            broker = STARTERS[kind](BrokerSettings(work_dir / "data", work_dir))
            try:
                write_workload(broker)
                content = read_content(broker)
            finally:
                broker.stop()
            self[kind] = Written(broker.data_dir, content)
            return self[kind]

    return Directories()


@pytest.fixture(scope="module")
def written(written_by: Mapping[str, Written], broker_kind: str) -> Written:
    return written_by[broker_kind]


def dump(kafka_tools: KafkaTools, files: list[str], *options: str) -> str:
    """Dump `files` and return what the tool printed; it must have found no fault in any of them."""
    assert files
    done = kafka_tools.run("DumpLogSegments", [*options, "--files", ",".join(files)]).checked()
    assert done.stderr == ""
    for complaint in (
        "isvalid: false",
        "invalid bytes at the end",
        "Mismatches in",
        "Non-consecutive offsets in",
    ):
        assert complaint not in done.stdout
    for file in files:
        assert f"Dumping {file}\n" in done.stdout
    return done.stdout


def test_every_file_is_of_a_kind_that_kafka_knows(written: Written) -> None:
    names = [
        str(path.relative_to(written.directory)) for path in written.directory.rglob("*") if path.is_file()
    ]
    assert [name for name in names if KNOWN_FILES.fullmatch(name) is None] == []
    assert {"meta.properties", "recovery-point-offset-checkpoint", ".kafka_cleanshutdown"} <= set(names)


def test_every_record_of_the_logs_is_sound(kafka_tools: KafkaTools, written: Written) -> None:
    files = written.files("[!_]*/*.log")
    printed = dump(kafka_tools, files, "--deep-iteration", "--print-data-log")
    assert len([file for file in files if "segments-0" in file]) >= 2
    for topic in ("codecs", "compacted"):
        records = written.content.topics[topic].records
        assert all(f" payload: {topic} {number} " in printed for number in range(9))
        assert len(records) in {20, 1000}


def test_the_indexes_agree_with_the_logs(kafka_tools: KafkaTools, written: Written) -> None:
    # A directory that waits for its deletion keeps its indexes at their preallocated size.
    indexes = [file for file in written.files("*/*.*index") if "-delete/" not in file]
    checked = dump(kafka_tools, indexes, "--index-sanity-check")
    assert checked.count("passed sanity check.") + checked.count("is empty.") == len(indexes)
    dump(kafka_tools, indexes, "--verify-index-only")
    entries = dump(kafka_tools, written.files("segments-0/*.index"))
    assert entries.count("offset: ") > 100


def test_the_group_records_decode(kafka_tools: KafkaTools, written: Written) -> None:
    printed = dump(
        kafka_tools, written.files("__consumer_offsets-*/*.log"), "--offsets-decoder", "--deep-iteration"
    )
    assert '"group":"classic-group","topic":"codecs","partition":0' in printed
    assert '"offset":11' in printed
    assert '"metadata":"note 11' in printed
    assert '"type":"2","data":{"group":"classic-group"}' in printed
    if written.content.committed["consumer-group"]:
        assert '"groupId":"consumer-group"' in printed


def test_the_cluster_metadata_decodes(kafka_tools: KafkaTools, written: Written) -> None:
    logs = written.files("__cluster_metadata-0/*.log") + written.files("__cluster_metadata-0/*.checkpoint")
    printed = dump(kafka_tools, logs, "--cluster-metadata-decoder", "--deep-iteration")
    for kind in (
        "TOPIC_RECORD",
        "PARTITION_RECORD",
        "CONFIG_RECORD",
        "REGISTER_BROKER_RECORD",
        "REMOVE_TOPIC_RECORD",
    ):
        assert f'"type":"{kind}"' in printed
    assert "LeaderChange" in printed
    bootstrap = dump(kafka_tools, written.files("bootstrap.checkpoint"), "--cluster-metadata-decoder")
    assert '"name":"metadata.version","featureLevel":27' in bootstrap


def test_the_producer_snapshots_are_read(kafka_tools: KafkaTools, written: Written) -> None:
    printed = dump(kafka_tools, written.files("*/*.snapshot"))
    assert re.search(r"producerId: \d+ producerEpoch: 0 .*lastSequence: 2999", printed)


def test_apache_kafka_serves_what_the_broker_wrote(
    written: Written, start_broker: StartBroker, tmp_path: Path
) -> None:
    assert_served_alike(written, start_broker, "kafka", tmp_path)


def test_the_broker_serves_what_apache_kafka_wrote(
    written_by: Mapping[str, Written], start_broker: StartBroker, broker_kind: str, tmp_path: Path
) -> None:
    assert_served_alike(written_by["kafka"], start_broker, broker_kind, tmp_path)


def test_a_directory_goes_to_apache_kafka_and_back(
    written: Written, start_broker: StartBroker, broker_kind: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(written.directory, copy)
    other = start_broker(data_dir=copy, kind="kafka")
    write_more(other)
    expected = read_content(other)
    other.stop()
    broker = start_broker(data_dir=copy, kind=broker_kind)
    assert_same(read_content(broker), expected)
    broker.stop()
    assert complaints_of(broker) == []


def test_a_partition_has_the_files_that_apache_kafka_gives_it(start_broker: StartBroker) -> None:
    """Of an empty one that is no snapshot of producers, after a start on it neither."""
    names = {kind: names_after_stops(start_broker(kind=kind)) for kind in STARTERS}
    assert names["ottla"] == names["kafka"]
    assert not any(name.endswith(".snapshot") for name in names["kafka"][0]["empty"])


def names_after_stops(broker: RunningBroker) -> list[dict[str, list[str]]]:
    """Return the names of a partition's files after the first clean stop and after a second one."""
    with PlainClient(broker.port) as client:
        for topic in ("empty", "used"):
            client.create_served_topic(topic)
        client.produce("used", b"a")
    names = []
    for _ in range(2):
        broker.stop()
        paths = {topic: broker.data_dir / f"{topic}-0" for topic in ("empty", "used")}
        names.append({topic: sorted(each.name for each in path.iterdir()) for topic, path in paths.items()})
        broker.start()
    return names


def assert_served_alike(written: Written, start_broker: StartBroker, kind: str, tmp_path: Path) -> None:
    """Start a broker of `kind` on a copy; it must serve the same and have nothing to repair or to complain of."""
    copy = tmp_path / "copy"
    shutil.copytree(written.directory, copy)
    broker = start_broker(data_dir=copy, kind=kind)
    assert_same(read_content(broker), written.content)
    broker.stop()
    assert complaints_of(broker) == []


def assert_same(found: BrokerContent, expected: BrokerContent) -> None:
    assert found.topics.keys() == expected.topics.keys()
    for topic, content in expected.topics.items():
        assert found.topics[topic] == content
    assert found == expected


def complaints_of(broker: RunningBroker) -> list[str]:
    return [line for line in broker.log_lines() if COMPLAINT.search(line) and not HARMLESS.search(line)]
