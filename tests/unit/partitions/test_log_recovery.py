"""The logs of a directory recovered in helper processes: which, how many at once, and what becomes of failures."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.support.logs import LogDriver, load_request, topic_config

from ottla.config.broker import embedded_broker_config
from ottla.partitions import log_recovery
from ottla.partitions.log_recovery import LogRecovery, usable_processors
from ottla.processes.helper_processes import HelpersClosedError
from ottla.server.broker import settled
from ottla.storage.files import FileSystem
from ottla.storage.log_recovery import LoadRequest
from ottla.tasks import Tasks

TIMEOUT_S = 60
SIZES = [3, 1, 4, 2]


@pytest.fixture
def requests(tmp_path: Path) -> list[LoadRequest]:
    """Give logs of some KiB that nobody closed, and one that is empty."""
    return [request_for(tmp_path / f"t-{number}", size) for number, size in enumerate([*SIZES, 0])]


def request_for(directory: Path, batches: int) -> LoadRequest:
    driver = LogDriver(directory, topic_config())
    for _ in range(batches):
        driver.append(bytes(1000))
    return load_request(directory)


@pytest.fixture(autouse=True)
def every_log_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_recovery, "JOB_FROM_BYTES", 1)


def run(scenario: Callable[[LogRecovery], Awaitable[None]], **options: str) -> None:
    async def bounded() -> None:
        recovery = recovery_of(**options)
        try:
            await asyncio.wait_for(scenario(recovery), TIMEOUT_S)
        finally:
            await asyncio.wait_for(settled(recovery.close()), TIMEOUT_S)

    asyncio.run(bounded())


def recovery_of(beside_from_bytes: int = 1, **options: str) -> LogRecovery:
    config = embedded_broker_config(options)
    tasks = Tasks(asyncio.get_running_loop())
    return LogRecovery(tasks, FileSystem(), config, beside_from_bytes=beside_from_bytes)


def test_the_largest_logs_are_recovered_first_and_all_are_told(
    requests: list[LoadRequest], caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(recovery: LogRecovery) -> None:
        recovering = recovery.run(requests)
        assert len(recovery.process_ids) == 1
        recovered = await settled(recovering)
        assert {path.name: each.log_end_offset for path, each in recovered.items()} == {
            f"t-{number}": size for number, size in enumerate(SIZES)
        }

    with caplog.at_level("DEBUG"):  # so small a log is no news otherwise
        run(scenario, **{"num.recovery.threads.per.data.dir": "1"})
    lines = [record.getMessage() for record in caplog.records if record.name == "ottla.partitions"]
    assert lines[0].startswith("Recovering ")
    assert [line.split()[3] for line in lines[1:]] == ["t-2", "t-0", "t-3", "t-1"]
    assert "with 1 segments and log-end-offset 4 (1/4 completed in" in lines[1]
    assert "Recovering unflushed segment 0. 0/1 recovered for t-2." in caplog.text


@pytest.mark.parametrize("option", [1, 2, 50])
def test_as_many_processes_as_the_option_allows_and_processors_are_there(
    requests: list[LoadRequest], option: int
) -> None:
    async def scenario(recovery: LogRecovery) -> None:
        recovering = recovery.run(requests)
        assert len(recovery.process_ids) == min(option, usable_processors(), len(SIZES))
        await settled(recovering)

    run(scenario, **{"num.recovery.threads.per.data.dir": str(option)})


def test_little_to_recover_starts_no_process(requests: list[LoadRequest]) -> None:
    async def scenario(_: LogRecovery) -> None:
        total = sum(log_recovery.bytes_to_recover(FileSystem(), request) for request in requests)
        few = recovery_of(beside_from_bytes=total + 1)
        assert few.run(requests).result() == {}
        assert few.process_ids == []
        enough = recovery_of(beside_from_bytes=total)
        assert not enough.run(requests).done
        await settled(enough.close())

    run(scenario)


def test_small_logs_are_left_to_the_broker(
    requests: list[LoadRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_recovery, "JOB_FROM_BYTES", 3000)

    async def scenario(recovery: LogRecovery) -> None:
        recovered = await settled(recovery.run(requests))
        assert {path.name for path in recovered} == {"t-0", "t-2"}

    run(scenario)


def test_a_log_that_no_helper_can_recover_is_left_to_the_broker(
    requests: list[LoadRequest], caplog: pytest.LogCaptureFixture
) -> None:
    segment = next(requests[0].directory.glob("*.log"))
    segment.rename(segment.with_suffix(".log.swap"))  # a finished replacement, which must be sound
    other = segment.with_name(segment.name.replace("0.log", "9.log"))
    other.write_bytes(bytes(5000))
    segment.with_suffix(".log.swap").write_bytes(bytes(5000))

    async def scenario(recovery: LogRecovery) -> None:
        recovered = await settled(recovery.run(requests))
        assert {path.name for path in recovered} == {"t-1", "t-2", "t-3"}

    run(scenario)
    (warning,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert f"Recovering {requests[0].directory} in the broker itself" in warning.getMessage()
    assert "UnusableLogError" in warning.getMessage()


def test_where_no_process_can_be_started_the_broker_recovers_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as would go too deep if each failure began the next job."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    first = request_for(tmp_path / "t-0", 1)

    async def scenario(recovery: LogRecovery) -> None:
        assert await settled(recovery.run([first] * 2000)) == {}

    run(scenario)


def test_closing_gives_up(requests: list[LoadRequest]) -> None:
    async def scenario(recovery: LogRecovery) -> None:
        recovering = recovery.run(requests)
        closing = recovery.close()
        assert isinstance(recovering.error, HelpersClosedError)
        await settled(closing)
        assert recovery.process_ids == []

    run(scenario)


def test_a_start_that_was_interrupted_before_recovers_nothing(requests: list[LoadRequest]) -> None:
    async def scenario(recovery: LogRecovery) -> None:
        recovery.close()
        assert isinstance(recovery.run(requests).error, HelpersClosedError)

    run(scenario)


def test_a_helper_that_is_killed_leaves_its_log_to_the_broker(
    requests: list[LoadRequest], caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(recovery: LogRecovery) -> None:
        recovering = recovery.run(requests)
        os.kill(recovery.process_ids[0], signal.SIGKILL)
        recovered = await settled(recovering)
        assert {path.name for path in recovered} == {"t-0", "t-1", "t-3"}

    run(scenario, **{"num.recovery.threads.per.data.dir": "1"})
    assert "t-2 in the broker itself" in caplog.text
    assert "signal SIGKILL" in caplog.text
