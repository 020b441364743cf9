"""The broker's listeners as one thing: bind all, then accept on all, then drain all."""

from __future__ import annotations

import asyncio
import heapq
import ipaddress
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ottla.config.listeners import Listener as ListenerAddress
from ottla.config.resolved import BrokerConfig
from ottla.handlers.context import Services
from ottla.server.connection import RequestSink
from ottla.server.creation_rate import CreationRate
from ottla.server.dispatch import Dispatcher, RouteWatch
from ottla.server.listener import (
    ConnectionCount,
    ConnectionLimits,
    Listener,
    ListenError,
    open_sockets,
)
from ottla.server.receiving import SharedBuffer
from ottla.server.start_error import StartError
from ottla.tasks import Tasks

if TYPE_CHECKING:
    from ottla.telemetry.metrics import RequestCounters

logger = logging.getLogger("kafka.network.SocketServer")
acceptor_logger = logging.getLogger("kafka.network.DataPlaneAcceptor")
request_logger = logging.getLogger("kafka.request.logger")

KAFKA_SOCKET_BUFFER_BYTES = 102_400
"""Kafka's default for socket.send.buffer.bytes and socket.receive.buffer.bytes, which its sample files repeat. The
system's own tuning is up to a quarter faster, so this value leaves the buffers alone; any other one is applied."""


MINIMUM_BACKLOG = 1024
"""Connections that the kernel keeps for us at least. Kafka's default of 50 goes with a thread that only accepts;
our loop may be away for milliseconds, and a burst that finds no room comes back only after a second."""


CLOSES_A_TURN = 64
"""Connections closed in one turn of the loop where there are too many, so that the others are served meanwhile."""


class Sockets:
    """All listeners, in the order of the configuration."""

    def __init__(self, config: BrokerConfig, tasks: Tasks) -> None:
        self._config = config
        self._tasks = tasks
        self._static_overrides = config.max_connections_per_ip_overrides
        self._bound: dict[str, list[socket.socket]] = {}
        self._listeners: dict[str, Listener] = {}
        self._counts: dict[bool, ConnectionCount] = {}
        """The connections of the controller listeners, and those of the others: each has bounds of its own."""
        self._bounds_by_address: dict[str, int] = {}

    def bind(self) -> None:
        """Take the ports, so that a conflict is found before anything else is done. Raises StartError."""
        for address in self._config.listeners:
            try:
                self._bound[address.name] = open_sockets(address.host, address.port)
            except ListenError as error:
                raise StartError(
                    f"listener {address.name}: Socket server failed to bind to {error}"
                ) from error

    def port(self, name: str) -> int:
        """Return the port that a bound listener has, also where any free one was asked for."""
        port: int = self._bound[name][0].getsockname()[1]
        return port

    @property
    def listeners(self) -> Mapping[str, Listener]:
        """The listeners that accept, by name."""
        return self._listeners

    def start(self, services: Services, counters: RequestCounters | None = None) -> None:
        """Accept connections on every listener; count their requests where there are counters. Raises StartError."""
        config = self._config
        if config.max_connections_per_ip_overrides == self._static_overrides:
            self._bounds_by_address = resolve_overrides(self._static_overrides)
        else:
            self._follow_overrides()  # a setting that was made while it ran must not keep a broker from starting
        limits = self._limits()
        shared_buffer = SharedBuffer()
        controller_names = config.controller_listener_names
        sample_ms = config.quota_window_size_seconds * 1000
        self._counts = {
            is_controller: ConnectionCount(limits, CreationRate(sample_ms, config.quota_window_num))
            for is_controller in (True, False)
        }
        for is_controller, count in self._counts.items():
            count.when_exceeded = partial(self._tasks.call_soon, partial(self._close_excess, is_controller))
        for address in self._config.listeners:
            is_controller = address.name in controller_names
            make_sink = partial(_sink, services, address.name, is_controller=is_controller, counters=counters)
            bound = self._bound[address.name]
            listener = Listener(
                bound,
                self._tasks,
                shared_buffer,
                make_sink(),
                limits,
                self._counts[is_controller],
                logger,
                is_protected=address.name == self._protected_name,
            )
            for listening in bound:
                self._size_buffers(listening)
            try:
                listener.start()
            except ListenError as error:
                raise StartError(
                    f"listener {address.name}: Socket server failed to bind to {error}"
                ) from error
            self._listeners[address.name] = listener
            services.levels.call_when_changed(partial(_renew_sink, listener, make_sink))
            acceptor_logger.info("Awaiting socket connections on %s.", self._shown(address))
        for kind, names in (
            ("CONTROLLER", self._config.controller_listeners),
            ("BROKER", self._config.broker_listeners),
        ):
            if names:
                logger.info(
                    "[SocketServer listenerType=%s, nodeId=%d] Enabling request processing.",
                    kind,
                    self._config.node_id,
                )

    def update_broker_config(self, config: BrokerConfig) -> None:
        """Go by other bounds of connections. What is open beyond them is closed, and the longest idle ones first."""
        overrides = config.max_connections_per_ip_overrides
        has_changed = overrides != self._config.max_connections_per_ip_overrides
        self._config = config
        if not self._counts:
            return  # nobody is let in yet; `start` looks at the options
        if has_changed:
            self._follow_overrides()
        self._change_limits()

    def _follow_overrides(self) -> None:
        overrides = self._config.max_connections_per_ip_overrides
        names, self._bounds_by_address = split_overrides(overrides)
        if names:
            self._tasks.spawn("max.connections.per.ip.overrides", self._look_up(names, overrides))

    async def _look_up(self, names: Mapping[str, int], overrides: Mapping[str, int]) -> None:
        """Resolve the host names among the bounds, and go by them unless there are other bounds meanwhile."""
        for name, limit in names.items():
            try:
                found = await self._tasks.loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                logger.error(
                    "max.connections.per.ip.overrides: %s does not resolve, and has no bound of its own: %s",
                    name,
                    error,
                )
                continue
            if self._config.max_connections_per_ip_overrides != overrides:
                return
            addresses = {str(address[0]): limit for _, _, _, _, address in found}
            self._bounds_by_address = {**addresses, **self._bounds_by_address}
        self._change_limits()

    @property
    def _protected_name(self) -> str | None:
        """The listener between brokers, where there is another one: bounds are for the others (`protectedListener`)."""
        config = self._config
        return config.inter_broker_listener_name if len(config.broker_listeners) > 1 else None

    def _change_limits(self) -> None:
        limits = self._limits()
        for is_controller, count in self._counts.items():
            count.change_limits(limits)
            if count.excess:
                logger.info(
                    "Closing %d connections, the longest idle first: max.connections is %d now",
                    count.excess,
                    limits.max_connections,
                )
            self._close_excess(is_controller)

    def _close_excess(self, is_controller: bool) -> None:
        """Close what is open beyond max.connections, some in each turn of the loop (Kafka: one in each poll)."""
        count = self._counts[is_controller]
        names = self._config.controller_listener_names
        connections = [
            connection
            for name, listener in self._listeners.items()
            if (name in names) == is_controller and name != self._protected_name
            for connection in listener.connections
        ]
        if not count.excess or not connections:
            return
        closed = min(count.excess, CLOSES_A_TURN)
        for connection in heapq.nsmallest(closed, connections, key=lambda each: each.last_active):
            connection.close()
        self._tasks.call_soon(partial(self._close_excess, is_controller))

    def stop_accepting(self) -> None:
        """Close the listening sockets; connections go on."""
        for listener in self._listeners.values():
            listener.stop_accepting()
        for name, bound in self._bound.items():
            if name not in self._listeners:
                for listening in bound:
                    listening.close()
        self._bound.clear()

    async def drain(self) -> None:
        """Answer what is due and close all connections."""
        await asyncio.gather(*(listener.drain() for listener in self._listeners.values()))

    def _shown(self, address: ListenerAddress) -> str:
        host = address.host or "0.0.0.0"  # noqa: S104 - as Kafka shows all interfaces
        return f"{host}:{self.port(address.name)}"

    def _limits(self) -> ConnectionLimits:
        config = self._config
        return ConnectionLimits(
            max_connections=config.max_connections,
            max_connections_per_ip=config.max_connections_per_ip,
            max_connections_by_address=self._bounds_by_address,
            max_idle_ms=config.connections_max_idle_ms,
            max_frame_bytes=config.socket_request_max_bytes,
            backlog=max(config.socket_listen_backlog_size, MINIMUM_BACKLOG),
            max_creations_per_s=config.max_connection_creation_rate,
        )

    def _size_buffers(self, listening: socket.socket) -> None:
        for option, size in (
            (socket.SO_SNDBUF, self._config.socket_send_buffer_bytes),
            (socket.SO_RCVBUF, self._config.socket_receive_buffer_bytes),
        ):
            if size not in (KAFKA_SOCKET_BUFFER_BYTES, -1):
                listening.setsockopt(socket.SOL_SOCKET, option, size)


