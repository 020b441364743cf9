"""A broker inside the test's process, on a loop in a thread of its own and over files that the test controls.

What a separate process cannot have: a file system that fails or stalls when the test says so. Clients are real
sockets in the test's thread.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import uvloop

from ottla.clock import SystemClock
from ottla.config.broker import embedded_broker_config
from ottla.partitions.log_recovery import RECOVER_BESIDE_FROM_BYTES
from ottla.server.broker import Broker
from ottla.storage.files import FileSystem
from ottla.tasks import Tasks
from tests.support.plain_client import PlainClient

T = TypeVar("T")

# A start reads some small files; the limit is for a machine that does many other things.
START_LIMIT_S = 30.0
STOP_LIMIT_S = 60.0

PROPERTIES = {
    "listeners": "PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0",
    "offsets.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
}


class BugLines(logging.Handler):
    """Collects what the broker logs about its own mistakes: everything with a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.lines.append(self.format(record))


class LiveBroker:
    """One start of a broker on a data directory; a context manager that stops it in the end."""

    def __init__(
        self,
        directory: Path,
        files: FileSystem | None = None,
        properties: Mapping[str, str] | None = None,
        recover_beside_from_bytes: int = RECOVER_BESIDE_FROM_BYTES,
    ) -> None:
        self.directory = directory
        self.bugs = BugLines()
        self._files = files
        self._config = embedded_broker_config(
            {**PROPERTIES, "log.dirs": str(directory), **(properties or {})}, lambda: "127.0.0.1"
        )
        self._loop = uvloop.new_event_loop()
        self._loop.set_exception_handler(self._loop_failed)
        self._thread = threading.Thread(target=self._loop.run_forever, name="live-broker", daemon=True)
        self.broker = Broker(
            self._config,
            SystemClock(),
            Tasks(self._loop),
            files=files,
            recover_beside_from_bytes=recover_beside_from_bytes,
        )

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self.bugs)
        self._thread.start()
        try:
            self._run(self.broker.start(), START_LIMIT_S)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port for clients."""
        return self.broker._sockets._listeners["PLAINTEXT"].port

    @property
    def controller_port(self) -> int:
        """The port of the controller listener."""
        return self.broker._sockets._listeners["CONTROLLER"].port

    def client(self, *, timeout_s: float = 30.0) -> PlainClient:
        """Return a new connection."""
        return PlainClient(self.port, timeout_s=timeout_s)

    def call(self, function: Callable[[], T]) -> T:
        """Run a function on the broker's loop and return what it returns: a look inside between two events."""

        async def run() -> T:
            return function()

        return self._run(run(), START_LIMIT_S)

    def stop(self) -> None:
        """Stop the broker and its loop; stopping twice is harmless."""
        if self._loop.is_closed():
            return
        try:
            self._run(self.broker.stop(), STOP_LIMIT_S)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_LIMIT_S)
            self._loop.close()
            logging.getLogger().removeHandler(self.bugs)

    def _run(self, coroutine: Any, limit_s: float) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(limit_s)

    def _loop_failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.bugs.lines.append(f"loop: {context.get('message')}: {context.get('exception')!r}")
