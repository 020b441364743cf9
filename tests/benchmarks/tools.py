"""What Kafka's tools cost, ours and Apache Kafka's own, against the same broker: starts, and records through a pipe.

Every run is a process as a user starts it; Apache Kafka's have the JVM options of its scripts. Rates are of whole runs,
start and end included. Run `python -m tests.benchmarks.tools` from the repository's root with `src` on the path.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ottla.cli.install_scripts import main as install_scripts
from ottla.cli.tools import tool_of_script
from tests.peers.distribution import PEERS, kafka_classpath
from tests.peers.kafka_broker import start_kafka
from tests.support.broker_process import BrokerSettings, start_ottla

RECORD_BYTES = 100
QUICK_RUNS = (
    ("kafka-topics", "--list"),
    ("kafka-topics", "--describe"),
    ("kafka-broker-api-versions",),
    ("kafka-topics", "--version"),
)
"""What health checks and scripts run over and over."""

TOOL_JVM_OPTIONS = (
    "-Xmx256M",
    "-server",
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
    "-XX:MaxInlineLevel=15",
    "-Djava.awt.headless=true",
)
"""What kafka-run-class.sh gives the JVM of a tool."""


class Cost(NamedTuple):
    """What a process has cost from its start to its end."""

    wall_s: float
    cpu_s: float


class Commands(NamedTuple):
    """How both kinds of tools are started."""

    launchers: Path

    def ours(self, script: str) -> list[str]:
        """Return the command of our tool."""
        return [str(self.launchers / script)]

    def kafkas(self, script: str) -> list[str]:
        """Return the command that Kafka's script becomes."""
        tool = tool_of_script(script)
        assert tool is not None
        log = f"-Dlog4j2.configurationFile={PEERS / 'log4j2-tools.properties'}"
        return ["java", *TOOL_JVM_OPTIONS, log, "-cp", kafka_classpath(), tool.classes[0]]


def run_once(command: Sequence[str], stdin: Path | None = None) -> Cost:
    """Run a process to its end, its output thrown away. Raises AssertionError with its words when it fails."""
    with (
        tempfile.TemporaryFile() as words,
        open(stdin or os.devnull, "rb") as typed,  # noqa: PTH123 - one call for a path and for nothing
    ):
        began_s = time.monotonic()
        process = subprocess.Popen(command, stdin=typed, stdout=subprocess.DEVNULL, stderr=words)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began_s
        process.returncode = os.waitstatus_to_exitcode(status)
        words.seek(0)
        assert process.returncode == 0, f"{command}: {words.read().decode(errors='replace')}"
    return Cost(wall_s, usage.ru_utime + usage.ru_stime)


def compare_starts(commands: Commands, bootstrap: str, rounds: int) -> None:
    """Print the medians of quick commands, taken in turns."""
    for script, *words in QUICK_RUNS:
        address = [] if words == ["--version"] else ["--bootstrap-server", bootstrap]
        costs: dict[str, list[Cost]] = {"ours": [], "Kafka's": []}
        for _ in range(rounds):
            costs["ours"].append(run_once([*commands.ours(script), *address, *words]))
            costs["Kafka's"].append(run_once([*commands.kafkas(script), *address, *words]))
        walls = {kind: statistics.median(cost.wall_s for cost in found) for kind, found in costs.items()}
        for kind, found in costs.items():
            cpu_s = statistics.median(cost.cpu_s for cost in found)
            print(
                f"{' '.join([script, *words])}: {kind} {walls[kind] * 1000:.0f} ms, {cpu_s * 1000:.0f} ms of processor"
            )
        ratio = walls["Kafka's"] / walls["ours"]
        print(f"    {ratio:.1f} times as fast (median of {rounds})")


def compare_pipes(commands: Commands, bootstrap: str, folder: Path, records: int) -> None:
    """Print the rates of the console tools for records of 100 bytes, and of the perf tools."""
    lines = folder / "lines"
    lines.write_text(("x" * RECORD_BYTES + "\n") * records)
    for kind, command in (("ours", commands.ours), ("Kafka's", commands.kafkas)):
        topic = f"piped-{'ours' if kind == 'ours' else 'kafkas'}"
        create = ["--create", "--topic", topic, "--partitions", "1", "--replication-factor", "1"]
        run_once([*command("kafka-topics"), "--bootstrap-server", bootstrap, *create])
        where = ["--bootstrap-server", bootstrap, "--topic", topic]
        read = [*where, "--from-beginning", "--max-messages", str(records)]
        sizes = ["--topic", topic, "--num-records", str(records), "--record-size", str(RECORD_BYTES)]
        flat_out = ["--throughput", "-1", "--producer-props", f"bootstrap.servers={bootstrap}"]
        runs = (
            ("kafka-console-producer", where, lines),
            ("kafka-console-consumer", read, None),
            ("kafka-producer-perf-test", [*sizes, *flat_out], None),
            ("kafka-consumer-perf-test", [*where, "--messages", str(records)], None),
        )
        for script, words, stdin in runs:
            cost = run_once([*command(script), *words], stdin)
            print(f"{script}: {kind} {records / cost.wall_s:,.0f} records/s, {cost.cpu_s:.1f} s of processor")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.tools")
    parser.add_argument("--broker", choices=["ottla", "kafka"], default="ottla")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--starts-only", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        start = start_kafka if options.broker == "kafka" else start_ottla
        broker = start(BrokerSettings(folder / "data", folder / "broker"))
        try:
            install_scripts([str(folder / "bin"), "--without-suffix"])
            commands = Commands(folder / "bin")
            compare_starts(commands, broker.bootstrap, options.rounds)
            if not options.starts_only:
                compare_pipes(commands, broker.bootstrap, folder, options.records)
        finally:
            broker.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