def _renew_sink(listener: Listener, make_sink: Callable[[], RequestSink]) -> None:
    """Have requests told of from now on, or no longer, after a change of levels."""
    listener.use_sink(make_sink())


def _sink(
    services: Services, listener_name: str, *, is_controller: bool, counters: RequestCounters | None
) -> RequestSink:
    """Return a listener's dispatcher, with what counts and tells of its requests around it only where that is asked."""
    watches: list[RouteWatch] = []
    around: list[Callable[[RequestSink], RequestSink]] = []
    # Imported late: most brokers are started without either.
    if counters is not None:
        from ottla.server.request_metrics import MeasuredSink, count_answers  # noqa: PLC0415

        watches.append(partial(count_answers, counters))
        around.append(lambda sink: MeasuredSink(sink, counters))
    if request_logger.isEnabledFor(logging.DEBUG):
        from ottla.server.request_log import LoggedSink, trace_contents  # noqa: PLC0415

        watches.append(trace_contents)
        around.append(lambda sink: LoggedSink(sink, listener_name))
    sink: RequestSink = Dispatcher(
        services, listener_name, is_controller=is_controller, logger=logger, watches=watches
    )
    for wrap in around:
        sink = wrap(sink)
    return sink


def resolve_overrides(overrides: Mapping[str, int]) -> dict[str, int]:
    """Return connection bounds by IP address; a host name stands for all its addresses.

    Raises StartError for a name that does not resolve.
    """
    resolved: dict[str, int] = {}
    for host, limit in overrides.items():
        try:
            found: Sequence[tuple[object, ...]] = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            raise StartError(f"max.connections.per.ip.overrides: {host} does not resolve") from error
        for *_, address in found:
            assert isinstance(address, tuple)
            resolved[str(address[0])] = limit
    return resolved


def split_overrides(overrides: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """Return connection bounds by host name, and by IP address as connections have it."""
    names: dict[str, int] = {}
    addresses: dict[str, int] = {}
    for host, limit in overrides.items():
        try:
            addresses[str(ipaddress.ip_address(host.strip("[]")))] = limit
        except ValueError:
            names[host] = limit
    return names, addresses
