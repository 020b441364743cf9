"""What the quick answers of the command line load."""

import json
import subprocess
import sys

import pytest
from tests.tidy.sources import ROOT

_SCRIPT = """
import json, sys
from ottla.cli.main import main
main([{argument!r}])
print(json.dumps(sorted(sys.modules)))
"""

OWN_MODULES = {"ottla", "ottla.cli", "ottla.cli.common", "ottla.cli.main", "ottla.cli.tools", "ottla.version"}
HEAVY_MODULES = {"argparse", "asyncio", "dataclasses", "logging", "socket", "ssl", "uvloop", "yaml"}


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_a_quick_answer_loads_almost_nothing(argument: str) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, 'src'){_SCRIPT.format(argument=argument)}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert {name for name in loaded if name.split(".")[0] == "ottla"} == OWN_MODULES
    assert not loaded & HEAVY_MODULES


_METADATA_ONLY = """
import asyncio, json, sys, tempfile
from ottla.clock import SystemClock
from ottla.config.broker import embedded_broker_config
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.metadata import MetadataRequest
from ottla.server.broker import Broker
from ottla.tasks import Tasks
from tests.support.raw_client import RawClient

def ask(port):
    with RawClient(port) as client:
        assert client.ask(ApiKey.METADATA, 12, MetadataRequest(topics=None)).brokers

async def main(directory):
    listeners = "PLAINTEXT://localhost:0,CONTROLLER://localhost:0"
    config = embedded_broker_config({"log.dirs": directory + "/data", "listeners": listeners})
    broker = Broker(config, SystemClock(), Tasks(asyncio.get_running_loop()))
    await broker.start()
    try:
        await asyncio.to_thread(ask, broker.port("PLAINTEXT"))
        print(json.dumps(sorted(sys.modules)))
    finally:
        await broker.stop()

with tempfile.TemporaryDirectory() as directory:
    asyncio.run(main(directory))
"""

ONLY_WITH_METRICS = {
    "http.server",
    "prometheus_client",
    "ottla.telemetry.metrics",
    "ottla.telemetry.prometheus",
}
"""What a broker that nobody measures does not load."""

MOST_MODULES_FOR_METADATA = 202
"""A broker that has answered nothing but Metadata; what loads more makes every start longer."""


def test_a_broker_that_is_asked_for_metadata_loads_no_other_handler() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path[:0] = ['src', '.']{_METADATA_ONLY}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    everything = set(json.loads(done.stdout.splitlines()[-1]))
    loaded = {name for name in everything if name.split(".")[0] == "ottla"}
    assert not everything & ONLY_WITH_METRICS
    handlers = {name.rsplit(".", 1)[1] for name in loaded if name.startswith("ottla.handlers.")}
    assert handlers == {
        "authorized_operations",
        "context",
        "metadata",
        "outcome",
        "registry",
        "topic_answers",
    }
    assert len(loaded) <= MOST_MODULES_FOR_METADATA
