"""The real Apache Kafka as a `RunningBroker`: formatted where the data directory is new, then served.

The JVM is tuned for a short life on a small machine: 512 MB, the serial collector, the quick compiler only.
"""

import subprocess
from pathlib import Path

from tests.peers.distribution import PEERS, kafka_classpath
from tests.support.broker_process import BrokerSettings, RunningBroker

CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
FORMAT_TIMEOUT_S = 60
# After a crash the controller lets the broker register again only when its old session has expired.
QUICK_PROPERTIES = {"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500"}
JVM_OPTIONS = ["-Xmx512M", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]


def kafka_command(settings: BrokerSettings) -> list[str]:
    """Write the properties of `settings`, format a new data directory, and return the command that serves."""
    path = settings.work_dir / "server.properties"
    properties = {**QUICK_PROPERTIES, **settings.all_properties(), "log.dirs": str(settings.data_dir)}
    path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
    if not (settings.data_dir / "meta.properties").exists():
        _format(path)
    return [*_java("log4j2-broker.properties"), "kafka.Kafka", str(path)]


def start_kafka(settings: BrokerSettings) -> RunningBroker:
    """Start Apache Kafka 4.1.1 on `settings` and return when it serves."""
    broker = RunningBroker("kafka", settings, kafka_command, {})
    broker.start()
    return broker


def _format(properties: Path) -> None:
    command = [*_java("log4j2-tools.properties"), "kafka.tools.StorageTool", "format"]
    command += ["-t", CLUSTER_ID, "-c", str(properties)]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=FORMAT_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, f"kafka-storage format failed:\n{done.stdout}{done.stderr}"


def _java(log_configuration: str) -> list[str]:
    return [
        "java",
        *JVM_OPTIONS,
        f"-Dlog4j2.configurationFile={PEERS / log_configuration}",
        "-cp",
        kafka_classpath(),
    ]
