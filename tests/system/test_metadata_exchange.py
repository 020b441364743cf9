"""The metadata log goes from Ottla to Apache Kafka and back, with static and with recorded voters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from tests.admin.served import load_needs
from tests.peers.distribution import EARLIER_RELEASE, require_java
from tests.peers.kafka_broker import CLUSTER_ID, start_kafka
from tests.peers.tools import KafkaTools
from tests.support.broker_process import BrokerSettings, RunningBroker
from tests.support.waiting import eventually
from tests.system.conftest import STARTERS
from tests.system.content import QUIET

pytestmark = pytest.mark.java

WAIT_S = 30.0
# Small enough that every life of a broker writes a snapshot or more.
OFTEN = {"metadata.log.max.record.bytes.between.snapshots": "2000"}


@pytest.fixture
def running() -> Iterator[list[RunningBroker]]:
    """Collect the brokers of one test, so that none outlives it."""
    brokers: list[RunningBroker] = []
    yield brokers
    for broker in brokers:
        if broker.running:
            broker.kill()


def admin_of(broker: RunningBroker) -> AdminClient:
    return AdminClient({"bootstrap.servers": broker.bootstrap, **QUIET})


def change(broker: RunningBroker, life: int) -> None:
    """Create, alter, grow and delete topics; what stays carries the number of this life."""
    admin = admin_of(broker)
    topics = [
        NewTopic(f"kept-{life}", 3, 1, config={"retention.ms": str(life), "min.insync.replicas": "1"}),
        NewTopic(f"gone-{life}", 2, 1),
    ]
    for done in admin.create_topics(topics).values():
        done.result(WAIT_S)
    admin.create_partitions([NewPartitions(f"kept-{life}", 4)])[f"kept-{life}"].result(WAIT_S)
    entry = ConfigEntry("cleanup.policy", "compact", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, f"kept-{life}", incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(WAIT_S)
    admin.delete_topics([f"gone-{life}"])[f"gone-{life}"].result(WAIT_S)


def assert_kept(broker: RunningBroker, lives: int) -> None:
    """Every kept topic is there and led; Apache Kafka may take a moment to apply what it has answered."""
    admin = admin_of(broker)
    led = dict.fromkeys(range(4), 1)
    eventually(lambda: _led_topics(admin) == {f"kept-{life}": led for life in range(lives)})
    for life in range(lives):
        resource = ConfigResource(ResourceType.TOPIC, f"kept-{life}")
        described = admin.describe_configs([resource])[resource].result(WAIT_S)
        overrides = [described[name].value for name in ("retention.ms", "cleanup.policy")]
        assert overrides == [str(life), "compact"]


def _led_topics(admin: AdminClient) -> dict[str, dict[int, int]]:
    """Return the leader of each partition of each topic."""
    return {
        name: {number: partition.leader for number, partition in topic.partitions.items()}
        for name, topic in admin.list_topics(timeout=WAIT_S).topics.items()
        if not name.startswith("__")
    }


def live(
    kinds: list[str], settings: BrokerSettings, running: list[RunningBroker], *, crash: bool = False
) -> None:
    """Let brokers of these kinds live one after another on the same data directory."""
    for life, kind in enumerate(kinds):
        broker = STARTERS[kind](settings)
        running.append(broker)
        assert_kept(broker, life)
        change(broker, life)
        assert_kept(broker, life + 1)
        if crash:
            broker.kill()
        else:
            broker.stop()


def assert_sound(directory: Path, tools: KafkaTools) -> None:
    """Apache Kafka's own tool finds nothing wrong in log and snapshots."""
    files = sorted(map(str, [*directory.glob("*.log"), *directory.glob("*.checkpoint")]))
    done = tools.run("DumpLogSegments", ["--cluster-metadata-decoder", "--files", ",".join(files)]).checked()
    assert done.stderr == ""
    assert "isvalid: false" not in done.stdout
    assert "Could not" not in done.stdout


