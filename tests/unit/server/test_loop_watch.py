from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import threading
import time
from pathlib import Path

import pytest

from ottla.server.loop_watch import INTERVAL_MS, LoopWatch, waited_for_processor_ms
from ottla.tasks import Tasks

LIMIT_MS = 100


def watched(hold_up_ms: int) -> None:
    """Watch a loop that computes for so long, and then comes to rest."""

    async def main() -> None:
        LoopWatch(Tasks(asyncio.get_running_loop()), LIMIT_MS).start()
        used_until = time.thread_time() + hold_up_ms / 1000
        while time.thread_time() < used_until:
            hashlib.sha256(bytes(1000)).digest()
        await asyncio.sleep(3 * INTERVAL_MS / 1000)

    asyncio.run(main())


def test_a_loop_that_is_held_up_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    watched(hold_up_ms=3 * LIMIT_MS)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "The loop was held up for" in record.message


def test_a_free_loop_is_not(caplog: pytest.LogCaptureFixture) -> None:
    watched(hold_up_ms=0)
    assert not caplog.records


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux says how long threads wait")
def test_the_wait_for_a_processor_counts_every_thread() -> None:
    """Two threads that compute share a processor that both are tied to, so that one waits while the other goes on."""
    before = waited_for_processor_ms()
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(processors)})
    try:
        threads = [threading.Thread(target=compress_for, args=(0.2,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        while all(thread.is_alive() for thread in threads) and waited_for_processor_ms() - before < 20:
            threads[0].join(0.01)
        assert waited_for_processor_ms() - before >= 20
    finally:
        for thread in threads:
            thread.join()
        os.sched_setaffinity(0, processors)


def compress_for(seconds: float) -> None:
    """Compute outside of the interpreter's lock."""
    used_until = time.thread_time() + seconds
    while time.thread_time() < used_until:
        hashlib.sha256(bytes(1_000_000)).digest()
