"""The first process of a container: it hands signals on, buries the dead, and ends as the process that it started.

The kernel gives process 1 two duties that no other process has: orphans become its children and stay as zombies
until it waits for them, and a signal that it has no handler for does nothing. A shell or a broker in that place does
neither well.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

FIRST_PROCESS = 1
HANDED_ON = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
_WATCHED = frozenset({*HANDED_ON, signal.SIGCHLD})
_EVERYBODY = -1
LEFT_BEHIND_LIMIT_S = 8.0
"""How long processes that the main one left behind have to end after SIGTERM; Docker kills after ten seconds."""
EXIT_SIGNAL_BASE = 128


def run_below_first_process(start: Callable[[], int]) -> int:
    """Run `start` in a process of its own below this one if this is process 1, else right here; return its exit code.

    Every process of the container gets the signals, since the broker may stand behind shells that would keep them to
    themselves. When the main process has ended the others are told to end too.
    """
    if os.getpid() != FIRST_PROCESS:
        return start()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    sys.stdout.flush()
    sys.stderr.flush()
    main_process = os.fork()
    if main_process == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _end_with(start)
    exit_code = _follow(main_process)
    _end_the_others()
    return exit_code


def _end_with(start: Callable[[], int]) -> None:
    """Run `start` and end this process with its exit code, without going back to what the first process was doing."""
    exit_code = 1
    try:
        exit_code = start()
    except SystemExit as ended:
        exit_code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - the exception hook reports it; the process ends here whatever it is
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)


def _follow(main_process: int) -> int:
    while True:
        received = signal.sigwait(_WATCHED)
        if received != signal.SIGCHLD:
            _tell_everybody(received)
            continue
        ended = _bury()
        if main_process in ended:
            return ended[main_process]


def _bury() -> dict[int, int]:
    """Wait for every child that has ended; return their exit codes by their ids."""
    ended: dict[int, int] = {}
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if process == 0:
            return ended
        code = os.waitstatus_to_exitcode(status)
        ended[process] = code if code >= 0 else EXIT_SIGNAL_BASE - code


def _tell_everybody(number: int) -> None:
    try:
        os.kill(_EVERYBODY, number)
    except (ProcessLookupError, PermissionError):
        # Nobody is left, or nobody who listens to this user.
        return


def _end_the_others() -> None:
    """End what the main process left behind: orphans are children of this process by now."""
    _tell_everybody(signal.SIGTERM)
    deadline = time.monotonic() + LEFT_BEHIND_LIMIT_S
    while _has_children():
        remaining_s = deadline - time.monotonic()
        if remaining_s <= 0:
            _tell_everybody(signal.SIGKILL)
            return
        signal.sigtimedwait({signal.SIGCHLD}, remaining_s)
        _bury()


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