@pytest.mark.parametrize("crash", [False, True])
def test_a_log_with_configured_voters_goes_back_and_forth(
    kafka_tools: KafkaTools, tmp_path: Path, running: list[RunningBroker], crash: bool
) -> None:
    settings = BrokerSettings(tmp_path / "data", tmp_path, properties=OFTEN)
    live(["ottla", "kafka", "ottla"], settings, running, crash=crash)
    directory = settings.data_dir / "__cluster_metadata-0"
    assert json.loads((directory / "quorum-state").read_text())["data_version"] == 0
    assert_sound(directory, kafka_tools)


@pytest.mark.parametrize("formatted_by", ["kafka", "the first start"])
def test_a_log_with_recorded_voters_goes_back_and_forth(
    kafka_tools: KafkaTools, tmp_path: Path, running: list[RunningBroker], formatted_by: str
) -> None:
    settings = BrokerSettings(tmp_path / "data", tmp_path, properties=OFTEN)
    settings.properties = {
        **OFTEN,
        "controller.quorum.voters": "",
        "controller.quorum.bootstrap.servers": f"localhost:{settings.controller_port}",
    }
    if formatted_by == "kafka":
        properties = tmp_path / "format.properties"
        lines = {**settings.all_properties(), "log.dirs": str(settings.data_dir)}
        properties.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        kafka_tools.run(
            "StorageTool", ["format", "--standalone", "-t", CLUSTER_ID, "-c", str(properties)]
        ).checked()
    live(["ottla", "kafka", "ottla"], settings, running)
    directory = settings.data_dir / "__cluster_metadata-0"
    assert json.loads((directory / "quorum-state").read_text())["data_version"] == 1
    assert_sound(directory, kafka_tools)


# Without an authorizer a broker refuses everything about ACLs; with this one the clients of these tests may do it all.
AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
}
Shown = dict[str, dict[str, Any]]


def run_exchange(
    tools: KafkaTools, verb: str, broker: RunningBroker, left_out: Iterable[str], life: str = ""
) -> str:
    """Set what an administrator can set, or show what is there, but for what is left out."""
    return tools.run("Exchange", [verb, broker.bootstrap, ",".join(left_out), life]).checked().stdout


def shown_by(tools: KafkaTools, broker: RunningBroker, left_out: Iterable[str]) -> Shown:
    """Return what a broker shows: by kind, and within a kind by name."""
    shown: Shown = json.loads(run_exchange(tools, "show", broker, left_out))
    return shown


def common(shown: Shown, other: Shown) -> Shown:
    """Return of what one broker shows the kinds, and of the configurations the names, that another shows too."""
    found = {kind: content for kind, content in shown.items() if kind in other}
    found["configs"] = {name: each for name, each in shown["configs"].items() if name in other["configs"]}
    return found


def test_everything_that_administrators_set_goes_back_and_forth(
    kafka_tools: KafkaTools, tmp_path: Path, running: list[RunningBroker]
) -> None:
    """Topics, configurations, quotas, SCRAM users, features and ACLs: Ottla keeps also what it does not serve yet."""
    settings = BrokerSettings(tmp_path / "data", tmp_path, properties=OFTEN)
    not_with_ottla = [*load_needs().left_out(), "acls"]
    shown: Shown = {}
    for life, kind in zip("abcd", ["ottla", "kafka", "ottla", "kafka"], strict=True):
        settings.properties = OFTEN if kind == "ottla" else {**OFTEN, **AUTHORIZER}
        left_out = not_with_ottla if kind == "ottla" else []
        broker = STARTERS[kind](settings)
        running.append(broker)
        assert_shows(kafka_tools, broker, left_out, shown)
        run_exchange(kafka_tools, "set", broker, left_out, life)
        eventually(
            lambda b=broker, out=left_out, n=f"kept-{life}": n in shown_by(kafka_tools, b, out)["topics"]
        )
        shown = merged(shown, shown_by(kafka_tools, broker, left_out))
        broker.stop()
    assert {"acls", "configs", "features", "quotas", "topics", "users"} == set(shown)
    assert_sound(settings.data_dir / "__cluster_metadata-0", kafka_tools)


