"""Apache Kafka's tools for the metadata quorum, through brokers and controllers, and on what lies on the disk."""

import re
from collections.abc import Callable

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from tests.peers.tools import KafkaTools, ToolResult
from tests.support.broker_process import RunningBroker
from tests.support.waiting import eventually
from tests.system.conftest import StartBroker
from tests.system.content import QUIET

pytestmark = pytest.mark.java

BROKER_PROPERTIES = {"metadata.log.max.record.bytes.between.snapshots": "2000"}
WAIT_S = 30.0

RunTool = Callable[..., ToolResult]


@pytest.fixture(params=["server", "controller"])
def bootstrap(request: pytest.FixtureRequest, broker: RunningBroker) -> list[str]:
    """Give both ways to a cluster: through its brokers and through its controllers."""
    port = broker.port if request.param == "server" else broker.controller_port
    return [f"--bootstrap-{request.param}", f"localhost:{port}"]


def test_the_quorum_is_described_through_both_bootstraps(
    kafka_tools: KafkaTools, broker: RunningBroker, bootstrap: list[str]
) -> None:
    done = kafka_tools.run("MetadataQuorumCommand", [*bootstrap, "describe", "--status"]).checked()
    status = dict(line.split(":", 1) for line in done.stdout.splitlines() if ":" in line)
    assert re.fullmatch(r"\s+[A-Za-z0-9_-]{22}", status["ClusterId"])
    assert status["LeaderId"].strip() == "1"
    assert int(status["LeaderEpoch"]) >= 1
    assert int(status["HighWatermark"]) > 0
    assert status["MaxFollowerLag"].strip() == "0"
    voter = f'[{{"id": 1, "endpoints": ["CONTROLLER://localhost:{broker.controller_port}"]}}]'
    assert status["CurrentVoters"].strip() == voter
    assert status["CurrentObservers"].strip() == "[]"

    done = kafka_tools.run("MetadataQuorumCommand", [*bootstrap, "describe", "--replication"]).checked()
    heading, row = [line.split() for line in done.stdout.splitlines() if line.strip()]
    assert heading[:4] == ["NodeId", "DirectoryId", "LogEndOffset", "Lag"]
    assert (row[0], row[3], row[-1]) == ("1", "0", "Leader")
    readable = [*bootstrap, "describe", "--replication", "--human-readable"]
    assert "ms ago" in kafka_tools.run("MetadataQuorumCommand", readable).checked().stdout


def test_configured_voters_are_not_removed(kafka_tools: KafkaTools, bootstrap: list[str]) -> None:
    arguments = ["remove-controller", "--controller-id", "1"]
    arguments += ["--controller-directory-id", "AAAAAAAAAAAAAAAAAAAABQ"]
    done = kafka_tools.run("MetadataQuorumCommand", [*bootstrap, *arguments])
    assert done.exit_code == 1
    assert "Cluster doesn't support removing voter because the kraft.version feature is 0" in done.stderr


def test_features_are_described_raised_and_lowered(kafka_tools: KafkaTools, bootstrap: list[str]) -> None:
    def level(feature: str) -> str:
        described = kafka_tools.run("FeatureCommand", [*bootstrap, "describe"]).checked().stdout
        (line,) = [each for each in described.splitlines() if each.startswith(f"Feature: {feature}\t")]
        return re.findall(r"FinalizedVersionLevel: (\S+)", line)[0]

    assert (level("metadata.version"), level("share.version")) == ("4.1-IV1", "0")
    done = kafka_tools.run(
        "FeatureCommand", [*bootstrap, "upgrade", "--feature", "share.version=1"]
    ).checked()
    assert "share.version was upgraded to 1." in done.stdout
    eventually(lambda: level("share.version") == "1")
    done = kafka_tools.run(
        "FeatureCommand", [*bootstrap, "downgrade", "--feature", "share.version=0"]
    ).checked()
    assert "share.version was downgraded to 0." in done.stdout
    eventually(lambda: level("share.version") == "0")
    done = kafka_tools.run("FeatureCommand", [*bootstrap, "downgrade", "--metadata", "3.7-IV4"])
    assert done.exit_code == 1
    assert "Refusing to perform the requested downgrade because it might delete metadata" in done.stdout
    done = kafka_tools.run("FeatureCommand", [*bootstrap, "upgrade", "--feature", "group.version=7"])
    assert done.exit_code == 1
    assert "Local controller 1 only supports versions 0-1" in done.stdout


