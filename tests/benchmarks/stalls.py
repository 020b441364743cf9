"""How long Heartbeat and Metadata take on other connections while every write waits five seconds for the disk.

Run `python -m tests.benchmarks.stalls` from the repository's root with `src` on the path. The broker has a process of
its own, whose files are slow from the moment that all clients are there. The first slow write is run by the loop itself
and holds everybody up once; it is shown apart, and what is counted begins behind it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ottla.errors import ErrorCode
from tests.benchmarks.figures import percentile
from tests.benchmarks.serving import serving
from tests.support.faulty_files import FaultyFileSystem
from tests.support.live_broker import LiveBroker
from tests.support.plain_client import PlainClient

PRODUCERS = 4
QUESTIONS_A_SECOND = 100
WRITES = frozenset({"pwrite", "fsync", "write_file", "rename", "truncate"})


def serve(directory: Path, delay_s: float) -> None:
    """Run a broker until the standard input ends; the first line of it makes every later write wait."""
    files = FaultyFileSystem()
    with LiveBroker(directory, files) as live:
        print(live.port, flush=True)
        if sys.stdin.readline():
            files.before = lambda name: time.sleep(delay_s) if name in WRITES else None
            sys.stdin.read()
            files.heal()


@dataclass(slots=True)
class Asker:
    """Asks one question again and again at a steady pace, and notes how long each answer took."""

    name: str
    ask: Callable[[], int]
    begun_s: list[float] = field(default_factory=list)
    took_ms: list[float] = field(default_factory=list)

    def run(self, ends: threading.Event) -> None:
        """Ask until the event is set. Raises AssertionError when an answer is an error."""
        due = time.monotonic()
        while not ends.wait(max(0.0, due - time.monotonic())):
            due = max(due + 1 / QUESTIONS_A_SECOND, time.monotonic() - 0.5)
            begun = time.monotonic()
            code = self.ask()
            self.took_ms.append((time.monotonic() - begun) * 1000)
            self.begun_s.append(begun)
            assert code == ErrorCode.NONE, f"{self.name}: {ErrorCode(code).name}"


def keep_writing(work: Callable[[], object], ends: threading.Event, written: list[float]) -> None:
    """Write again and again, as a client whose disk is slow, and note when each write was done."""
    while not ends.is_set():
        work()
        written.append(time.monotonic())


def measure(port: int, make_slow: Callable[[], None], *, delay_s: float, duration_s: float) -> None:
    """Load the broker, make its disk slow, and print what the others noticed."""
    ends = threading.Event()
    with PlainClient(port) as client:
        assert client.create_topic("orders") == ErrorCode.NONE
        members = {group: client.join_alone(group) for group in ("readers", "others")}
    connections = [PlainClient(port, timeout_s=300) for _ in range(PRODUCERS + 5)]
    *producers, committer, first, second, third, fourth = connections
    askers = [
        Asker("Heartbeat, same group", lambda: first.heartbeat("readers", members["readers"])),
        Asker("Heartbeat, other group", lambda: second.heartbeat("others", members["others"])),
        Asker("Metadata", lambda: max(third.metadata_codes("orders"))),
        Asker("Metadata, second connection", lambda: max(fourth.metadata_codes("orders"))),
    ]
    written: list[float] = []
    work: list[Callable[[], object]] = [
        lambda client=each: client.produce("orders", b"x" * 1000)  # type: ignore[misc]
        for each in producers
    ]
    work.append(lambda: committer.commit("readers", "orders", 1, members["readers"]))
    threads = [threading.Thread(target=asker.run, args=(ends,)) for asker in askers]
    threads += [threading.Thread(target=keep_writing, args=(each, ends, written)) for each in work]
    make_slow()
    slow_since = time.monotonic()
    for thread in threads:
        thread.start()
    time.sleep(duration_s)
    ends.set()
    for thread in threads:
        thread.join()
    for each in connections:
        each.close()
    after = slow_since + 1.5 * delay_s
    print(f"writes done: {sum(1 for at in written if at > after)}, each after waiting {delay_s:g} s or more")
    for asker in askers:
        pairs = zip(asker.begun_s, asker.took_ms, strict=True)
        counted = [took for begun, took in pairs if begun > after]
        held_up = max(asker.took_ms)
        print(
            f"{asker.name}: {len(counted)} answers, p50 {percentile(counted, 50):.2f} ms, "
            f"p99 {percentile(counted, 99):.2f} ms, longest {max(counted):.1f} ms; "
            f"by the first slow write held up for {held_up / 1000:.1f} s"
        )


def main() -> int:
    """Start the broker and measure."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.stalls", description=__doc__)
    parser.add_argument("--delay", type=float, default=5.0, help="seconds that each write waits")
    parser.add_argument("--duration", type=float, default=40.0, help="seconds to measure for")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        serve(options.serve, options.delay)
        return 0
    with tempfile.TemporaryDirectory(prefix="stalls-") as folder:
        served = ("--serve", folder, "--delay", str(options.delay))
        with serving("tests.benchmarks.stalls", *served) as (told, says):
            port = int(says.readline())

            def make_slow() -> None:
                told.write("slow\n")
                told.flush()

            measure(port, make_slow, delay_s=options.delay, duration_s=options.duration)
    return 0


if __name__ == "__main__":
    sys.exit(main())
