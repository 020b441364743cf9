"""A child process whose output is followed: what a test waits for is a line or the end, never a span of time.

Standard output and standard error arrive as one stream, in a file and line by line in memory. Every wait has
a limit, and a wait that fails shows the last lines that the child wrote.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

# What an assertion shows of a log: enough for a stack trace and what led to it.
TAIL_LINES = 60


@dataclass(slots=True)
class FollowedProcess:
    """A running child: `start` creates it, `wait_for_line` waits for its words, `end` for its exit."""

    command: Sequence[str]
    log_path: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables added to this process's own."""
    keep_stdin: bool = False
    """Hold a pipe to the child's standard input open, so that it ends by itself when this process does."""
    lines: list[str] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _ended: bool = False
    _process: subprocess.Popen[bytes] | None = None
    _follower: threading.Thread | None = None

    def start(self) -> None:
        """Start the child; it must not have been started before."""
        assert self._process is None
        self._process = subprocess.Popen(
            list(self.command),
            stdin=subprocess.PIPE if self.keep_stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **self.environment},
        )
        self._follower = threading.Thread(
            target=self._follow, name=f"follow-{self._process.pid}", daemon=True
        )
        self._follower.start()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The child, which must have been started."""
        assert self._process is not None
        return self._process

    @property
    def running(self) -> bool:
        """Whether the child was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def wait_for_line(self, words: str, timeout_s: float, after: int = 0) -> str:
        """Return the first line at or after index `after` that contains `words`.

        Raises AssertionError with the log's tail when the child ends or `timeout_s` passes before that.
        """
        deadline = monotonic() + timeout_s
        seen = after
        with self._changed:
            while True:
                for line in self.lines[seen:]:
                    if words in line:
                        return line
                seen = max(after, len(self.lines))
                if self._ended:
                    raise AssertionError(f"{self.command[0]} ended before it said {words!r}:\n{self.tail()}")
                if not self._changed.wait(deadline - monotonic()):
                    raise AssertionError(f"no {words!r} within {timeout_s} s:\n{self.tail()}")

    def wait_until(self, holds: Callable[[Sequence[str]], bool], what: str, timeout_s: float) -> None:
        """Return when `holds` is true of the lines so far; it is asked again whenever there is another line.

        Raises AssertionError with `what` and the log's tail when the child ends or `timeout_s` passes before that.
        """
        deadline = monotonic() + timeout_s
        with self._changed:
            while not holds(self.lines):
                assert not self._ended, f"{self.command[0]} ended before {what}:\n{self.tail()}"
                met = self._changed.wait(deadline - monotonic())
                assert met, f"not {what} within {timeout_s} s:\n{self.tail()}"

    def end_input(self) -> None:
        """End the child's standard input, which `keep_stdin` holds open."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def signal(self, number: signal.Signals) -> None:
        """Send the child a signal; one that has ended already does not mind."""
        self.process.send_signal(number)

    def end(self, timeout_s: float) -> int:
        """Wait for the child to exit and for its last line; return its exit code, negative for a signal.

        Raises AssertionError with the log's tail when it still runs after `timeout_s`; it is killed then.
        """
        assert self._follower is not None
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running after {timeout_s} s:\n{self.tail()}") from None
        finally:
            if self.process.stdin is not None:
                self.process.stdin.close()
        self._follower.join(timeout_s)
        return code

    def tail(self) -> str:
        """Return the last lines of the log."""
        return "\n".join(self.lines[-TAIL_LINES:])

    def _follow(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        with stream, self.log_path.open("ab") as log:
            for raw in stream:
                log.write(raw)
                log.flush()
                with self._changed:
                    self.lines.append(raw.decode(errors="replace").rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
