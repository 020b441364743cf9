from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
import uvloop
from tests.support import helper_jobs as jobs
from tests.support.waiting import eventually

from ottla.completion import Completion
from ottla.processes import helper_processes
from ottla.processes.frames import ANSWER_LIMIT_BYTES, REQUEST_LIMIT_BYTES
from ottla.processes.helper_processes import (
    NICENESS,
    HelperError,
    HelperProcesses,
    HelpersClosedError,
)
from ottla.tasks import Tasks

T = TypeVar("T")
Scenario = Callable[[HelperProcesses], Awaitable[None]]
Run = Callable[[Scenario], None]

LIMIT = 2
TIMEOUT_S = 60


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Return what runs a scenario, on either loop, and sees that nothing is left of it."""

    async def bounded(scenario: Scenario) -> None:
        helpers = HelperProcesses(Tasks(asyncio.get_running_loop()), limit=LIMIT)
        try:
            await asyncio.wait_for(scenario(helpers), TIMEOUT_S)
        finally:
            await asyncio.wait_for(settled(helpers.close()), TIMEOUT_S)
        assert helpers.process_ids == []

    def in_loop(scenario: Scenario) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(bounded(scenario))
        gc.collect()  # a process that nobody has waited for warns now

    return in_loop


async def settled(completion: Completion[T]) -> T:
    done = asyncio.Event()
    completion.on_done(lambda _: done.set())
    await done.wait()
    return completion.result()


async def until(holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(eventually, holds)


async def computing(helpers: HelperProcesses, path: Path) -> tuple[Completion[object], int]:
    """Begin a job that never ends; return its completion and its process, which is in the middle of it."""
    completion: Completion[object] = helpers.run(jobs.compute_until_killed, str(path))
    await until(lambda: jobs.computing_process(path) is not None)
    process_id = jobs.computing_process(path)
    assert process_id is not None
    return completion, process_id


def test_a_job_returns_its_result_from_another_process_which_then_ends(run: Run) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        completion = helpers.run(jobs.add, jobs.Sum((1, 2, 39)))
        assert len(helpers.process_ids) == 1
        assert os.getpid() not in helpers.process_ids
        assert await settled(completion) == 42
        await until(lambda: helpers.process_ids == [])

    run(scenario)


def test_a_helper_loads_no_loop_and_makes_way_for_the_broker(run: Run) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        loaded = await settled(helpers.run(jobs.modules_loaded, None))
        assert {each for each in loaded if each.startswith("ottla")} == {
            "ottla",
            "ottla.processes",
            "ottla.processes.frames",
        }  # the child itself is __main__
        assert not {"asyncio", "uvloop", "socket", "subprocess", "ssl"} & set(loaded)
        assert await settled(helpers.run(jobs.niceness, None)) == min(os.nice(0) + NICENESS, 19)
        equal = HelperProcesses(Tasks(asyncio.get_running_loop()), limit=1, niceness=0)
        assert await settled(equal.run(jobs.niceness, None)) == os.nice(0)
        await settled(equal.close())

    run(scenario)


def test_as_many_jobs_run_at_once_as_there_may_be_now(run: Run, tmp_path: Path) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        begun = [await computing(helpers, tmp_path / str(number)) for number in range(LIMIT)]
        third = helpers.run(jobs.add, jobs.Sum((1,)))
        assert len(helpers.process_ids) == LIMIT
        helpers.resize(LIMIT + 1)
        assert await settled(third) == 1
        helpers.resize(1)
        fourth = helpers.run(jobs.add, jobs.Sum((2,)))
        helpers.abort(begun[0][0])
        await until(lambda: helpers.process_ids == [begun[1][1]])
        assert not fourth.done
        helpers.abort(begun[1][0])
        assert await settled(fourth) == 2

    run(scenario)


def test_a_job_that_is_given_up_fails_at_once_and_makes_room_for_the_next(run: Run, tmp_path: Path) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        begun = [await computing(helpers, tmp_path / str(number)) for number in range(LIMIT)]
        waiting = helpers.run(jobs.add, jobs.Sum((1,)))
        last = helpers.run(jobs.add, jobs.Sum((2,)))
        for completion in (waiting, begun[0][0]):
            helpers.abort(completion)
            with pytest.raises(HelperError, match="was given up"):
                completion.result()
        assert await settled(last) == 2
        assert not begun[1][0].done
        assert begun[0][1] not in helpers.process_ids

    run(scenario)


def test_no_more_than_the_limit_run_at_once_and_a_helper_goes_on_with_what_waits(run: Run) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        completions = [helpers.run(jobs.process_id, None) for _ in range(12)]
        started = set(helpers.process_ids)
        assert len(started) == LIMIT
        assert {await settled(each) for each in completions} <= started

    run(scenario)


def test_a_job_given_when_one_is_done_goes_to_the_same_process(run: Run) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        first: Completion[int] = helpers.run(jobs.process_id, None)
        second = first.then(lambda _: helpers.run(jobs.process_id, None))
        assert await settled(second) == first.result()

    run(scenario)


def test_an_exception_fails_its_job_alone_and_its_traceback_is_logged(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        failing: Completion[None] = helpers.run(jobs.fail, "what went wrong")
        with pytest.raises(HelperError, match=r"helper_jobs\.fail failed: ValueError: what went wrong"):
            await settled(failing)
        assert await settled(helpers.run(jobs.add, jobs.Sum((1,)))) == 1

    run(scenario)
    assert "Traceback" in caplog.text
    assert "raise ValueError(text)" in caplog.text


def test_a_killed_helper_fails_its_job_with_the_signal(run: Run, tmp_path: Path) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        completion, process_id = await computing(helpers, tmp_path / "computing")
        others = [helpers.run(jobs.add, jobs.Sum((number,))) for number in range(3)]
        os.kill(process_id, signal.SIGKILL)
        with pytest.raises(HelperError, match=rf"compute_until_killed .* {process_id} .* signal SIGKILL"):
            await settled(completion)
        assert [await settled(each) for each in others] == [0, 1, 2]

    run(scenario)


@pytest.mark.parametrize("job", [jobs.exit_with, jobs.die_at_once])
def test_a_job_that_was_waiting_is_done_after_others_have_died(run: Run, job: Callable[[int], None]) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        dying: list[Completion[None]] = [helpers.run(job, 3) for _ in range(LIMIT)]
        last = helpers.run(jobs.add, jobs.Sum((7,)))
        for each in dying:
            with pytest.raises(HelperError, match=r"exit code 3|signal SIGKILL"):
                await settled(each)
        assert await settled(last) == 7

    run(scenario)


def test_a_terminal_and_a_supervisor_do_not_end_a_helper(run: Run) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            assert await settled(helpers.run(jobs.signal_itself, int(number))) == "still here"

    run(scenario)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()


def test_closing_kills_what_runs_and_refuses_what_comes(run: Run, tmp_path: Path) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        running = [(await computing(helpers, tmp_path / str(number)))[0] for number in range(LIMIT)]
        waiting = helpers.run(jobs.add, jobs.Sum((1,)))
        closing = helpers.close()
        for each in (*running, waiting):
            assert isinstance(each.error, HelpersClosedError)
        assert isinstance(helpers.run(jobs.add, jobs.Sum((1,))).error, HelpersClosedError)
        await settled(closing)
        assert [jobs.computing_process(tmp_path / str(number)) for number in range(LIMIT)] == [None] * LIMIT

    run(scenario)


def test_closing_helpers_that_never_ran_is_done_at_once(run: Run) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        assert helpers.close().done
        assert helpers.close().done

    run(scenario)


def test_requests_that_cannot_be_sent_are_refused_without_a_process(run: Run) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        for job, request in (
            (jobs.print_a_line, "x" * (REQUEST_LIMIT_BYTES + 1)),
            (jobs.print_a_line, lambda: None),
            (lambda _: None, "a function without a name"),
        ):
            with pytest.raises(HelperError, match="its request is no good"):
                helpers.run(job, request).result()
        assert helpers.process_ids == []

    run(scenario)


def test_the_largest_request_arrives(run: Run) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        text = "x" * (REQUEST_LIMIT_BYTES - 200)
        assert await settled(helpers.run(jobs.print_a_line, text)) == text

    run(scenario)


@pytest.mark.parametrize(
    ("job", "request_value"),
    [(jobs.answer_what_cannot_be_sent, None), (jobs.answer_bytes, ANSWER_LIMIT_BYTES)],
)
def test_results_that_cannot_be_sent_fail_the_job(
    run: Run, job: Callable[[object], object], request_value: object
) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        with pytest.raises(HelperError, match="the result cannot be sent"):
            await settled(helpers.run(job, request_value))

    run(scenario)


@pytest.mark.parametrize("content", [b"\xff" * 20, b"\0\0\0\x05hello", b"\0\0\0\x05\x80\x05K\x07."])
def test_a_helper_that_sends_what_is_no_message_is_killed(run: Run, content: bytes) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        with pytest.raises(HelperError, match="sent what is no message"):
            await settled(helpers.run(jobs.write_to_the_channel, content))

    run(scenario)


def test_what_a_job_logs_is_in_the_log_of_the_broker(
    run: Run, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    async def scenario(helpers: HelperProcesses) -> None:
        await settled(helpers.run(jobs.log_a_line, "cut 3 bytes"))
        await settled(helpers.run(jobs.print_a_line, "printed"))

    with caplog.at_level(logging.INFO):
        run(scenario)
    lines = [(each.name, each.levelname, each.getMessage()) for each in caplog.records]
    assert lines == [("ottla.storage.recovery", "WARNING", "cut 3 bytes")]
    assert "printed" in capfd.readouterr().err


def test_too_many_jobs_are_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helper_processes, "QUEUE_LIMIT", 3)

    async def scenario(helpers: HelperProcesses) -> None:
        for number in range(LIMIT):
            await computing(helpers, tmp_path / str(number))
        given = [helpers.run(jobs.add, jobs.Sum((1,))) for _ in range(4)]
        assert [each.done for each in given] == [False, False, False, True]
        with pytest.raises(HelperError, match="3 jobs wait already"):
            given[3].result()

    run(scenario)


def test_a_system_that_starts_no_process_fails_the_jobs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    async def scenario(helpers: HelperProcesses) -> None:
        with pytest.raises(HelperError, match="no process can be started"):
            await settled(helpers.run(jobs.add, jobs.Sum((1,))))
        assert helpers.process_ids == []

    run(scenario)


def test_a_helper_that_cannot_even_begin_fails_the_job(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helper_processes, "_CHILD_MODULE", "ottla.no_such_module")

    async def scenario(helpers: HelperProcesses) -> None:
        with pytest.raises(HelperError, match=r"exit code 1|takes no request"):
            await settled(helpers.run(jobs.add, jobs.Sum((1,))))

    run(scenario)


_PARENT = """
import asyncio, sys
from ottla.processes.helper_processes import HelperProcesses
from ottla.tasks import Tasks
from tests.support.helper_jobs import compute_until_killed

async def main():
    helpers = HelperProcesses(Tasks(asyncio.get_running_loop()), limit=1)
    helpers.run(compute_until_killed, sys.argv[1])
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_a_helper_is_gone_when_its_broker_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "computing"
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        eventually(lambda: jobs.computing_process(path) is not None)
    finally:
        parent.kill()
        parent.wait()
    eventually(lambda: jobs.computing_process(path) is None)
