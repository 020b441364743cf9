"""Our tools, run in this process as a launcher would run them: streams captured, and an end whatever happens.

A tool that does not come to its end is interrupted by a signal, so all of this happens on the main thread. What would
be a traceback on a user's terminal is a bug, and raised.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ottla.cli.main import run_script
from tests.peers.tools import ToolResult, ToolTimeoutError

TIMEOUT_S = 60.0
"""As long as Kafka's tools get."""


class _Overdue(BaseException):
    """Raised into a tool that takes too long; nothing that a tool catches."""


def run_in_process(script: str, arguments: Sequence[str], stdin: str = "") -> ToolResult:
    """Run a script of Kafka's by our tool. Raises ToolTimeoutError, and AssertionError for a bug."""
    streams = _Streams(stdin)
    with streams.installed():
        try:
            with _limited(TIMEOUT_S):
                exit_code = run_script(script, list(arguments))
        except SystemExit as left:
            exit_code = left.code if isinstance(left.code, int) else 1
        except _Overdue:
            raise ToolTimeoutError(
                f"{script} {' '.join(arguments)} has not ended\n{streams.said()}"
            ) from None
    return ToolResult(streams.text_of(streams.stdout), streams.text_of(streams.stderr), exit_code)


def run_as_process(
    launcher: Path, arguments: Sequence[str], stdin: str = "", interrupt_after: str = ""
) -> ToolResult:
    """Run a launcher as a user does; with `interrupt_after`, until those words are there, and then Ctrl-C.

    Raises ToolTimeoutError.
    """
    process = subprocess.Popen(
        [str(launcher), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        seen = b""
        if interrupt_after:
            assert process.stdin is not None
            process.stdin.write(stdin.encode())
            process.stdin.close()
            process.stdin = None
            with _limited(TIMEOUT_S):
                while interrupt_after.encode() not in seen:
                    chunk = os.read(process.stdout.fileno(), 1 << 16)
                    assert chunk, f"ended without {interrupt_after!r}: {seen!r}"
                    seen += chunk
            process.send_signal(signal.SIGINT)
        out, error = process.communicate(None if interrupt_after else stdin.encode(), TIMEOUT_S)
    except (_Overdue, subprocess.TimeoutExpired):
        raise ToolTimeoutError(f"{launcher.name} {' '.join(arguments)} has not ended") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    return ToolResult(
        (seen + out).decode(errors="replace"), error.decode(errors="replace"), process.returncode
    )


class _Streams:
    """The three standard streams of a tool, in memory."""

    def __init__(self, stdin: str) -> None:
        self.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
        self.stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        self.stderr = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Let them be the process's own meanwhile."""
        before = sys.stdin, sys.stdout, sys.stderr
        sys.stdin, sys.stdout, sys.stderr = self.stdin, self.stdout, self.stderr
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = before

    @staticmethod
    def text_of(stream: io.TextIOWrapper) -> str:
        """Return what was written to a stream."""
        stream.flush()
        content = stream.buffer
        assert isinstance(content, io.BytesIO)
        return content.getvalue().decode(errors="replace")

    def said(self) -> str:
        """Return both outputs, for messages."""
        return f"stdout:\n{self.text_of(self.stdout)}\nstderr:\n{self.text_of(self.stderr)}"


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise _Overdue into what goes on here when it takes longer."""

    def overdue(_number: int, _frame: FrameType | None) -> None:
        raise _Overdue

    before = signal.signal(signal.SIGALRM, overdue)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
