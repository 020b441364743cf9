"""An Ottla that cannot start says why in one line on standard error, exits with 1 and loses nothing."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ottla.errors import ErrorCode
from ottla.records.batch import iterate_batches, stamp
from ottla.records.builder import NewRecord, build_batch
from tests.support.broker_process import (
    BrokerSettings,
    RunningBroker,
    ottla_command,
    ottla_environment,
)
from tests.support.plain_client import PlainClient
from tests.support.ports import free_port
from tests.system.conftest import StartBroker

COMMAND_TIMEOUT_S = 30.0

Refused = Callable[..., str]


@pytest.fixture(autouse=True)
def _only_ottla(broker_kind: str) -> None:
    if broker_kind != "ottla":
        pytest.skip("these are Ottla's own words")


def line_of(command: list[str]) -> str:
    """Run `command`, which must fail as it should, and return the one line that it wrote to standard error."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
        env={**os.environ, **ottla_environment()},
    )
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert "Traceback" not in done.stdout + line
    return line


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """Give a function that starts Ottla with settings that cannot work and returns its one line."""

    def start(data_dir: Path | None = None, port: int | None = None, **properties: str) -> str:
        options = {key.replace("_", "."): value for key, value in properties.items()}
        data_dir = data_dir or tmp_path / "data"
        return line_of(
            ottla_command(BrokerSettings(data_dir, tmp_path, port or free_port(), properties=options))
        )

    return start


def test_a_wrong_value_is_named_with_its_option(refused: Refused) -> None:
    line = refused(num_partitions="many")
    assert "num.partitions" in line
    assert "many" in line


def test_a_value_out_of_range_is_named_with_its_option(refused: Refused) -> None:
    assert "log.segment.bytes" in refused(log_segment_bytes="1")


@pytest.mark.parametrize(
    ("bad_line", "reason"),
    [
        (
            "num.partitions=many",
            "Invalid value many for configuration num.partitions: Not a number of type INT",
        ),
        ("log.segment.bytes: 1", "for configuration log.segment.bytes: Value must be at least"),
        (r"log.cleanup.policy=\u12", r"Malformed \uxxxx encoding."),
        ("ottla.metrics.prot=1", "ottla.metrics.prot is not an option of Ottla"),
    ],
)
def test_a_bad_line_of_a_file_is_named_with_file_line_and_reason(
    tmp_path: Path, bad_line: str, reason: str
) -> None:
    properties = {
        **BrokerSettings(tmp_path / "data", tmp_path).all_properties(),
        "log.dirs": tmp_path / "data",
    }
    lines = ["# written by hand", *(f"{key}={value}" for key, value in properties.items()), bad_line]
    file = tmp_path / "server.properties"
    file.write_text("\n".join(lines))
    line = line_of([sys.executable, "-m", "ottla", "server", "--config", str(file)])
    assert f"{file}:{len(lines)}" in line
    assert reason in line


def test_an_unknown_listener_name_is_named(refused: Refused) -> None:
    port = free_port()
    line = refused(listeners=f"INTERNET://localhost:{port},CONTROLLER://localhost:{free_port()}")
    assert "INTERNET" in line


def test_an_unknown_command_line_option_is_named() -> None:
    assert "--no-such-option" in line_of([sys.executable, "-m", "ottla", "server", "--no-such-option"])


def test_a_port_in_use_is_named(refused: Refused) -> None:
    with socket.create_server(("localhost", free_port())) as occupant:
        port = occupant.getsockname()[1]
        assert str(port) in refused(port=port)


def test_a_port_for_metrics_in_use_is_named(refused: Refused) -> None:
    with socket.create_server(("localhost", free_port())) as occupant:
        port = occupant.getsockname()[1]
        line = refused(ottla_metrics_port=str(port))
    assert "ottla.metrics.port" in line
    assert str(port) in line


def test_a_level_and_a_logger_that_there_are_not_are_named(refused: Refused) -> None:
    assert "'LOUD' is no log level" in refused(ottla_log_level="ottla.groups=LOUD")
    assert "there is no logger 'ottla.gruops'" in refused(ottla_log_level="ottla.gruops=DEBUG")


def test_an_option_of_our_own_that_there_is_not_is_named(refused: Refused) -> None:
    assert "ottla.metrics.prot is not an option of Ottla" in refused(ottla_metrics_prot="1")


def test_a_second_broker_on_the_same_directory_is_refused(refused: Refused, broker: RunningBroker) -> None:
    assert str(broker.data_dir) in refused(data_dir=broker.data_dir)
    assert broker.running


def test_the_directory_of_another_node_is_refused_and_left_alone(
    refused: Refused, start_broker: StartBroker, tmp_path: Path
) -> None:
    broker = start_broker()
    broker.stop()
    foreign = tmp_path / "foreign"
    shutil.copytree(broker.data_dir, foreign)
    properties = foreign / "meta.properties"
    properties.write_text(properties.read_text().replace("node.id=1", "node.id=7"))
    before = contents(foreign)
    line = refused(data_dir=foreign)
    assert "node id 7" in line
    assert contents(foreign) == before


