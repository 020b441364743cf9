"""The process around the broker: the event loop, signals, limits and exit codes."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import signal
import sys

import uvloop

from ottla.clock import SystemClock
from ottla.config.resolved import BrokerConfig
from ottla.server.broker import Broker
from ottla.server.loop_watch import LoopWatch
from ottla.server.start_error import StartError, StartInterruptedError
from ottla.tasks import Tasks
from ottla.telemetry.running_levels import RunningLevels

signal_logger = logging.getLogger("org.apache.kafka.common.utils.LoggingSignalHandler")

EXIT_START_FAILED = 1
EXIT_SIGNAL_BASE = 128
"""A JVM that is told to end by a signal exits with 128 plus its number, and so does every shell's child."""


def run(config: BrokerConfig, watch_loop_ms: int | None = None, levels: RunningLevels | None = None) -> int:
    """Run a broker until a signal ends it; return the exit code.

    `levels` are those that the process logs with. With `watch_loop_ms` a loop that is held up for longer is warned of.
    """
    raise_descriptor_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(config, watch_loop_ms, levels))


def raise_descriptor_limit() -> None:
    """Allow as many open files and connections as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, OSError):
        # macOS reports an unlimited hard limit and then refuses it; its real bound is OPEN_MAX.
        logging.getLogger("ottla.server").warning("Only %d files and connections can be open at once", soft)


async def _serve(config: BrokerConfig, watch_loop_ms: int | None, levels: RunningLevels | None) -> int:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[signal.Signals] = loop.create_future()

    def end(number: signal.Signals) -> None:
        # Like a JVM, a broker that is stopping already takes no notice: `timeout`, for one, always signals twice.
        if not ended.done():
            signal_logger.info("Terminating process due to signal %s", number.name)
            ended.set_result(number)
            broker.interrupt_start()

    tasks = Tasks(loop)
    broker = Broker(config, SystemClock(), tasks, levels=levels)
    for handled in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(handled, end, handled)
    try:
        await broker.start()
    except StartInterruptedError:
        await broker.stop()
        return EXIT_SIGNAL_BASE + await ended
    except StartError as error:
        await broker.stop()
        print(f"ottla: {error}", file=sys.stderr)  # noqa: T201 - the one line for whoever started it
        return EXIT_START_FAILED
    # What exists now lives as long as the broker: the collector begins with what comes after it.
    gc.freeze()
    gc.enable()
    watch = None if watch_loop_ms is None else LoopWatch(tasks, watch_loop_ms)
    if watch is not None:
        watch.start()
    number = await ended
    if watch is not None:
        watch.stop()
    await broker.stop()
    return EXIT_SIGNAL_BASE + number
