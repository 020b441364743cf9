import asyncio
import logging
import threading

import pytest

from ottla.tasks import Tasks


def test_a_failed_task_is_logged_under_its_name(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("why")

    async def scenario() -> None:
        task = Tasks(asyncio.get_running_loop()).spawn("flush orders-0", fail())
        await asyncio.wait([task])

    with caplog.at_level(logging.ERROR, "ottla.tasks"):
        asyncio.run(scenario())
    assert [record.getMessage() for record in caplog.records] == ["Task flush orders-0 failed"]
    assert isinstance((caplog.records[0].exc_info or (None, None))[1], ValueError)


def test_cancelling_ends_every_task_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []

    async def wait(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def scenario() -> None:
        tasks = Tasks(asyncio.get_running_loop())
        started = asyncio.Event()
        tasks.spawn("a", wait("a"))
        tasks.spawn("b", wait("b"))
        tasks.call_soon(started.set)
        await started.wait()
        await tasks.cancel_all()

    asyncio.run(scenario())
    assert sorted(ended) == ["a", "b"]
    assert not caplog.records


def test_timers_can_be_forgotten_and_other_threads_can_call() -> None:
    called: list[str] = []

    async def scenario() -> None:
        tasks = Tasks(asyncio.get_running_loop())
        forgotten = tasks.call_later(0, lambda: called.append("forgotten"))
        forgotten.cancel()
        done = asyncio.Event()
        tasks.call_later(0, lambda: called.append("timer"))
        thread = threading.Thread(target=tasks.call_soon_threadsafe, args=(done.set,))
        thread.start()
        await done.wait()
        thread.join()
        after_timer = asyncio.Event()
        tasks.call_later(0, after_timer.set)
        await after_timer.wait()

    asyncio.run(scenario())
    assert called == ["timer"]


def test_a_call_after_the_end_of_the_loop_is_forgotten() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    Tasks(loop).call_soon_threadsafe(lambda: None)
    assert loop.is_closed()
