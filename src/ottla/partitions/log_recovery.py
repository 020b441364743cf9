"""Recovers the logs of a data directory beside the loop, before they are opened.

The law: after a crash a broker hears its signals while its logs are recovered. Where little is to be recovered nothing
happens here, since starting a process takes as long; where it is much, helper processes recover the logs, the largest
first so that the last ones end together. What a helper could not do is done when the log is opened, in the broker.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from ottla.completion import Completion
from ottla.config.resolved import BrokerConfig
from ottla.processes.helper_processes import HelperProcesses, HelpersClosedError
from ottla.storage.files import FileSystem
from ottla.storage.log_loader import RecoveredLog
from ottla.storage.log_recovery import LoadRequest, bytes_to_recover, recover_log
from ottla.tasks import Tasks

logger = logging.getLogger("ottla.partitions")

RECOVER_BESIDE_FROM_BYTES = 8 * 1024 * 1024
"""Bytes to recover in all from which on helpers do it. Measured: a helper takes 0.1 s more than the broker, which
recovers 8 MiB in 0.2 to 0.4 s where each batch has one record of 100 bytes, in 0.04 s where it has ten."""

JOB_FROM_BYTES = 64 * 1024
"""A log with less is recovered when it is opened: 4 ms at worst, for which no message need be sent to and fro."""

Recovered = Mapping[Path, RecoveredLog]
"""What is known of recovered logs, by directory."""


class LogRecovery:
    """The recovery of one data directory; to be run once."""

    def __init__(
        self,
        tasks: Tasks,
        files: FileSystem,
        config: BrokerConfig,
        *,
        beside_from_bytes: int = RECOVER_BESIDE_FROM_BYTES,
    ) -> None:
        self._files = files
        self._beside_from_bytes = beside_from_bytes
        self._at_once = min(config.num_recovery_threads_per_data_dir, usable_processors())
        # There are no clients yet who must not notice it, only those who wait for it.
        self._helpers = HelperProcesses(tasks, limit=self._at_once, niceness=0)
        self._recovered: dict[Path, RecoveredLog] = {}
        self._waiting: Iterator[LoadRequest] = iter(())
        self._count = self._begun = self._finished = 0
        self._is_giving = False
        self._completion: Completion[Recovered] = Completion()

    @property
    def most_bytes_elsewhere(self) -> int:
        """Bytes up to which whoever opens a log recovers it; with more it is for `run`."""
        return JOB_FROM_BYTES - 1

    @property
    def process_ids(self) -> list[int]:
        """The helper processes that there are now."""
        return self._helpers.process_ids

    def run(self, requests: Sequence[LoadRequest]) -> Completion[Recovered]:
        """Recover the logs for which that pays; done with those that were recovered.

        Fails with HelpersClosedError after `close`.
        """
        sizes = [(self._bytes_to_recover(request), request) for request in requests]
        jobs = [each for each in sizes if each[0] >= JOB_FROM_BYTES]
        total = sum(size for size, _ in sizes)
        if total < self._beside_from_bytes or not jobs:
            return Completion.resolved({})
        jobs.sort(key=lambda each: each[0], reverse=True)
        logger.info(
            "Recovering %d bytes, those of the %d largest logs in %d processes",
            total,
            len(jobs),
            self._at_once,
        )
        self._count = len(jobs)
        self._waiting = (request for _, request in jobs)
        self._give_jobs()
        return self._completion

    def close(self) -> Completion[None]:
        """Give up what is not done; done when no helper writes any more. The logs can be recovered again."""
        return self._helpers.close()

    def _bytes_to_recover(self, request: LoadRequest) -> int:
        try:
            return bytes_to_recover(self._files, request)
        except OSError:
            return 0  # whoever opens it finds out, and has the partition offline

    def _give_jobs(self) -> None:
        """Give jobs, one more than run at once: a helper that is done goes on while the loop hears of its result."""
        if self._is_giving:
            return  # a job that has failed at once is no reason to go deeper
        self._is_giving = True
        while self._begun - self._finished <= self._at_once:
            request = next(self._waiting, None)
            if request is None:
                break
            self._begun += 1
            self._helpers.run(recover_log, request).on_done(partial(self._take, request.directory))
        self._is_giving = False

    def _take(self, directory: Path, recovery: Completion[RecoveredLog]) -> None:
        self._finished += 1
        if self._completion.done:
            return
        if recovery.error is None:
            recovered = self._recovered[directory] = recovery.result()
            logger.info(
                "Completed recovery of %s with %d segments and log-end-offset %d (%d/%d completed in %s)",
                directory.name,
                recovered.segment_count,
                recovered.log_end_offset,
                self._finished,
                self._count,
                directory.parent,
            )
        elif isinstance(recovery.error, HelpersClosedError):
            self._completion.fail(recovery.error)
            return
        else:
            logger.warning("Recovering %s in the broker itself: %s", directory, recovery.error)
        if self._finished == self._count:
            self._completion.resolve(self._recovered)
        else:
            self._give_jobs()


def usable_processors() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return os.cpu_count() or 1 if affinity is None else len(affinity(0))
