"""What the broker and a helper process say to each other: pickled values, each behind its size.

The law: both ends are the same program, so that pickles are safe; what is too large, cut off or no pickle is an error
of whoever sent it. A request carries its job as a function of a module, by name, so that the helper imports what the
job needs and nothing else.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, NamedTuple

SIZE_BYTES = 4

REQUEST_LIMIT_BYTES = 64 * 1024
"""What fits into the buffer of a new socket in one piece, so that nobody has to wait while sending it (128 KiB at least
are asked for). Requests name files and offsets; what is larger belongs into a file."""

ANSWER_LIMIT_BYTES = 1024 * 1024
"""The loop unpickles answers, some milliseconds for a MiB. What a job has made is in files."""


class FrameError(Exception):
    """Bytes that are no frame, or a value that cannot be one; the text says why."""


class Logged(NamedTuple):
    """A line for the broker's log."""

    logger: str
    level: int
    text: str


class Done(NamedTuple):
    """The value that a job has returned."""

    value: Any


class Failed(NamedTuple):
    """The exception that a job has raised."""

    kind: str
    """The name of its class."""
    text: str
    traceback: str


def request_frame(job: Callable[[Any], Any], request: object) -> bytes:
    """Return the frame of a request. Raises FrameError."""
    return frame((job, request), REQUEST_LIMIT_BYTES)


def frame(value: object, limit_bytes: int) -> bytes:
    """Return a value as a frame. Raises FrameError for what cannot be pickled, or only in more than `limit_bytes`."""
    try:
        content = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        # A value's own methods run here and may raise anything.
        raise FrameError(f"it cannot be pickled: {error}") from error
    if len(content) > limit_bytes:
        raise FrameError(f"it has {len(content)} bytes, more than {limit_bytes}")
    return len(content).to_bytes(SIZE_BYTES, "big") + content


def take_frame(buffer: bytearray, limit_bytes: int) -> bytes | None:
    """Take the first frame out of a buffer and return what it holds; None while it is not whole.

    Raises FrameError where a frame is announced that is larger than `limit_bytes`.
    """
    if len(buffer) < SIZE_BYTES:
        return None
    size = int.from_bytes(buffer[:SIZE_BYTES], "big")
    if size > limit_bytes:
        raise FrameError(f"a message of {size} bytes is announced, and {limit_bytes} are allowed")
    end = SIZE_BYTES + size
    if len(buffer) < end:
        return None
    content = bytes(buffer[SIZE_BYTES:end])
    del buffer[:end]
    return content


def unpickle(content: bytes) -> Any:
    """Return the value of a frame. Raises FrameError."""
    try:
        return pickle.loads(content)  # noqa: S301 - from the process that we started, or that started us
    except Exception as error:
        # A pickle that is none, and a module that cannot be imported, raise nearly anything.
        raise FrameError(f"it cannot be unpickled: {type(error).__name__}: {error}") from error
