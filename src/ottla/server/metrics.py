"""The metrics of a broker: its own about process, requests and connections, those of the parts below, and their port.

Imported only where metrics are served.
"""

from __future__ import annotations

import logging
import platform
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ottla.completion import Completion
from ottla.config.resolved import BrokerConfig
from ottla.coordination.controller import Controller
from ottla.errors import ErrorCode
from ottla.groups.metrics import GroupCollector
from ottla.groups.service import GroupService
from ottla.partitions.metrics import PartitionCollector, WriterCollector
from ottla.partitions.partition_set import PartitionSet
from ottla.partitions.writer import DirectoryWriter
from ottla.protocol.api import APIS, ApiKey
from ottla.server.metrics_endpoint import MetricsEndpoint
from ottla.server.sockets import Sockets
from ottla.tasks import Tasks
from ottla.telemetry.metric_table import METRICS
from ottla.telemetry.metrics import RequestCounters
from ottla.telemetry.prometheus import Collector, Family, Reading, text_slices
from ottla.version import KAFKA_VERSION, OTTLA_VERSION

logger = logging.getLogger("ottla.metrics")

_MEMORY = Path("/proc/self/statm")
_RESIDENT_FIELD = 1


class Metrics:
    """What is counted, what is read when somebody asks, and the port on which they ask."""

    def __init__(self, config: BrokerConfig, tasks: Tasks, started_ms: int) -> None:
        """Take the port: `ottla.metrics.port` of where clients are served. Raises StartError."""
        assert config.ottla_metrics_port is not None, "without a port nothing is measured"
        self.counters = RequestCounters()
        self._tasks = tasks
        self._started_ms = started_ms
        host = config.ottla_metrics_host
        if host is None:
            host = config.broker_listeners[0].host
        self._endpoint = MetricsEndpoint(host, config.ottla_metrics_port, tasks)

    @property
    def port(self) -> int:
        """The port, also where any free one was asked for."""
        return self._endpoint.port

    async def start(
        self,
        controller: Controller,
        partitions: PartitionSet,
        groups: GroupService,
        writer: DirectoryWriter,
        sockets: Sockets,
    ) -> None:
        """Answer from now on. Raises StartError."""
        collectors: list[Collector] = [
            ProcessCollector(self._started_ms),
            RequestCollector(self.counters),
            ConnectionCollector(sockets, controller),
            PartitionCollector(partitions, lambda: controller.image, self.counters),
            WriterCollector(writer),
            GroupCollector(groups, partitions),
        ]
        await self._endpoint.start(Scraper(collectors, self._tasks).scrape)

    def stop(self) -> None:
        """Answer no more."""
        self._endpoint.stop()


class ProcessCollector:
    """Reads what the system says of this process."""

    def __init__(self, started_ms: int) -> None:
        self._started_ms = started_ms

    def families(self) -> Iterator[Family]:
        """Yield the metrics with their series."""
        versions = (OTTLA_VERSION, KAFKA_VERSION, platform.python_version())
        yield METRICS["ottla_build_info"], (Reading(versions, 1),)
        yield METRICS["process_start_time_seconds"], (Reading((), self._started_ms / 1000),)
        yield METRICS["process_cpu_seconds_total"], (Reading((), time.process_time()),)
        resident_bytes = _resident_bytes()
        if resident_bytes is not None:
            yield METRICS["process_resident_memory_bytes"], (Reading((), resident_bytes),)


def _resident_bytes() -> int | None:
    """Return the resident memory, None where the system has no such file."""
    try:
        pages = int(_MEMORY.read_text().split()[_RESIDENT_FIELD])
    except FileNotFoundError:
        return None
    return pages * resource.getpagesize()


_BY_API: tuple[tuple[str, str], ...] = (
    ("kafka_network_requestmetrics_requests_total", "requests"),
    ("ottla_request_bytes_total", "request_bytes"),
    ("ottla_response_bytes_total", "response_bytes"),
    ("ottla_requests_waiting", "waiting"),
    ("ottla_request_duration_seconds", "total"),
    ("ottla_request_local_duration_seconds", "local"),
)
"""Metrics by API, and the counters that they show."""


class RequestCollector:
    """Reads the counters of requests."""

    def __init__(self, counters: RequestCounters) -> None:
        self._counters = counters

    def families(self) -> Iterator[Family]:
        """Yield the metrics with their series."""
        by_api = [
            (APIS[ApiKey(key)].name, counters) for key, counters in sorted(self._counters.by_api.items())
        ]
        for name, attribute in _BY_API:
            yield METRICS[name], [Reading((api,), getattr(counters, attribute)) for api, counters in by_api]
        yield (
            METRICS["kafka_network_requestmetrics_errors_total"],
            [
                Reading((api, ErrorCode(code).name), count)
                for api, counters in by_api
                for code, count in sorted(counters.errors.items())
            ],
        )
        yield METRICS["ottla_requests_refused_total"], (Reading((), self._counters.refused),)


class ConnectionCollector:
    """Reads the listeners, and whether the controller behind them is at work."""

    def __init__(self, sockets: Sockets, controller: Controller) -> None:
        self._sockets = sockets
        self._controller = controller

    def families(self) -> Iterator[Family]:
        """Yield the metrics with their series."""
        listeners = self._sockets.listeners
        yield (
            METRICS["kafka_server_socket_server_metrics_connection_count"],
            [Reading((name,), each.connection_count) for name, each in listeners.items()],
        )
        yield (
            METRICS["kafka_server_socket_server_metrics_connection_creation_total"],
            [Reading((name,), each.accepted) for name, each in listeners.items()],
        )
        name = "kafka_controller_kafkacontroller_activecontrollercount"
        yield METRICS[name], (Reading((), self._controller.is_active),)


class Scraper:
    """Makes the text of a scrape on the loop, slice by slice; those who ask meanwhile get the same one."""

    def __init__(self, collectors: Sequence[Collector], tasks: Tasks) -> None:
        self._collectors = collectors
        self._tasks = tasks
        self._under_way: Completion[bytes] | None = None

    def scrape(self) -> Completion[bytes]:
        """Return the text, soon."""
        if self._under_way is not None:
            return self._under_way
        scrape: Completion[bytes] = Completion()
        self._under_way = scrape
        lag = _LagCollector()
        self._go_on(scrape, text_slices([*self._collectors, lag]), [], lag)
        return scrape

    def _go_on(
        self, scrape: Completion[bytes], slices: Iterator[bytes], made: list[bytes], lag: _LagCollector
    ) -> None:
        lag.resume()
        try:
            made.append(next(slices))
        except StopIteration:
            self._under_way = None
            scrape.resolve(b"".join(made))
        except Exception as error:  # a bug, which must cost the scrape and nothing else
            logger.exception("The metrics could not be read")
            self._under_way = None
            scrape.fail(error)
        else:
            lag.pause()
            self._tasks.call_soon(lambda: self._go_on(scrape, slices, made, lag))


class _LagCollector:
    """Notes how long other work on the loop keeps a scrape from going on; read behind everything else."""

    def __init__(self) -> None:
        self._paused_s: float | None = None
        self._longest_s = 0.0

    def pause(self) -> None:
        """Take note that others have their turn now."""
        self._paused_s = time.monotonic()

    def resume(self) -> None:
        """Take note that they had it."""
        if self._paused_s is not None:
            self._longest_s = max(self._longest_s, time.monotonic() - self._paused_s)

    def families(self) -> Iterator[Family]:
        """Yield the metric with its series."""
        yield METRICS["ottla_event_loop_lag_seconds"], (Reading((), self._longest_s),)
