"""What `ottla storage format` has made is served by Apache Kafka and by Ottla, one after the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from ottla.cli.main import main
from tests.peers.kafka_broker import CLUSTER_ID
from tests.peers.tools import KafkaTools
from tests.support.broker_process import BrokerSettings, RunningBroker
from tests.system.conftest import STARTERS
from tests.system.content import QUIET

pytestmark = pytest.mark.java

WAIT_S = 30.0
SCRAM = "SCRAM-SHA-512=[name=alice,password=secret,iterations=8192]"
RECORDED_VOTERS = {"controller.quorum.voters": ""}


@pytest.fixture
def running() -> Iterator[list[RunningBroker]]:
    """Collect the brokers of one test, so that none outlives it."""
    brokers: list[RunningBroker] = []
    yield brokers
    for broker in brokers:
        if broker.running:
            broker.kill()


def format_with_ottla(settings: BrokerSettings, *more: str) -> None:
    settings.work_dir.mkdir(exist_ok=True)
    config = settings.work_dir / "format.properties"
    lines = {**settings.all_properties(), "log.dirs": str(settings.data_dir)}
    config.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
    assert main(["storage", "format", "-t", CLUSTER_ID, "-c", str(config), *more]) == 0


def finalized_features(broker: RunningBroker, tools: KafkaTools) -> dict[str, str]:
    """Return the level of each feature as Apache Kafka's own tool shows it."""
    described = tools.run("FeatureCommand", ["--bootstrap-server", broker.bootstrap, "describe"]).checked()
    rows = [dict(cell.split(": ", 1) for cell in line.split("\t")) for line in described.stdout.splitlines()]
    return {row["Feature"]: row["FinalizedVersionLevel"] for row in rows}


@pytest.mark.parametrize("recorded", [False, True], ids=["configured voters", "recorded voters"])
def test_a_directory_that_ottla_has_formatted_is_served_by_both(
    kafka_tools: KafkaTools, tmp_path: Path, running: list[RunningBroker], recorded: bool
) -> None:
    settings = BrokerSettings(tmp_path / "data", tmp_path)
    if recorded:
        bootstrap = {"controller.quorum.bootstrap.servers": f"localhost:{settings.controller_port}"}
        settings.properties = {**RECORDED_VOTERS, **bootstrap}
    levels = ["-r", "4.0", "-f", "group.version=0", "-f", "share.version=1"]
    format_with_ottla(settings, *levels, "-S", SCRAM, *(["--standalone"] if recorded else []))
    for kind in ("kafka", "ottla", "kafka"):
        broker = STARTERS[kind](settings)
        running.append(broker)
        admin = AdminClient({"bootstrap.servers": broker.bootstrap, **QUIET})
        assert admin.list_topics(timeout=WAIT_S).cluster_id == CLUSTER_ID
        features = finalized_features(broker, kafka_tools)
        assert features["metadata.version"] == "4.0-IV3"
        assert (features["group.version"], features["share.version"]) == ("0", "1")
        assert features["transaction.version"] == "2"
        if kind == "kafka":
            assert features["kraft.version"] == str(int(recorded))
            user = admin.describe_user_scram_credentials(["alice"])["alice"].result(WAIT_S)
            assert [(info.mechanism.name, info.iterations) for info in user.scram_credential_infos] == [
                ("SCRAM_SHA_512", 8192)
            ]
        broker.stop()