def test_the_cluster_is_named_and_its_nodes_listed(
    kafka_tools: KafkaTools, broker: RunningBroker, bootstrap: list[str]
) -> None:
    done = kafka_tools.run("ClusterTool", ["cluster-id", *bootstrap]).checked()
    assert re.search(r"Cluster ID: [A-Za-z0-9_-]{22}\n", done.stdout)
    done = kafka_tools.run("ClusterTool", ["list-endpoints", *bootstrap]).checked()
    port = broker.controller_port if "controller" in bootstrap[0] else broker.port
    row = done.stdout.splitlines()[1].split()
    assert row[:3] == ["1", "localhost", str(port)]
    done = kafka_tools.run("ClusterTool", ["unregister", *bootstrap, "--id", "7"])
    assert done.exit_code == 1
    assert "Broker ID 7 is not currently registered" in done.stderr


def test_what_lies_on_the_disk_is_read_by_shell_and_dump(
    kafka_tools: KafkaTools, start_broker: StartBroker, name: str
) -> None:
    broker = start_broker(BROKER_PROPERTIES)
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, **QUIET})
    for number in range(4):
        topic = NewTopic(f"{name}-{number}", 5, 1, config={"retention.ms": "4711"})
        admin.create_topics([topic])[topic.topic].result(WAIT_S)
    broker.stop()
    directory = broker.data_dir / "__cluster_metadata-0"
    newest = max(directory.glob("*.checkpoint"))
    listed = kafka_tools.read_snapshot(newest, "ls", "/image/topics/byName")
    assert f"{name}-0" in listed.stdout
    nodes = kafka_tools.read_snapshot(newest, "find", "/image/cluster")
    assert "/image/cluster/brokers/1" in nodes.stdout

    files = ",".join(map(str, sorted([*directory.glob("*.log"), *directory.glob("*.checkpoint")])))
    dump = kafka_tools.run("DumpLogSegments", ["--cluster-metadata-decoder", "--files", files]).checked()
    assert dump.stderr == ""
    assert "isvalid: false" not in dump.stdout
    assert "Could not" not in dump.stdout
    kinds = set(re.findall(r'"type":"([A-Z_]+)"', dump.stdout))
    assert {
        "FEATURE_LEVEL_RECORD",
        "REGISTER_CONTROLLER_RECORD",
        "REGISTER_BROKER_RECORD",
        "TOPIC_RECORD",
        "PARTITION_RECORD",
        "CONFIG_RECORD",
        "BROKER_REGISTRATION_CHANGE_RECORD",
    } <= kinds
    assert "LeaderChange: " in dump.stdout
    assert "SnapshotFooter" in dump.stdout


def test_voters_that_the_log_names_are_shown_and_kept(
    kafka_tools: KafkaTools, start_broker: StartBroker
) -> None:
    broker = start_broker()
    bootstrap = ["--bootstrap-controller", f"localhost:{broker.controller_port}"]
    kafka_tools.run("FeatureCommand", [*bootstrap, "upgrade", "--feature", "kraft.version=1"]).checked()
    directory_id = re.findall(r"directory\.id=(\S+)", (broker.data_dir / "meta.properties").read_text())[
        0
    ].replace("\\", "")
    voter = (
        f'[{{"id": 1, "directoryId": "{directory_id}", '
        f'"endpoints": ["CONTROLLER://localhost:{broker.controller_port}"]}}]'
    )

    def status() -> str:
        return kafka_tools.run("MetadataQuorumCommand", [*bootstrap, "describe", "--status"]).checked().stdout

    assert voter in status()
    broker.restart()
    eventually(lambda: voter in status())
    arguments = ["remove-controller", "--controller-id", "1", "--controller-directory-id", directory_id]
    done = kafka_tools.run("MetadataQuorumCommand", [*bootstrap, *arguments])
    assert done.exit_code == 1
    key = f"ReplicaKey(id=1, directoryId={directory_id})"
    assert f"Cannot remove voter {key} from the set of voters [{key}]" in done.stderr
