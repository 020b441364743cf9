"""The helper process itself: takes one job after the other from the broker, and ends when the broker has no more.

The law: it never outlives the broker. Its standard input is the socket to the broker; a thread waits there, and when
the broker has closed its end or is dead, the process ends at once, also in the middle of a job. On Linux the kernel
does the same without being asked by a thread that has to be scheduled first. Only the broker and SIGKILL end it:
the broker holds SIGINT and SIGTERM back for it when it starts it.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
import traceback
from contextlib import suppress
from typing import NoReturn

from ottla.processes.frames import (
    ANSWER_LIMIT_BYTES,
    REQUEST_LIMIT_BYTES,
    Done,
    Failed,
    FrameError,
    Logged,
    frame,
    take_frame,
    unpickle,
)

LOGGED_TEXT_LIMIT = 16 * 1024
"""Characters of one line of the log with its traceback; frames of more than `ANSWER_LIMIT_BYTES` are refused."""

_READ_BYTES = 64 * 1024
_PR_SET_PDEATHSIG = 1


class ChannelHandler(logging.Handler):
    """Sends what is logged here to the broker, which has the log."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record; one that cannot be formatted is reported as `logging` does."""
        try:
            text = self.format(record)[:LOGGED_TEXT_LIMIT]
        except Exception:  # noqa: BLE001 - as every handler does it: a bad log line ends nobody's work
            self.handleError(record)
        else:
            self._channel.send(Logged(record.name, record.levelno, text))


class Channel:
    """The socket to the broker, seen from the helper."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._sending = threading.Lock()

    def send(self, message: Logged | Done | Failed) -> None:
        """Send a message, waiting for as long as the broker does not read. Raises FrameError."""
        left = memoryview(frame(message, ANSWER_LIMIT_BYTES))
        with self._sending:
            while left:
                try:
                    left = left[os.write(self._number, left) :]
                except OSError:  # the broker is gone
                    end_now()

    def requests_to(self, requests: queue.SimpleQueue[bytes]) -> NoReturn:
        """Hand on what comes, until the broker has closed its end; then end the process."""
        buffer = bytearray()
        while True:
            try:
                received = os.read(self._number, _READ_BYTES)
            except OSError:
                received = b""
            if not received:
                end_now()
            buffer += received
            while (content := take_frame(buffer, REQUEST_LIMIT_BYTES)) is not None:
                requests.put(content)


def end_now() -> NoReturn:
    """End the process without a further step of the job, as a kill would."""
    os._exit(0)


def end_with_parent(parent_id: int) -> None:
    """Have the kernel kill this process when the thread that has started it ends; only Linux can."""
    if sys.platform == "linux":
        with suppress(ImportError, OSError):
            # ctypes is an optional part of Python; without it the reading thread notices, some milliseconds later.
            import ctypes  # noqa: PLC0415

            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent_id:
        end_now()


def perform(content: bytes) -> Done | Failed:
    """Run the job of a request and return what became of it."""
    try:
        job, request = unpickle(content)
        return Done(job(request))
    except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the result, in the broker
        text = "".join(traceback.format_exception(error))
        return Failed(type(error).__name__, str(error)[:LOGGED_TEXT_LIMIT], text[-LOGGED_TEXT_LIMIT:])


def main() -> NoReturn:
    """Serve the broker until it has no more for us. The arguments are its process id, the log level, the niceness."""
    parent_id, level, niceness = map(int, sys.argv[1:])
    end_with_parent(parent_id)
    os.nice(niceness)
    channel = Channel(os.dup(0))
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - needs a descriptor, no path
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)  # what a job prints is not lost, and no part of the conversation
    logging.getLogger().setLevel(level)
    logging.getLogger().addHandler(ChannelHandler(channel))
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=channel.requests_to, args=(requests,), name="requests", daemon=True).start()
    while True:
        answer = perform(requests.get())
        try:
            channel.send(answer)
        except FrameError as error:
            channel.send(Failed(type(error).__name__, f"the result cannot be sent: {error}", ""))


if __name__ == "__main__":
    main()
