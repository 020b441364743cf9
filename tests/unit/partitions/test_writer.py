from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.partitions import writer
from ottla.partitions.writer import DirectoryWriter
from ottla.tasks import Tasks


def run(main: Callable[[DirectoryWriter], Awaitable[None]]) -> None:
    async def bounded() -> None:
        directory_writer = DirectoryWriter("data", Tasks(asyncio.get_running_loop()))
        try:
            await asyncio.wait_for(main(directory_writer), 20)
        finally:
            directory_writer.close()

    asyncio.run(bounded())


async def settled(completion: Completion[object]) -> None:
    done = asyncio.Event()
    completion.on_done(lambda _: done.set())
    await done.wait()


def slow(seconds: float) -> Callable[[], str]:
    """Return a write that is slow on this thread, as one on a stalled disk."""
    return lambda: "late" if not threading.Event().wait(seconds) else ""


def test_fast_writes_are_done_when_submit_returns() -> None:
    async def main(directory_writer: DirectoryWriter) -> None:
        completion = directory_writer.submit(threading.get_ident)
        assert completion.result() == threading.get_ident()
        assert not directory_writer.is_threaded

    run(main)


def test_an_exception_goes_to_whoever_waits() -> None:
    def broken() -> None:
        raise OSError("no space left")

    async def main(directory_writer: DirectoryWriter) -> None:
        with pytest.raises(OSError, match="no space left"):
            directory_writer.submit(broken).result()

    run(main)


def test_after_a_slow_write_the_next_run_on_a_thread_in_order_until_they_are_fast_again() -> None:
    async def main(directory_writer: DirectoryWriter) -> None:
        order: list[str] = []
        assert directory_writer.submit(slow(writer.SLOW_WRITE_S * 1.5)).done
        assert directory_writer.is_threaded
        release = threading.Event()

        def stalled() -> None:
            release.wait(10)
            order.append("stalled")

        waiting = [directory_writer.submit(stalled)]
        waiting += [
            directory_writer.submit(lambda number=number: order.append(f"{number}")) for number in range(5)
        ]
        assert not any(completion.done for completion in waiting)
        release.set()
        for completion in waiting:
            await settled(completion)
        assert order == ["stalled", "0", "1", "2", "3", "4"]
        assert directory_writer.submit(threading.get_ident).result() == threading.get_ident()
        assert not directory_writer.is_threaded

    run(main)


def test_writes_go_on_beside_a_flush_that_waits_for_the_disk() -> None:
    async def main(directory_writer: DirectoryWriter) -> None:
        release = threading.Event()
        flush = directory_writer.submit_flush(lambda: release.wait(10))
        assert directory_writer.submit(lambda: "written").result() == "written"
        assert not flush.done
        release.set()
        await settled(flush)

    run(main)


def test_the_queue_of_a_stalled_disk_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "QUEUE_LIMIT", 3)

    async def main(directory_writer: DirectoryWriter) -> None:
        directory_writer.submit(slow(writer.SLOW_WRITE_S * 1.5))
        release = threading.Event()
        waiting = [directory_writer.submit(lambda: release.wait(10)) for _ in range(3)]
        refused = directory_writer.submit(lambda: "never")
        assert isinstance(refused.error, KafkaError)
        assert refused.error.code is ErrorCode.KAFKA_STORAGE_ERROR
        release.set()
        for completion in waiting:
            await settled(completion)

    run(main)


def test_a_drain_of_a_writer_at_rest_is_done_at_once() -> None:
    async def main(directory_writer: DirectoryWriter) -> None:
        assert directory_writer.drain().done

    run(main)


def test_a_drain_is_done_when_all_work_is_and_what_follows_from_it() -> None:
    async def main(directory_writer: DirectoryWriter) -> None:
        release = threading.Event()
        apart = directory_writer.submit_apart(lambda: release.wait(10))
        flush = apart.then(lambda _: directory_writer.submit_flush(lambda: "flushed"))
        last = flush.then(lambda _: directory_writer.submit_flush(lambda: "flushed again"))
        drained = directory_writer.drain()
        assert not drained.done
        release.set()
        await settled(drained)
        assert last.result() == "flushed again"
        assert directory_writer.finished == 3

    run(main)


def test_after_a_drain_writes_and_flushes_are_refused_and_logs_can_be_closed() -> None:
    async def main(directory_writer: DirectoryWriter) -> None:
        await settled(directory_writer.drain())
        for refused in (directory_writer.submit(bool), directory_writer.submit_flush(bool)):
            assert isinstance(refused.error, KafkaError)
            assert refused.error.code is ErrorCode.KAFKA_STORAGE_ERROR
        closed = directory_writer.submit_apart(lambda: "closed")
        await settled(closed)
        assert closed.result() == "closed"
        directory_writer.close()
        assert isinstance(directory_writer.submit_apart(bool).error, KafkaError)

    run(main)


def test_work_apart_runs_beside_other_work_apart() -> None:
    async def main(directory_writer: DirectoryWriter) -> None:
        together = threading.Barrier(writer.THREADS_APART)
        waiting = [directory_writer.submit_apart(lambda: together.wait(10)) for _ in range(together.parties)]
        for completion in waiting:
            await settled(completion)
            assert completion.error is None

    run(main)
