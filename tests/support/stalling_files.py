"""A disk that stalls for as long as a test wants it to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ottla.errors import ErrorCode
from ottla.partitions.writer import SLOW_WRITE_S
from tests.support.faulty_files import FaultyFileSystem, is_below
from tests.support.plain_client import PlainClient


class StallingFiles(FaultyFileSystem):
    """Real files whose writes wait, from `stall` to `go_on`, below paths that the test names."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = 0
        self._part: str | None = None
        self._names: tuple[str, ...] = ()
        self._goes_on = threading.Event()
        self.watch = self._wait

    def be_slow_once(self, client: PlainClient) -> None:
        """Let one write be slow: the loop itself runs the first one, and from then on a thread does."""
        self.before = lambda name: None if name != "pwrite" else self._slow_once()
        assert client.produce("elsewhere", b"slow").error_code == ErrorCode.NONE

    def _slow_once(self) -> None:
        self.before = None
        threading.Event().wait(SLOW_WRITE_S * 2)

    @contextmanager
    def stall(self, part: str = "", *names: str) -> Iterator[None]:
        """Hold operations below a path with this part back until the end of the block: writes, or those named."""
        self._goes_on.clear()
        self._part, self._names = part, names or ("pwrite", "fsync")
        try:
            yield
        finally:
            self._part = None
            self._goes_on.set()

    def _wait(self, name: str, path: Path) -> None:
        if name in self._names and self._part is not None and is_below(path, self._part):
            self.waiting += 1
            assert self._goes_on.wait(60)
