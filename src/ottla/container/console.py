"""What a start says: each line goes out at once, on the stream where the original image has it.

People and programs wait for these lines, some on standard output and some on standard error, so none may stay behind
in a buffer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO


class RefusedError(Exception):
    """A start that must not go on. Why was said on the console already; the text is that once more."""


@dataclass(frozen=True, slots=True)
class Console:
    """The two streams of a container."""

    out: TextIO
    err: TextIO

    def say(self, line: str) -> None:
        """Write a line to standard output."""
        print(line, file=self.out, flush=True)

    def complain(self, line: str) -> None:
        """Write a line to standard error."""
        print(line, file=self.err, flush=True)

    def refuse(self, line: str) -> RefusedError:
        """Say on standard output why the start ends, and return what to raise."""
        self.say(line)
        return RefusedError(line)

    def refuse_with_complaint(self, line: str) -> RefusedError:
        """Say on standard error why the start ends, and return what to raise."""
        self.complain(line)
        return RefusedError(line)