def test_a_directory_with_foreign_files_is_refused_and_left_alone(refused: Refused, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "meta.properties").write_bytes(b"\x00\xffnot properties")
    before = contents(foreign)
    assert "meta.properties" in refused(data_dir=foreign)
    assert contents(foreign) == before


def test_a_data_directory_that_is_a_file_is_refused(refused: Refused, tmp_path: Path) -> None:
    path = tmp_path / "a-file"
    path.write_text("content")
    assert str(path) in refused(data_dir=path)
    assert path.read_text() == "content"


def contents(directory: Path) -> dict[str, bytes]:
    """Return every file below `directory`, except the lock, which any start may touch."""
    files = {str(path.relative_to(directory)): path for path in directory.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name != ".lock"}


def stopped_with_topics(
    start_broker: StartBroker, properties: dict[str, str] | None = None, *, crash: bool = False
) -> Path:
    """Return the data directory of a broker that has made topics and stopped in order, or was killed."""
    broker = start_broker(properties)
    with PlainClient(broker.port) as client:
        for number in range(5):
            assert client.create_topic(f"t{number}") == ErrorCode.NONE
    if crash:
        broker.kill()
    else:
        broker.stop()
    return broker.data_dir


@pytest.mark.parametrize("crash", [False, True])
def test_a_damaged_metadata_log_is_refused_with_its_place_and_left_alone(
    refused: Refused, start_broker: StartBroker, crash: bool
) -> None:
    data_dir = stopped_with_topics(start_broker, crash=crash)
    log = data_dir / "__cluster_metadata-0" / f"{0:020}.log"
    damaged = bytearray(log.read_bytes())
    damaged[len(damaged) // 2] ^= 0x55
    log.write_bytes(damaged)
    before = contents(data_dir)
    line = refused(data_dir=data_dir)
    assert f"{log} is damaged at offset " in line
    assert "Restore the data directory from a copy; or, to begin anew" in line
    assert contents(data_dir) == before


@pytest.mark.parametrize("crash", [False, True])
def test_a_damaged_snapshot_of_the_metadata_is_refused_and_all_is_left_alone(
    refused: Refused, start_broker: StartBroker, crash: bool
) -> None:
    often = {"metadata.log.max.record.bytes.between.snapshots": "1"}
    data_dir = stopped_with_topics(start_broker, often, crash=crash)
    snapshot = max((data_dir / "__cluster_metadata-0").glob("*-*.checkpoint"))
    damaged = bytearray(snapshot.read_bytes())
    damaged[len(damaged) // 2] ^= 0x55
    snapshot.write_bytes(damaged)
    before = contents(data_dir)
    line = refused(data_dir=data_dir)
    assert f"{snapshot} is damaged: " in line
    assert "Restore the data directory from a copy; or, to begin anew" in line
    assert contents(data_dir) == before


@pytest.mark.parametrize("kept", [0.5, 0.0])
def test_a_metadata_log_that_was_cut_is_refused_and_left_alone(
    refused: Refused, start_broker: StartBroker, kept: float
) -> None:
    data_dir = stopped_with_topics(start_broker)
    log = data_dir / "__cluster_metadata-0" / f"{0:020}.log"
    content = log.read_bytes()
    log.write_bytes(content[: int(len(content) * kept)])
    before = contents(data_dir)
    line = refused(data_dir=data_dir)
    assert "is damaged at offset" in line or "the end of the log is missing" in line
    assert contents(data_dir) == before


@pytest.mark.parametrize("crash", [False, True])
def test_a_record_of_a_newer_release_is_refused_with_offset_and_type_and_left_alone(
    refused: Refused, start_broker: StartBroker, crash: bool
) -> None:
    data_dir = stopped_with_topics(start_broker, crash=crash)
    log = data_dir / "__cluster_metadata-0" / f"{0:020}.log"
    content = log.read_bytes()
    headers = [header for _, header in iterate_batches(content)]
    # Key 29 is what the release after 4.3 writes for a controller that has gone.
    batch = build_batch([NewRecord(None, bytes.fromhex("011d0000"))], now_ms=1, leader_epoch=1)
    stamp(batch, 0, headers[-1].next_offset, headers[-1].leader_epoch)
    log.write_bytes(content + batch)
    before = contents(data_dir)
    line = refused(data_dir=data_dir)
    assert (
        f"the record at offset {headers[-1].next_offset} of the metadata log cannot be read: key 29 is no"
        in line
    )
    assert "a newer Apache Kafka may have written it" in line
    assert contents(data_dir) == before


def test_an_authorizer_refuses_the_start_as_long_as_nothing_is_enforced(refused: Refused) -> None:
    line = refused(authorizer_class_name="org.apache.kafka.metadata.authorizer.StandardAuthorizer")
    assert "authorizer.class.name" in line
    assert "without it every client may do everything" in line
