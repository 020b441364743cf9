"""What a client notices of the work that a broker has done by helper processes, and how long that work takes.

Run `python -m tests.benchmarks.helpers` from the repository's root with `src` on the path. A broker in a process of its
own answers one-record produces of one client, one after the other; in turns it is at rest and has a helper at work all
the time. A recovery of logs in one process is then timed against one in helper processes, and a cleaning of a log of
records of 100 bytes in a helper.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import uvloop

from ottla.clock import SystemClock
from ottla.completion import Completion
from ottla.config.broker import embedded_broker_config
from ottla.errors import ErrorCode
from ottla.partitions.cleaning_job import CleaningJob
from ottla.partitions.log_recovery import LogRecovery
from ottla.processes.helper_processes import HelperProcesses, HelpersClosedError
from ottla.server.broker import settled
from ottla.storage.compaction import CompactionResult
from ottla.storage.files import FileSystem
from ottla.storage.log_recovery import LoadRequest, recover_log
from ottla.tasks import Tasks
from tests.benchmarks.figures import percentile
from tests.benchmarks.helper_jobs import clean_again, forget_recovery, recover_again
from tests.benchmarks.serving import serving
from tests.support.compacting import append, keyed_driver, request_for
from tests.support.live_broker import LiveBroker
from tests.support.logs import load_request, write_batches
from tests.support.plain_client import PlainClient

BATCH_BYTES = 170
"""A batch of one record of 100 bytes, the costliest to recover for its size."""

SEGMENT_BYTES = 64 << 20
KEY = b"%012d"
RECORD_BYTES = 100
RECORD_OVERHEAD_BYTES = 9
"""Sizes, deltas and attributes of such a record in a batch of some hundreds."""

RECORDS_PER_BATCH = 160
SOME_KEYS = 10_000
MANY_KEYS = 10_000_000
AT_REST = "rest"
HELPERS = 2
GOAL = 1.5
"""How much of the latency at rest a helper at work may make the 99th percentile."""

WARM_UP_S = 1.0


class Figures(NamedTuple):
    """The latency of one turn."""

    p50_ms: float
    p99_ms: float


def write_log(directory: Path, size_bytes: int) -> LoadRequest:
    """Write a log of small batches as a killed broker leaves it, and return what recovers it."""
    directory.mkdir(parents=True)
    segments = max(1, size_bytes // SEGMENT_BYTES)
    write_batches(directory, size_bytes // segments // BATCH_BYTES, segments=segments)
    return load_request(directory, SystemClock().now_ms())


def write_compacted_log(directory: Path, size_bytes: int, keys: int) -> CleaningJob:
    """Write a log of records of 100 bytes with random keys in batches of 16 KiB, and return the job of its cleaning."""
    driver = keyed_driver(directory, segment_bytes=SEGMENT_BYTES)
    draw = random.Random(1)
    filler = b"v" * (RECORD_BYTES - RECORD_OVERHEAD_BYTES - len(KEY % 0))
    while driver.log.size_bytes < size_bytes:
        records = [(KEY % draw.randrange(keys), filler) for _ in range(RECORDS_PER_BATCH)]
        append(driver, *records)
    driver.log.roll(driver.now_ms)
    request = request_for(driver, dedupe_buffer_bytes=128 << 20, read_bytes=256 << 10)
    driver.log.close()
    return CleaningJob(request, float("inf"))


def works(folder: Path, size_bytes: int) -> Mapping[str, Callable[[HelperProcesses], Completion[None]]]:
    """Return what a helper can be busy with, by name; each gives it one job, which is given again when it is done."""
    request = write_log(folder / "work" / "large-0", size_bytes)
    job = write_compacted_log(folder / "work" / "compacted-0", size_bytes, SOME_KEYS)
    return {
        "recovers": lambda helpers: helpers.run(recover_again, request),
        "compacts": lambda helpers: helpers.run(clean_again, job).map(lambda _: None),
    }


def serve(folder: Path, size_bytes: int) -> None:
    """Run a broker until the standard input ends; each line of it names the work that begins now."""
    jobs = works(folder, size_bytes)
    with LiveBroker(folder / "data") as live:
        tasks = Tasks(live._loop)

        def begin(name: str) -> HelperProcesses:
            helpers = HelperProcesses(tasks, limit=1)

            def go_on(done: Completion[None] | None) -> None:
                if done is None or done.error is None:
                    jobs[name](helpers).on_done(go_on)
                elif not isinstance(done.error, HelpersClosedError):
                    raise done.error

            go_on(None)
            return helpers

        print(" ".join([str(live.port), *jobs]), flush=True)
        working: HelperProcesses | None = None
        for line in sys.stdin:
            if working is not None:
                live.call(working.close)
            working = None if line.strip() == AT_REST else live.call(partial(begin, line.strip()))
            print("begun", flush=True)
        if working is not None:
            live.call(working.close)


def produce_for(client: PlainClient, duration_s: float) -> Figures:
    """Produce one record after the other, and return how long the answers took."""
    took_ms: list[float] = []
    ends = time.monotonic() + duration_s
    while (begun := time.monotonic()) < ends:
        code = client.produce("orders", b"x" * 100).error_code
        took_ms.append((time.monotonic() - begun) * 1000)
        assert code == ErrorCode.NONE, ErrorCode(code).name
    return Figures(percentile(took_ms, 50), percentile(took_ms, 99))


def measure_latency(folder: Path, size_mib: int, rounds: int, duration_s: float) -> None:
    """Print the latency at rest and with each work, from turns that follow each other."""
    options = ("--serve", str(folder), "--log-mib", str(size_mib))
    with serving("tests.benchmarks.helpers", *options) as (told, says):
        port, *names = says.readline().split()
        turns: dict[str, list[Figures]] = {name: [] for name in (AT_REST, *names)}
        with PlainClient(int(port)) as client:
            assert client.create_topic("orders") == ErrorCode.NONE
            for _ in range(rounds):
                for name, figures in turns.items():
                    told.write(f"{name}\n")
                    told.flush()
                    assert says.readline() == "begun\n"
                    produce_for(client, WARM_UP_S)
                    figures.append(produce_for(client, duration_s))
    print_latency(turns)


def print_latency(turns: Mapping[str, Sequence[Figures]]) -> None:
    """Print the medians of the turns, and how each work compares with the rest before it."""
    for name, figures in turns.items():
        p50 = statistics.median(each.p50_ms for each in figures)
        p99 = statistics.median(each.p99_ms for each in figures)
        line = f"one-record produce, {name}: p50 {p50:.3f} ms, p99 {p99:.3f} ms"
        if name != AT_REST:
            pairs = list(zip(figures, turns[AT_REST], strict=True))
            ratios = [work.p99_ms / rest.p99_ms for work, rest in pairs]
            line += f"; p99 {statistics.median(ratios):.2f} times that at rest (goal {GOAL:g}), "
            line += f"in single turns {min(ratios):.2f} to {max(ratios):.2f}"
        print(line, flush=True)


def measure_recovery(folder: Path, size_mib: int, logs: int) -> None:
    """Print how long logs take to be recovered in one process, and in helpers."""
    size = (size_mib << 20) // logs
    requests = [write_log(folder / "timed" / f"t-{number}", size) for number in range(logs)]
    what = f"recovery of {logs} logs of {size >> 20} MiB in batches of {BATCH_BYTES} bytes"
    begun = time.monotonic()
    for request in requests:
        recover_log(request)
    print(f"{what}, in one process: {time.monotonic() - begun:.2f} s", flush=True)
    for request in requests:
        forget_recovery(request.directory)
    took_s = uvloop.run(recover_beside(requests))
    print(f"{what}, in {HELPERS} helpers: {took_s:.2f} s", flush=True)


async def recover_beside(requests: Sequence[LoadRequest]) -> float:
    """Return how many seconds the helpers take."""
    config = embedded_broker_config({"num.recovery.threads.per.data.dir": str(HELPERS)})
    recovery = LogRecovery(Tasks(asyncio.get_running_loop()), FileSystem(), config)
    begun = time.monotonic()
    recovered = await settled(recovery.run(requests))
    took_s = time.monotonic() - begun
    assert len(recovered) == len(requests)
    await settled(recovery.close())
    return took_s


def measure_cleaning(folder: Path, size_mib: int) -> None:
    """Print how fast a helper cleans a log in which few records stay, and one in which most do."""
    for keys in (SOME_KEYS, MANY_KEYS):
        job = write_compacted_log(folder / f"clean-{keys}" / "t-0", size_mib << 20, keys)
        begun = time.monotonic()
        result = uvloop.run(clean_beside(job))
        took_s = time.monotonic() - begun
        print(
            f"cleaning of a log of {size_mib} MiB with records of {RECORD_BYTES} bytes, of which "
            f"{result.records_kept / result.records_read:.0%} stay, in a helper: {took_s:.2f} s, "
            f"{result.bytes_read / took_s / 1e6:.1f} MB/s",
            flush=True,
        )


async def clean_beside(job: CleaningJob) -> CompactionResult:
    """Clean a log in a helper process of its own."""
    helpers = HelperProcesses(Tasks(asyncio.get_running_loop()), limit=1)
    result = await settled(helpers.run(clean_again, job))
    await settled(helpers.close())
    return result


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.helpers", description=__doc__)
    parser.add_argument("--duration", type=float, default=10.0, help="seconds of each turn")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each kind")
    parser.add_argument("--log-mib", type=int, default=256, help="size of the logs")
    parser.add_argument("--cleaning-mib", type=int, default=500, help="size of the log that is cleaned")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        serve(options.serve, options.log_mib << 20)
        return 0
    with tempfile.TemporaryDirectory(prefix="helpers-") as folder:
        measure_cleaning(Path(folder), options.cleaning_mib)
        measure_recovery(Path(folder), options.log_mib, logs=4)
        measure_latency(Path(folder), options.log_mib, options.rounds, options.duration)
    return 0


if __name__ == "__main__":
    sys.exit(main())
