import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support import helper_jobs as jobs
from tests.support.waiting import eventually

from ottla.processes.child import LOGGED_TEXT_LIMIT, perform
from ottla.processes.frames import SIZE_BYTES, Done, Failed, request_frame


def test_a_job_is_performed_and_its_failure_told() -> None:
    assert perform(request_frame(jobs.add, jobs.Sum((1, 2)))[SIZE_BYTES:]) == Done(3)
    failed = perform(request_frame(jobs.fail, "x" * 2 * LOGGED_TEXT_LIMIT)[SIZE_BYTES:])
    assert isinstance(failed, Failed)
    assert failed.kind == "ValueError"
    assert len(failed.text) == LOGGED_TEXT_LIMIT
    assert len(failed.traceback) == LOGGED_TEXT_LIMIT


@pytest.mark.parametrize("content", [b"", b"cno_such_module\nname\n."])
def test_a_request_that_cannot_be_read_is_a_failure_too(content: bytes) -> None:
    failed = perform(content)
    assert isinstance(failed, Failed)
    assert failed.kind == "FrameError"


def start(parent_id: int) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-P", "-m", "ottla.processes.child", str(parent_id), "20", "0"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.Popen(command, stdin=theirs, env=environment), ours


def test_a_helper_whose_broker_closes_the_channel_ends_in_the_middle_of_its_job(tmp_path: Path) -> None:
    """What notices the death of a broker where the kernel does not tell of it."""
    path = tmp_path / "computing"
    process, channel = start(os.getpid())
    with channel:
        channel.sendall(request_frame(jobs.compute_until_killed, str(path)))
        eventually(lambda: jobs.computing_process(path) == process.pid)
    assert process.wait(60) == 0


def test_a_helper_of_somebody_else_ends_at_once() -> None:
    process, channel = start(os.getpid() + 1)
    with channel:
        assert process.wait(60) == 0
