"""Who runs the writes of a log directory: the loop itself while they are fast, a thread while they are not.

A write to the page cache takes some microseconds, so handing it to a thread would cost more than the write. A
disk that stalls makes a write take seconds, and then nothing else may wait for it. So work runs inline until one
piece was slow; then a thread runs what comes, strictly in order, until the queue is empty and the last piece was
fast again. Appends are never reordered: while anything is queued nothing runs inline.

Flushes always run on a thread, of their own: an fsync waits for the disk by its nature, and appends go on beside it.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from ottla.completion import Completion, gather
from ottla.errors import ErrorCode, KafkaError
from ottla.tasks import Tasks

T = TypeVar("T")

logger = logging.getLogger("ottla.partitions.writer")

SLOW_WRITE_S = 0.020
"""A write that takes longer sends the next ones to the thread: a loop that rests 20 ms is still a responsive one."""

QUEUE_LIMIT = 10_000
"""Pieces of work that may wait for a stalled disk. Every connection has at most one request under way, so only many
partitions in one request come near; more are refused with KAFKA_STORAGE_ERROR, which clients retry."""

_Job = tuple[Callable[[], Any], Completion[Any]]


class WorkerThread:
    """One thread that runs jobs in order and gives their results back on the loop."""

    def __init__(self, name: str, tasks: Tasks) -> None:
        self._tasks = tasks
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._has_started = False
        self.waiting = 0
        """Jobs given and not finished, as the loop has seen so far."""
        self.last_took_s = 0.0

    def submit(self, work: Callable[[], T]) -> Completion[T]:
        """Run `work` after everything given before; the completion is done on the loop."""
        if self.waiting >= QUEUE_LIMIT:
            refusal = KafkaError(
                ErrorCode.KAFKA_STORAGE_ERROR, f"{QUEUE_LIMIT} writes wait for the disk already"
            )
            return Completion.failed(refusal)
        if not self._has_started:
            self._has_started = True
            self._thread.start()
        completion: Completion[T] = Completion()
        self.waiting += 1
        self._jobs.put((work, completion))
        return completion

    def close(self) -> None:
        """Let the thread end after the jobs that it has; does not wait for it."""
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
            self.last_took_s = took_s
            if failure is not None:
                completion.fail(failure)
            else:
                completion.resolve(value)

        return finish


class DirectoryWriter:
    """Runs the writes and the flushes of one log directory."""

    def __init__(self, directory: str, tasks: Tasks, *, slow_write_s: float = SLOW_WRITE_S) -> None:
        self._directory = directory
        self._slow_write_s = slow_write_s
        self._writes = WorkerThread("ottla-writer", tasks)
        self._flushes = WorkerThread("ottla-flusher", tasks)
        self._is_threaded = False

    @property
    def is_threaded(self) -> bool:
        """Whether writes go to the thread now, because one was slow."""
        return self._is_threaded

    def submit(self, work: Callable[[], T]) -> Completion[T]:
        """Run a write, at once or after those before it. An exception of it ends up in the completion.

        Fails with KAFKA_STORAGE_ERROR when too many wait.
        """
        if self._is_threaded:
            if self._writes.waiting or self._writes.last_took_s > self._slow_write_s:
                return self._writes.submit(work)
            self._is_threaded = False
            logger.info("Writes to %s are fast again", self._directory)
        begun = time.monotonic()
        try:
            completion = Completion.resolved(work())
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the completion
            completion = Completion.failed(error)
        took_s = time.monotonic() - begun
        if took_s > self._slow_write_s:
            self._is_threaded = True
            self._writes.last_took_s = took_s
            logger.warning(
                "A write to %s took %d ms; the next go to a thread", self._directory, took_s * 1000
            )
        return completion

    def submit_flush(self, work: Callable[[], T]) -> Completion[T]:
        """Run work that waits for the disk, an fsync, in order with other flushes and beside the writes."""
        return self._flushes.submit(work)

    def drain(self) -> Completion[list[Completion[None]]]:
        """Return a completion that is done once all work given so far is done."""
        return gather([worker.submit(_nothing) for worker in (self._writes, self._flushes) if worker.waiting])

    def close(self) -> None:
        """Take no further work; what was given is still done."""
        self._writes.close()
        self._flushes.close()


def _nothing() -> None:
    """Mark a place in a queue."""
