from __future__ import annotations

import asyncio
import hashlib
import logging
import time

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


def test_the_wait_for_a_processor_only_grows() -> None:
    before = waited_for_processor_ms()
    assert before >= 0
    assert waited_for_processor_ms() >= before
