"""Runs jobs in helper processes, and tells the loop what became of them.

The law: what computes long is a function from files to files, and runs where it takes neither the interpreter nor the
first call on a processor away from the event loop. A helper is a fresh interpreter that imports what its job needs;
it is started for a job, does the jobs that wait when it is done, and ends when none does, so that a broker at rest
has no second process. Nothing here waits: a helper that dies in whatever way fails the job that it had.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from ottla.completion import Completion
from ottla.processes.frames import (
    ANSWER_LIMIT_BYTES,
    REQUEST_LIMIT_BYTES,
    Done,
    Failed,
    FrameError,
    Logged,
    request_frame,
    take_frame,
    unpickle,
)
from ottla.tasks import Tasks
from ottla.telemetry.logging import log_for_other_process, lowest_level

Q = TypeVar("Q")
R = TypeVar("R")

logger = logging.getLogger("ottla.processes")

NICENESS = 10
"""What the broker does for its clients goes first, and yet the work gets on where all processors are busy."""

QUEUE_LIMIT = 1000
"""Jobs that may wait for a process. Whoever has more to do than processes gives a next job when one is done."""

READ_BYTES = 64 * 1024
"""Read from a helper in one turn of the loop."""

REAP_AFTER_MS = 2
"""How soon to look again for the end of a helper whose socket is closed: the kernel is at it already."""

REAP_AFTER_LIMIT_MS = 200
"""How rarely, at most: where it hangs in a disk that stalls, the end may take long."""

_CHILD_MODULE = "ottla.processes.child"
_HELD_BACK = (signal.SIGINT, signal.SIGTERM)


class HelperError(Exception):
    """A job that has no result; the text names the job and says what has become of it."""


class HelpersClosedError(HelperError):
    """A job that was not finished, since the helpers were closed: the broker stops."""


@dataclass(slots=True)
class _Job:
    name: str
    frame: bytes
    completion: Completion[Any]


@dataclass(slots=True, eq=False)
class _Helper:
    process: subprocess.Popen[bytes]
    channel: socket.socket
    job: _Job | None = None
    is_ending: bool = False
    """Whether it gets no further job: it was told to end, or killed."""
    complaint: str | None = None
    """What it did wrong, where it was killed for that."""
    received: bytearray = field(default_factory=bytearray)


class HelperProcesses:
    """At most `limit` processes at once, which do one job after the other; to be used on the loop's thread.

    `niceness` is how far they stand behind the broker, and all other processes, where processors are short.
    """

    def __init__(self, tasks: Tasks, *, limit: int, niceness: int = NICENESS) -> None:
        self._tasks = tasks
        self._niceness = niceness
        self._limit = limit
        self._helpers: list[_Helper] = []
        self._waiting: deque[_Job] = deque()
        self._closed: Completion[None] | None = None

    @property
    def process_ids(self) -> list[int]:
        """The processes that there are now."""
        return [helper.process.pid for helper in self._helpers]

    def run(self, job: Callable[[Q], R], request: Q) -> Completion[R]:
        """Call `job(request)` in a helper process, after the jobs given before, and return what it returns.

        `job` is a function of a module; request and result can be pickled, within `REQUEST_LIMIT_BYTES` and
        `ANSWER_LIMIT_BYTES`. Fails with HelperError where it raises, where the process dies, where the request cannot
        be sent or too many jobs wait; with HelpersClosedError once the helpers are closed.
        """
        name = f"{job.__module__}.{job.__qualname__}"
        if self._closed is not None:
            return Completion.failed(HelpersClosedError(f"{name} was not begun: the helpers are closed"))
        if len(self._waiting) >= QUEUE_LIMIT:
            return Completion.failed(HelperError(f"{name} was not begun: {QUEUE_LIMIT} jobs wait already"))
        try:
            frame = request_frame(job, request)
        except FrameError as error:
            return Completion.failed(HelperError(f"{name} was not begun, its request is no good: {error}"))
        completion: Completion[R] = Completion()
        self._waiting.append(_Job(name, frame, completion))
        self._give_jobs()
        return completion

    def resize(self, limit: int) -> None:
        """Let `limit` jobs run at once from now on; those that run beyond it are done to their end."""
        self._limit = limit
        self._give_jobs()

    def abort(self, completion: Completion[Any]) -> None:
        """Give up the job with this completion, which fails at once, and kill its process."""
        for job in self._waiting:
            if job.completion is completion:
                self._waiting.remove(job)
                job.completion.fail(HelperError(f"{job.name} was given up"))
                return
        for helper in self._helpers:
            given = helper.job
            if given is not None and given.completion is completion:
                helper.job = None
                self._kill(helper, "was not needed any more")
                given.completion.fail(HelperError(f"{given.name} was given up"))
                return

    def close(self) -> Completion[None]:
        """Kill what runs and refuse what comes; every job that is not done fails at once.

        Done when the processes are gone, so that nobody writes any more.
        """
        if self._closed is not None:
            return self._closed
        self._closed = Completion()
        unfinished = [*self._take_jobs_of_helpers(), *self._waiting]
        self._waiting.clear()
        for helper in self._helpers:
            helper.process.kill()
        for job in unfinished:
            job.completion.fail(HelpersClosedError(f"{job.name} was not finished: the helpers are closed"))
        self._look_whether_closed()
        return self._closed

    def _take_jobs_of_helpers(self) -> Iterator[_Job]:
        for helper in self._helpers:
            job, helper.job = helper.job, None
            if job is not None:
                yield job

    def _give_jobs(self) -> None:
        """Give waiting jobs to helpers that have none, and to new ones."""
        while self._waiting and sum(each.job is not None for each in self._helpers) < self._limit:
            free = (helper for helper in self._helpers if helper.job is None and not helper.is_ending)
            helper = next(free, None)
            if helper is None and len(self._helpers) >= self._limit:
                return
            job = self._waiting.popleft()
            try:
                helper = helper or self._start()
            except OSError as error:
                reason = f"{job.name} was not begun, no process can be started: {error}"
                job.completion.fail(HelperError(reason))
                continue
            helper.job = job
            self._send(helper, job.frame)

    def _start(self) -> _Helper:
        """Start a process. Raises OSError."""
        ours, theirs = socket.socketpair()
        try:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * REQUEST_LIMIT_BYTES)
            ours.setblocking(False)
            process = start_child(theirs, self._niceness)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        helper = _Helper(process, ours)
        self._helpers.append(helper)
        self._tasks.loop.add_reader(ours, self._read, helper)
        logger.debug("Started the helper process %d", process.pid)
        return helper

    def _send(self, helper: _Helper, frame: bytes) -> None:
        try:
            is_whole = helper.channel.send(frame) == len(frame)
        except OSError:  # it has died, which is about to be read
            is_whole = False
        if not is_whole:
            self._kill(helper, "takes no request")

    def _read(self, helper: _Helper) -> None:
        try:
            received = helper.channel.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            received = b""
        if not received:
            self._tasks.loop.remove_reader(helper.channel)
            helper.channel.close()
            # It is dying already, unless it has only closed its end; a status that it has is not changed by this.
            self._kill(helper, helper.complaint)
            self._reap(helper, REAP_AFTER_MS)
        elif helper.complaint is None:
            helper.received += received
            try:
                while (content := take_frame(helper.received, ANSWER_LIMIT_BYTES)) is not None:
                    self._take(helper, unpickle(content))
            except FrameError as error:
                self._kill(helper, f"sent what is no message: {error}")

    def _kill(self, helper: _Helper, complaint: str | None) -> None:
        helper.is_ending = True
        helper.complaint = complaint
        helper.process.kill()

    def _take(self, helper: _Helper, message: object) -> None:
        """Do what a message says. Raises FrameError for one that does not belong here."""
        if isinstance(message, Logged):
            log_for_other_process(message.logger, message.level, message.text)
            return
        job, helper.job = helper.job, None
        if job is None:
            if self._closed is None:
                raise FrameError("an answer without a job")
            return
        if isinstance(message, Done):
            job.completion.resolve(message.value)
        elif isinstance(message, Failed):
            logger.error("%s failed in a helper process:\n%s", job.name, message.traceback)
            job.completion.fail(HelperError(f"{job.name} failed: {message.kind}: {message.text}"))
        else:
            helper.job = job
            raise FrameError(f"a {type(message).__name__}")
        if helper.job is None:
            self._give_jobs()
        if helper.job is None and not helper.is_ending:
            helper.is_ending = True
            helper.channel.shutdown(socket.SHUT_WR)

    def _reap(self, helper: _Helper, again_after_ms: int) -> None:
        """Take note of the end of a process, and fail the job that it had."""
        status = helper.process.poll()
        if status is None:
            next_ms = min(2 * again_after_ms, REAP_AFTER_LIMIT_MS)
            self._tasks.call_later(again_after_ms, partial(self._reap, helper, next_ms))
            return
        self._helpers.remove(helper)
        logger.debug("The helper process %d has ended with %s", helper.process.pid, describe_exit(status))
        job, helper.job = helper.job, None
        if job is not None:
            how = helper.complaint or f"ended with {describe_exit(status)}"
            error = HelperError(f"{job.name} has no result: its process {helper.process.pid} {how}")
            job.completion.fail(error)
        self._give_jobs()
        self._look_whether_closed()

    def _look_whether_closed(self) -> None:
        if self._closed is not None and not self._helpers and not self._closed.done:
            self._closed.resolve(None)


def start_child(channel: socket.socket, niceness: int) -> subprocess.Popen[bytes]:
    """Start a helper process whose standard input is its end of the channel. Raises OSError.

    It is in a process group of its own and has SIGINT and SIGTERM held back, so that only the broker, whom a terminal
    or a supervisor has told to stop, decides when it ends. It finds modules where this process does.
    """
    paths = os.pathsep.join(path for path in sys.path if path)
    held_back = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
    try:
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-P", "-m", _CHILD_MODULE, *map(str, (os.getpid(), lowest_level(), niceness))],
            stdin=channel.fileno(),
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
            process_group=0,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held_back)


def describe_exit(status: int) -> str:
    """Return what the exit status of a process means: a code, or the signal that has killed it."""
    return f"exit code {status}" if status >= 0 else f"signal {signal.Signals(-status).name}"
