"""Listening sockets, the connections that they accepted, and the limits on both."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from ottla.server.connection import Connection, RequestSink
from ottla.server.creation_rate import UNLIMITED_PER_S, CreationRate
from ottla.server.receiving import SharedBuffer
from ottla.tasks import Tasks, Timer

ACCEPTS_A_TURN = 64
"""Connections taken in one turn of the loop, so that a flood of them does not starve the others."""

ACCEPT_PAUSE_MS = 1000
"""How long accepting rests when the process has no descriptor left."""

DRAIN_LIMIT_MS = 5000
"""How long a stop waits for answers that are due."""

OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class ListenError(Exception):
    """A listener that cannot be opened; the text is the one line that the user sees."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The broker options that bound connections."""

    max_connections: int
    max_connections_per_ip: int
    max_connections_by_address: Mapping[str, int]
    """Other bounds for some addresses (`max.connections.per.ip.overrides`, resolved)."""
    max_idle_ms: int
    """Negative: connections may rest for ever."""
    max_frame_bytes: int
    backlog: int
    """Connections that the kernel keeps until they are accepted; it caps this by its own limit."""
    max_creations_per_s: int = UNLIMITED_PER_S
    """New connections; those beyond it wait."""


class ConnectionCount:
    """How many connections the broker has, on all listeners together, from where, and how fast they come."""

    def __init__(self, limits: ConnectionLimits, rate: CreationRate) -> None:
        self._limits = limits
        self._rate = rate
        self._total = 0
        self._by_address: Counter[str] = Counter()
        self._when_not_full: list[Callable[[], None]] = []
        self.when_exceeded: Callable[[], None] | None = None
        """Called when a listener that is never full has let one in beyond `max.connections`."""

    @property
    def is_full(self) -> bool:
        """Whether `max.connections` is reached: then nothing more is accepted for now."""
        return self._total >= self._limits.max_connections

    @property
    def excess(self) -> int:
        """How many connections are open beyond `max.connections`, which has become smaller."""
        return max(self._total - self._limits.max_connections, 0)

    def change_limits(self, limits: ConnectionLimits) -> None:
        """Go by other bounds from the next connection on; those who wait for a free place hear of one."""
        was_full = self.is_full
        self._limits = limits
        if was_full:
            self._tell_of_free_place()

    def limit_for(self, address: str) -> int:
        """Return how many connections this address may have."""
        return self._limits.max_connections_by_address.get(address, self._limits.max_connections_per_ip)

    def may_admit(self, address: str) -> bool:
        """Tell whether one more connection from this address is within its bound."""
        return self._by_address[address] < self.limit_for(address)

    def delay_ms(self, now_ms: float) -> float:
        """Count a connection that has just come, and return for how long it has to wait by the rate."""
        self._rate.record(now_ms)
        return self._rate.delay_ms(self._limits.max_creations_per_s, now_ms)

    def opened(self, address: str) -> None:
        """Count a connection."""
        self._total += 1
        self._by_address[address] += 1
        if self.excess and self.when_exceeded is not None:
            self.when_exceeded()

    def closed(self, address: str) -> None:
        """Count a connection no more; those who wait for a free place hear of it."""
        was_full = self.is_full
        self._total -= 1
        self._by_address[address] -= 1
        if self._by_address[address] <= 0:
            del self._by_address[address]
        if was_full:
            self._tell_of_free_place()

    def call_when_not_full(self, callback: Callable[[], None]) -> None:
        """Call back each time that a full broker has a free place again."""
        self._when_not_full.append(callback)

    def _tell_of_free_place(self) -> None:
        if not self.is_full:
            for callback in self._when_not_full:
                callback()