def assert_shows(tools: KafkaTools, broker: RunningBroker, left_out: Iterable[str], wanted: Shown) -> None:
    """Assert that a broker shows all that was shown before, as far as it can show it."""
    if not wanted:
        return
    eventually(lambda: len(shown_by(tools, broker, left_out)["topics"]) == len(wanted["topics"]))
    shown = shown_by(tools, broker, left_out)
    assert common(wanted, shown) == common(shown, wanted)
    if "config-resources" not in left_out:
        assert not set(wanted["configs"]) - set(shown["configs"])


def merged(before: Shown, now: Shown) -> Shown:
    """Return what was known, with what is shown now in its place."""
    configs = {**before.get("configs", {}), **now["configs"]}
    return {**before, **now, "configs": configs}


def test_apache_kafkas_metadata_shell_reads_a_snapshot(
    kafka_tools: KafkaTools, tmp_path: Path, running: list[RunningBroker]
) -> None:
    broker = STARTERS["ottla"](BrokerSettings(tmp_path / "data", tmp_path, properties=OFTEN))
    running.append(broker)
    change(broker, 0)
    change(broker, 1)
    broker.stop()
    snapshots = sorted((tmp_path / "data" / "__cluster_metadata-0").glob("*-*.checkpoint"))
    listed = kafka_tools.read_snapshot(snapshots[-1], "ls", "/image/topics/byName")
    assert "kept-0" in listed.stdout.split()


def start_earlier_kafka(settings: BrokerSettings) -> RunningBroker:
    """Start the release before, which formats a new directory for itself."""
    return start_kafka(settings, EARLIER_RELEASE)


def finalized_metadata_version(tools: KafkaTools, broker: RunningBroker) -> str:
    described = tools.run("FeatureCommand", ["--bootstrap-server", broker.bootstrap, "describe"]).checked()
    (line,) = [each for each in described.stdout.splitlines() if "Feature: metadata.version" in each]
    return re.findall(r"FinalizedVersionLevel: (\S+)", line)[0]


@pytest.mark.parametrize(
    ("served_by", "kept_in"),
    [("an earlier release", "log"), ("an earlier release", "snapshot"), ("this release", "snapshot")],
)
def test_a_cluster_at_the_level_of_an_earlier_release_goes_back_and_forth(
    kafka_tools: KafkaTools, tmp_path: Path, running: list[RunningBroker], served_by: str, kept_in: str
) -> None:
    """Ottla writes no record that the earlier release cannot read, and does not raise the cluster's level."""
    snapshots = OFTEN if kept_in == "snapshot" else {}
    settings = BrokerSettings(tmp_path / "data", tmp_path, properties=snapshots)
    directory = settings.data_dir / "__cluster_metadata-0"
    left_out = load_needs().left_out()
    start = STARTERS["kafka"]
    if served_by == "an earlier release":
        require_java(EARLIER_RELEASE)
        start = start_earlier_kafka
        left_out = [*left_out, "list-groups-configs"]  # its brokers list no configuration of groups
    else:
        properties = tmp_path / "format.properties"
        lines = {**settings.all_properties(), "log.dirs": str(settings.data_dir)}
        properties.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        arguments = ["format", "--release-version", "4.0", "-t", CLUSTER_ID, "-c", str(properties)]
        kafka_tools.run("StorageTool", arguments).checked()
    shown: Shown = {}
    for life, starter in zip("abc", [start, STARTERS["ottla"], start], strict=True):
        is_kafka = starter is start
        settings.properties = {**snapshots, **AUTHORIZER} if is_kafka else snapshots
        out = left_out if is_kafka else [*left_out, "acls"]
        broker = starter(settings)
        running.append(broker)
        assert finalized_metadata_version(kafka_tools, broker) == "4.0-IV3"
        assert_shows(kafka_tools, broker, out, shown)
        run_exchange(kafka_tools, "set", broker, out, life)
        eventually(lambda b=broker, o=out, n=f"kept-{life}": n in shown_by(kafka_tools, b, o)["topics"])
        shown = merged(shown, shown_by(kafka_tools, broker, out))
        broker.stop()
        assert bool(list(directory.glob("*-*.checkpoint"))) is (kept_in == "snapshot")
    assert {"acls", "configs", "features", "quotas", "topics", "users"} == set(shown)
    assert_sound(directory, kafka_tools)
