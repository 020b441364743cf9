"""The real Apache Kafka as a `RunningBroker`: formatted where the data directory is new, then served.

For tests the JVM is tuned for a short life on a small machine: 512 MB, the serial collector, the quick compiler only.
Whoever measures takes `stock_kafka_command`.
"""

import subprocess
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from tests.peers.distribution import PEERS, RELEASE, kafka_classpath
from tests.support.broker_process import BrokerSettings, RunningBroker

CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
TOOL_TIMEOUT_S = 60
# After a crash the controller lets the broker register again only when its old session has expired.
QUICK_PROPERTIES = {"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500"}
JVM_OPTIONS = ["-Xmx512M", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]


STOCK_JVM_OPTIONS = [
    "-Xms1G",
    "-Xmx1G",
    "-server",
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
    "-Djava.awt.headless=true",
]
"""What Apache Kafka's own start script gives its JVM."""


def kafka_command(settings: BrokerSettings, release: str = RELEASE) -> list[str]:
    """Write the properties of `settings`, format a new data directory, and return the command that serves."""
    return _command(settings, QUICK_PROPERTIES, JVM_OPTIONS, release)


def stock_kafka_command(settings: BrokerSettings) -> list[str]:
    """Do as `kafka_command` for a broker as users run it: the given properties alone, the JVM options of its script."""
    return _command(settings, {}, STOCK_JVM_OPTIONS)


def _command(
    settings: BrokerSettings,
    more_properties: Mapping[str, str],
    jvm_options: Sequence[str],
    release: str = RELEASE,
) -> list[str]:
    path = settings.work_dir / "server.properties"
    properties = {**more_properties, **settings.all_properties(), "log.dirs": str(settings.data_dir)}
    path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
    if not (settings.data_dir / "meta.properties").exists():
        _format(path, release=release)
    return [*_java("log4j2-broker.properties", jvm_options, release), "kafka.Kafka", str(path)]


def start_kafka(settings: BrokerSettings, release: str = RELEASE) -> RunningBroker:
    """Start a release of Apache Kafka on `settings` and return when it serves."""
    broker = RunningBroker("kafka", settings, partial(kafka_command, release=release), {})
    broker.start()
    return broker


def run_alone(
    class_name: str, arguments: Sequence[str], *, release: str = RELEASE, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a tool of Apache Kafka in a JVM of its own and return what it left: where it must not meet others."""
    return subprocess.run(
        [*_java("log4j2-tools.properties", JVM_OPTIONS, release), class_name, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=TOOL_TIMEOUT_S,
        check=False,
    )


def _format(properties: Path, cluster_id: str = CLUSTER_ID, release: str = RELEASE) -> None:
    arguments = ["format", "-t", cluster_id, "-c", str(properties)]
    done = run_alone("kafka.tools.StorageTool", arguments, release=release)
    assert done.returncode == 0, f"kafka-storage format failed:\n{done.stdout}{done.stderr}"


def _java(log_configuration: str, jvm_options: Sequence[str], release: str = RELEASE) -> list[str]:
    return [
        "java",
        *jvm_options,
        f"-Dlog4j2.configurationFile={PEERS / log_configuration}",
        "-cp",
        kafka_classpath(release=release),
    ]


def other_node_command(work_dir: Path, cluster_id: str, properties: Mapping[str, str]) -> list[str]:
    """Format a directory of a node that wants to join a cluster, and return the command that starts it."""
    work_dir.mkdir(parents=True)
    path = work_dir / "server.properties"
    lines = {**properties, "log.dirs": str(work_dir / "data")}
    path.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
    _format(path, cluster_id)
    return [*_java("log4j2-broker.properties", JVM_OPTIONS), "kafka.Kafka", str(path)]