def open_sockets(host: str, port: int) -> list[socket.socket]:
    """Return bound sockets for a listener's host: all addresses of it, or of the machine when it is empty.

    They do not listen yet, so that clients are refused until the broker is ready, while a port in use is found
    before anything is touched. `localhost` means both loopback addresses; a family that this machine lacks is
    left out. Port 0 takes one free port for all of them. Raises ListenError.
    """
    opened: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            chosen_port = opened[0].getsockname()[1] if opened else port
            try:
                opened.append(_open_socket(family, address, chosen_port))
            except OSError as error:
                if error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL) and host in ("", "localhost"):
                    continue
                raise _listen_error(address, chosen_port, error) from error
    except ListenError:
        for listening in opened:
            listening.close()
        raise
    if not opened:
        raise ListenError(f"{host}:{port}: this machine has no such address")
    return opened


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, str]]:
    if host == "":
        return [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]  # noqa: S104 - an empty host asks for this
    if host == "localhost":
        return [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ListenError(f"{host}:{port}: {error.strerror}") from error
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _open_socket(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((address, port))
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def _listen_error(address: str, port: int, error: OSError) -> ListenError:
    shown = f"[{address}]" if ":" in address else address
    return ListenError(f"{shown}:{port}: {error.strerror}")


class Listener:
    """One named listener: its sockets, and the connections that came through them.

    One that `is_protected` lets everybody in, as Kafka's between brokers does, and others make room for it.
    """

    def __init__(
        self,
        sockets: list[socket.socket],
        tasks: Tasks,
        shared_buffer: SharedBuffer,
        sink: RequestSink,
        limits: ConnectionLimits,
        count: ConnectionCount,
        logger: logging.Logger,
        *,
        is_protected: bool = False,
    ) -> None:
        self._sockets = sockets
        self._tasks = tasks
        self._shared_buffer = shared_buffer
        self._sink = sink
        self._limits = limits
        self._logger = logger
        self._connections: set[Connection] = set()
        self._count = count
        self._is_protected = is_protected
        self.accepted = 0
        """Connections that were let in since the start."""
        self._is_accepting = False
        self._idle_timer: Timer | None = None
        self._pause_timer: Timer | None = None
        self._held: tuple[socket.socket, str] | None = None
        """A connection that has come too soon, with its address; nothing more is accepted before it."""
        self._when_empty: Callable[[], None] | None = None
        count.call_when_not_full(self._accept_on)

    @property
    def port(self) -> int:
        """The port that the sockets listen on, also when any free one was asked for."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    @property
    def connection_count(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    @property
    def connections(self) -> Collection[Connection]:
        """The connections that are open."""
        return self._connections

    def start(self) -> None:
        """Listen, and begin to accept. Raises ListenError when another process listens on the same port."""
        for listening in self._sockets:
            try:
                listening.listen(self._limits.backlog)
            except OSError as error:
                address, port, *_ = listening.getsockname()
                raise _listen_error(address, port, error) from error
        self._accept_on()

    @property
    def _is_full(self) -> bool:
        return not self._is_protected and self._count.is_full

    def _accept_on(self) -> None:
        if self._pause_timer is not None or self._is_full:
            return
        held, self._held = self._held, None
        if held is not None:
            self._admit(*held)
        if not self._is_accepting and not self._is_full:
            self._is_accepting = True
            for listening in self._sockets:
                self._tasks.loop.add_reader(listening.fileno(), self._accept, listening)

    def use_sink(self, sink: RequestSink) -> None:
        """Hand further requests of all connections to another dispatcher; what is in work stays where it is."""
        self._sink = sink
        for connection in self._connections:
            connection.use_sink(sink)

    def stop_accepting(self) -> None:
        """Close the listening sockets; connections go on."""
        self._pause_accepting()
        for timer in (self._pause_timer, self._idle_timer):
            if timer is not None:
                timer.cancel()
        self._pause_timer = self._idle_timer = None
        if self._held is not None:
            self._held[0].close()
            self._held = None
        for listening in self._sockets:
            listening.close()
        self._sockets = []

    async def drain(self) -> None:
        """Let every connection finish the request that it waits for, within a limit, then close it."""
        empty = asyncio.Event()
        self._when_empty = empty.set
        for connection in list(self._connections):
            connection.drain()
        if self._connections:
            try:
                await asyncio.wait_for(empty.wait(), DRAIN_LIMIT_MS / 1000)
            except TimeoutError:
                self._logger.warning(
                    "Closing %d connections with unanswered requests", len(self._connections)
                )
        for connection in list(self._connections):
            connection.close()

    def connection_closed(self, connection: Connection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)
        self._count.closed(connection.client_address)
        if not self._connections and self._when_empty is not None:
            self._when_empty()

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTS_A_TURN):
            if self._is_full:
                # Another listener has taken the last place, or there are fewer of them since a moment.
                self._pause_accepting()
            if not self._is_accepting:
                return
            try:
                connected, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in OUT_OF_DESCRIPTORS:
                    raise
                self._logger.error("No further connection can be accepted for now: %s", error.strerror)
                self._rest(ACCEPT_PAUSE_MS)
                return
            client_address = _plain_address(str(address[0]))
            delay_ms = 0 if self._is_protected else self._count.delay_ms(self._tasks.loop.time() * 1000)
            if delay_ms > 0:
                self._held = (connected, client_address)
                self._rest(delay_ms)
                return
            self._admit(connected, client_address)

    def _rest(self, duration_ms: float) -> None:
        """Accept nothing for a time."""
        self._pause_accepting()
        self._pause_timer = self._tasks.call_later(duration_ms, self._resume_accepting)

    def _admit(self, connected: socket.socket, client_address: str) -> None:
        limits = self._limits
        if not self._count.may_admit(client_address):
            self._logger.info(
                "Rejected connection from /%s, address already has the configured maximum of %d connections.",
                client_address,
                self._count.limit_for(client_address),
            )
            connected.close()
            return
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._count.opened(client_address)
        self.accepted += 1
        self._connections.add(
            Connection(
                connected,
                client_address,
                self._tasks.loop,
                self._shared_buffer,
                self._sink,
                self,
                max_frame_bytes=limits.max_frame_bytes,
                logger=self._logger,
            )
        )
        if self._is_full:
            self._pause_accepting()
        if self._idle_timer is None and limits.max_idle_ms >= 0:
            self._idle_timer = self._tasks.call_later(limits.max_idle_ms, self._close_idle)

    def _pause_accepting(self) -> None:
        if self._is_accepting:
            self._is_accepting = False
            for listening in self._sockets:
                self._tasks.loop.remove_reader(listening.fileno())

    def _resume_accepting(self) -> None:
        self._pause_timer = None
        self._accept_on()

    def _close_idle(self) -> None:
        """Close what was idle for too long, and come back when the next connection can be due."""
        self._idle_timer = None
        now = self._tasks.loop.time()
        max_idle = self._limits.max_idle_ms / 1000
        oldest = now
        for connection in list(self._connections):
            if now - connection.last_active >= max_idle:
                connection.close()
            else:
                oldest = min(oldest, connection.last_active)
        if self._connections:
            delay_ms = max(1000.0, (oldest + max_idle - now) * 1000)
            self._idle_timer = self._tasks.call_later(delay_ms, self._close_idle)


def _plain_address(address: str) -> str:
    """Return an IPv4 address that came through an IPv6 socket in its own form."""
    return address.removeprefix("::ffff:")
