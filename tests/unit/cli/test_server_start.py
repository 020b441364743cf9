"""kafka-server-start.sh and kafka-server-stop.sh with a broker between them, all of them real processes."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.ports import free_port
from tests.support.processes import FollowedProcess
from tests.support.waiting import eventually

from ottla.cli.main import main
from ottla.cli.server_stop import running_servers

READY_WORDS = "Kafka Server started"
TIMEOUT_S = 60.0


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """Give a folder with launchers, beside which daemons have their logs."""
    folder = tmp_path / "kafka" / "bin"
    assert main(["install-scripts", str(folder)]) == 0
    return folder


@pytest.fixture
def properties(tmp_path: Path) -> Path:
    """Give a configuration of a node of its own."""
    port, controller_port = free_port(), free_port()
    path = tmp_path / "server.properties"
    path.write_text(
        "process.roles=broker,controller\nnode.id=4711\ncontroller.listener.names=CONTROLLER\n"
        f"controller.quorum.voters=4711@localhost:{controller_port}\n"
        f"listeners=PLAINTEXT://localhost:{port},CONTROLLER://localhost:{controller_port}\n"
        f"log.dirs={tmp_path / 'data'}\n"
    )
    return path


@pytest.fixture(autouse=True)
def none_is_left(properties: Path) -> Iterator[None]:
    """End what a failed test leaves running."""
    yield
    for server in running_servers():
        if server.config == properties:
            os.kill(server.process_id, 9)


def run(script: Path, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [script, *arguments], capture_output=True, text=True, check=False, cwd=cwd, timeout=TIMEOUT_S
    )


def is_running(properties: Path) -> bool:
    return any(server.config == properties for server in running_servers())


def test_a_broker_in_the_foreground_is_stopped_by_its_node_id(
    scripts: Path, properties: Path, tmp_path: Path
) -> None:
    broker = FollowedProcess(
        [str(scripts / "kafka-server-start.sh"), str(properties), "--override", "num.partitions=3"],
        tmp_path / "broker.log",
    )
    broker.start()
    broker.wait_for_line(READY_WORDS, TIMEOUT_S)
    assert is_running(properties)
    stop = scripts / "kafka-server-stop.sh"
    done = run(stop, "--node-id=4712")
    assert (done.returncode, done.stdout) == (0, "")
    assert broker.running
    done = run(stop, "--node-id=4711")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert broker.end(TIMEOUT_S) == 143
    assert not is_running(properties)


def test_a_daemon_outlives_its_start_and_logs_beside_the_scripts(scripts: Path, properties: Path) -> None:
    start = scripts / "kafka-server-start.sh"
    done = run(start, "-daemon", properties.name, cwd=properties.parent)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    log = scripts.parent / "logs" / "kafkaServer.out"
    eventually(lambda: READY_WORDS in log.read_text())
    assert is_running(properties)
    assert run(scripts / "kafka-server-stop.sh", "--node-id=4711").returncode == 0
    eventually(lambda: not is_running(properties))


def test_without_arguments_the_usage_is_shown(scripts: Path) -> None:
    start = scripts / "kafka-server-start.sh"
    done = run(start)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == f"USAGE: {start} [-daemon] server.properties [--override property=value]*\n"
