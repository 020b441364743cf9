"""Who runs the writes of a log directory: the loop itself while they are fast, a thread while they are not.

A write to the page cache takes some microseconds, so handing it to a thread would cost more than the write. A
disk that stalls makes a write take seconds, and then nothing else may wait for it. So work runs inline until one
piece was slow; then a thread runs what comes, strictly in order, until the queue is empty and the last piece was
fast again. Appends are never reordered: while anything is queued nothing runs inline.

Flushes always run on a thread, of their own: an fsync waits for the disk by its nature, and appends go on beside it.
What needs no order at all, as making and closing many logs, runs on several threads: a disk syncs many files at once
in little more than the time of one.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.tasks import Tasks

T = TypeVar("T")

logger = logging.getLogger("ottla.partitions.writer")

SLOW_WRITE_S = 0.020
"""A write that takes longer sends the next ones to the thread: a loop that rests 20 ms is still a responsive one."""

QUEUE_LIMIT = 10_000
"""Pieces of work that may wait for a stalled disk. Every connection has at most one request under way, so only many
partitions in one request come near; more are refused with KAFKA_STORAGE_ERROR, which clients retry."""

THREADS_APART = 4
"""Threads for work without order. Measured with 2 cores: 2 threads make logs 1.5 times as fast as one, 4 twice as fast,
8 no faster than 4."""

CLOSING = "the data directory is being closed"

_Job = tuple[Callable[[], Any], Completion[Any]]


class WorkerThread:
    """One thread that runs jobs in order and gives their results back on the loop."""

    def __init__(self, name: str, tasks: Tasks, when_idle: Callable[[], None]) -> None:
        self._tasks = tasks
        self._when_idle = when_idle
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._has_started = False
        self._is_closed = False
        self.waiting = 0
        """Jobs given and not finished, as the loop has seen so far."""
        self.finished = 0
        """Jobs finished since the start."""
        self.last_took_s = 0.0

    def submit(self, work: Callable[[], T]) -> Completion[T]:
        """Run `work` after everything given before; the completion is done on the loop."""
        if self._is_closed:
            return _refused(CLOSING)
        if self.waiting >= QUEUE_LIMIT:
            return _refused(f"{QUEUE_LIMIT} writes wait for the disk already")
        if not self._has_started:
            self._has_started = True
            self._thread.start()
        completion: Completion[T] = Completion()
        self.waiting += 1
        self._jobs.put((work, completion))
        return completion

    def close(self) -> None:
        """Let the thread end after the jobs that it has; does not wait for it."""
        self._is_closed = True
        if self._has_started:
            self._jobs.put(None)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, completion = job
            begun = time.monotonic()
            value: Any = None
            failure: BaseException | None = None
            try:
                value = work()
            except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the completion
                failure = error
            took_s = time.monotonic() - begun
            self._tasks.call_soon_threadsafe(self._finisher(completion, value, failure, took_s))

    def _finisher(
        self, completion: Completion[Any], value: Any, failure: BaseException | None, took_s: float
    ) -> Callable[[], None]:
        def finish() -> None:
            self.waiting -= 1
            self.finished += 1
            self.last_took_s = took_s
            if failure is not None:
                completion.fail(failure)
            else:
                completion.resolve(value)
            if not self.waiting:
                self._when_idle()

        return finish


class DirectoryWriter:
    """Runs the writes and the flushes of one log directory."""

    def __init__(self, directory: str, tasks: Tasks, *, slow_write_s: float = SLOW_WRITE_S) -> None:
        self._directory = directory
        self._slow_write_s = slow_write_s
        self._writes = WorkerThread("ottla-writer", tasks, self._look_whether_drained)
        self._flushes = WorkerThread("ottla-flusher", tasks, self._look_whether_drained)
        self._apart = [
            WorkerThread(f"ottla-disk-{number}", tasks, self._look_whether_drained)
            for number in range(THREADS_APART)
        ]
        self.is_threaded = False
        """Whether writes go to the thread now, because one was slow; for others to read."""
        self._is_closed = False
        self._drained: Completion[None] | None = None

    @property
    def finished(self) -> int:
        """How many jobs the threads have finished: a number that grows for as long as the disk answers."""
        return sum(worker.finished for worker in self._workers())

    def waiting_jobs(self) -> dict[str, int]:
        """Return how many jobs wait or run on threads: writes, flushes, and others."""
        return {
            "write": self._writes.waiting,
            "flush": self._flushes.waiting,
            "other": sum(worker.waiting for worker in self._apart),
        }

    def submit(self, work: Callable[[], T]) -> Completion[T]:
        """Run a write, at once or after those before it. An exception of it ends up in the completion.

        Fails with KAFKA_STORAGE_ERROR when too many wait, and after a drain.
        """
        if self._is_closed:
            return _refused(CLOSING)
        if self.is_threaded:
            if self._writes.waiting or self._writes.last_took_s > self._slow_write_s:
                return self._writes.submit(work)
            self.is_threaded = False
            logger.info("Writes to %s are fast again", self._directory)
        begun = time.monotonic()
        try:
            completion = Completion.resolved(work())
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the completion
            completion = Completion.failed(error)
        took_s = time.monotonic() - begun
        if took_s > self._slow_write_s:
            self.is_threaded = True
            self._writes.last_took_s = took_s
            logger.warning(
                "A write to %s took %d ms; the next go to a thread", self._directory, took_s * 1000
            )
        return completion

    def submit_flush(self, work: Callable[[], T]) -> Completion[T]:
        """Run work that waits for the disk, an fsync, in order with other flushes and beside the writes.

        Fails with KAFKA_STORAGE_ERROR when too many wait, and after a drain.
        """
        if self._is_closed:
            return _refused(CLOSING)
        return self._flushes.submit(work)

    def submit_apart(self, work: Callable[[], T]) -> Completion[T]:
        """Run work that waits for the disk beside everything else, also beside other such work.

        Fails with KAFKA_STORAGE_ERROR when too much waits. A drain does not refuse it: logs are closed so.
        """
        return min(self._apart, key=lambda worker: worker.waiting).submit(work)

    def drain(self) -> Completion[None]:
        """Return a completion that is done once nothing is under way any more, neither what has followed from it.

        At that moment the writer closes for writes and flushes, so that whoever waited for it finds the logs at rest.
        """
        if self._drained is None:
            self._drained = Completion()
            self._look_whether_drained()
        return self._drained

    def close(self) -> None:
        """Take no further work; what was given is still done."""
        self._is_closed = True
        for worker in self._workers():
            worker.close()

    def _workers(self) -> Iterator[WorkerThread]:
        yield self._writes
        yield self._flushes
        yield from self._apart

    def _look_whether_drained(self) -> None:
        drained = self._drained
        if drained is not None and not drained.done and not any(worker.waiting for worker in self._workers()):
            self._is_closed = True
            drained.resolve(None)


def _refused(reason: str) -> Completion[Any]:
    return Completion.failed(KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, reason))
