"""The composition root: builds the broker's parts in order, wires them, and stops them in reverse.

The order of a start: ports are taken, the data directory is locked, the metadata log is led and replayed, the logs are
opened and recovered, the node registers, leads its partitions, and only then clients are let in.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from typing import TYPE_CHECKING, TypeVar

from ottla.clock import Clock
from ottla.completion import Completion
from ottla.config.listeners import SECURITY_PROTOCOLS
from ottla.config.resolved import BrokerConfig
from ottla.coordination.broker_config import LiveBrokerConfig
from ottla.coordination.client_telemetry import ClientTelemetry
from ottla.coordination.controller import Controller
from ottla.coordination.image_log import ImageLog
from ottla.coordination.metadata_log import MetadataLog
from ottla.coordination.publisher import ImagePublisher
from ottla.coordination.quorum import MetadataQuorum
from ottla.coordination.runtime import Runtime
from ottla.coordination.unenforced import UnenforcedQuotas
from ottla.errors import KafkaError
from ottla.groups.service import GroupService
from ottla.handlers.context import Services
from ottla.metadata.aspects.brokers import Endpoint
from ottla.metadata.formatting import read_bootstrap_records
from ottla.metadata.inconsistency import InconsistentMetadataError
from ottla.metadata.registration_plan import NodeRegistration
from ottla.partitions.data_volume import DataVolume
from ottla.partitions.fetch_sessions import FetchSessionCache
from ottla.partitions.housekeeping import Housekeeping
from ottla.partitions.log_recovery import RECOVER_BESIDE_FROM_BYTES, LogRecovery
from ottla.partitions.partition import Wakeups
from ottla.partitions.partition_set import PartitionSet
from ottla.partitions.producer_ids import ProducerIdAllocator
from ottla.partitions.reader import FetchReader
from ottla.partitions.writer import DirectoryWriter
from ottla.processes.helper_processes import HelperProcesses, HelpersClosedError
from ottla.records.batch import CorruptBatchError
from ottla.server.data_directory import open_data_directory
from ottla.server.sockets import Sockets
from ottla.server.start_error import StartError, StartInterruptedError
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import LogDirectory, LogDirectoryError
from ottla.storage.open_files import OpenFiles
from ottla.storage.recovery import UnsupportedSegmentError, UnusableLogError
from ottla.tasks import Tasks
from ottla.telemetry.running_levels import RunningLevels
from ottla.types import random_uuid
from ottla.version import KAFKA_COMMIT_ID, KAFKA_VERSION

if TYPE_CHECKING:
    from ottla.server.metrics import Metrics

T = TypeVar("T")

logger = logging.getLogger("kafka.server.BrokerServer")
lifecycle_logger = logging.getLogger("kafka.server.BrokerLifecycleManager")
started_logger = logging.getLogger("kafka.server.KafkaRaftServer")
version_logger = logging.getLogger("org.apache.kafka.common.utils.AppInfoParser")
zookeeper_logger = logging.getLogger("kafka.server.KafkaServer")

ZOOKEEPER_SETTING = "zookeeper.connect"

STOP_STEP_LIMIT_S = 30.0
"""How long the disk may get nothing done at all in a stop; after it the stop goes on and does not count as clean."""

MAX_OPEN_LOG_FILES = 100_000
"""More open files than any broker of this size needs; the process's own limit is mostly lower."""


class Broker:
    """One broker and controller on one data directory, from `start` to `stop`."""

    def __init__(
        self,
        config: BrokerConfig,
        clock: Clock,
        tasks: Tasks,
        *,
        files: FileSystem | None = None,
        recover_beside_from_bytes: int = RECOVER_BESIDE_FROM_BYTES,
        levels: RunningLevels | None = None,
    ) -> None:
        self._live_config = LiveBrokerConfig(config)
        self._clock = clock
        self._tasks = tasks
        self._files = FileSystem() if files is None else files
        self._levels = RunningLevels() if levels is None else levels
        self._sockets = Sockets(config, tasks)
        self._live_config.follow(self._sockets)
        self._publisher = ImagePublisher()
        self._writer = DirectoryWriter(config.data_directory, tasks)
        self._broker_epoch = -1
        self._recover_beside_from_bytes = recover_beside_from_bytes
        self._recovery: LogRecovery | None = None
        self._is_interrupted = False
        self._directory: LogDirectory | None = None
        self._controller: Controller | None = None
        self._groups: GroupService | None = None
        self._quorum: MetadataQuorum | None = None
        self._is_untouched = True
        """Whether nothing was written to the metadata log yet: a start that it refuses leaves all as it was."""
        self._partitions: PartitionSet | None = None
        self._housekeeping: Housekeeping | None = None
        self._cleaners: HelperProcesses | None = None
        self._metrics: Metrics | None = None

    @property
    def _config(self) -> BrokerConfig:
        """The configuration in effect."""
        return self._live_config.config

    async def start(self) -> None:
        """Start everything. Raises StartError; `stop` must be called in every case."""
        started_ms = self._clock.now_ms()
        self._sockets.bind()
        if self._config.ottla_metrics_port is not None:
            # Imported late: a broker that nobody measures must not pay for it.
            from ottla.server.metrics import Metrics  # noqa: PLC0415

            self._metrics = Metrics(self._config, self._tasks, started_ms)
        directory = self._directory = open_data_directory(self._files, self._config, self._clock)
        try:
            await self._start_on(directory)
        except HelpersClosedError as error:
            raise StartInterruptedError("the start was interrupted while logs were recovered") from error
        except InconsistentMetadataError as error:
            raise StartError(f"the metadata in {directory.path} cannot be used: {error}") from error
        except (LogDirectoryError, UnsupportedSegmentError, CorruptBatchError) as error:
            raise StartError(f"the data in {directory.path} cannot be used: {error}") from error
        except KafkaError as error:
            raise StartError(f"the metadata in {directory.path} cannot be written: {error}") from error
        except OSError as error:
            raise StartError(f"the data directory {directory.path} failed: {error}") from error
        self._log_start(started_ms)

    async def _start_on(self, directory: LogDirectory) -> None:
        open_files = OpenFiles(self._files, open_files_limit())
        log = MetadataLog.open(directory, open_files, self._writer, self._clock, self._config)
        cluster_id = directory.meta_properties.cluster_id
        controller = self._controller = Controller(
            log, self._publisher, self._clock, self._tasks, lambda: self._config, cluster_id
        )
        self._publisher.subscribe(self._live_config)
        try:
            await settled(controller.load(read_bootstrap_records(self._files, directory.path)))
        finally:
            self._is_untouched = not log.is_leading
        config = self._config
        quorum = self._quorum = MetadataQuorum(
            log,
            config,
            cluster_id,
            directory.meta_properties.directory_id,
            lambda: self._publisher.image,
            self._tasks,
        )
        partitions = await self._open_partitions(directory, open_files, config)
        self._publisher.subscribe(partitions)
        groups = self._groups = GroupService(config, partitions, Runtime(self._clock, self._tasks))
        self._publisher.subscribe(groups)
        self._publisher.subscribe(ImageLog())
        self._publisher.subscribe(UnenforcedQuotas())
        partitions.subscribe(groups)
        self._broker_epoch = await settled(controller.register(self._registration(directory)))
        await settled(controller.unfence())
        lifecycle_logger.info(
            "[BrokerLifecycleManager id=%d] The broker has been unfenced. Transitioning from RECOVERY to RUNNING.",
            config.node_id,
        )
        services = Services(
            config=config,
            node_id=config.node_id,
            cluster_id=cluster_id,
            image=lambda: self._publisher.image,
            partitions=partitions,
            volume=DataVolume(self._files, directory.path, self._writer),
            reader=FetchReader(self._tasks),
            fetch_sessions=FetchSessionCache(config.max_incremental_fetch_session_cache_slots),
            producer_ids=ProducerIdAllocator(controller),
            controller=controller,
            groups=groups,
            levels=self._levels,
            quorum=quorum,
            client_telemetry=ClientTelemetry(config.telemetry_max_bytes),
            clock=self._clock,
            tasks=self._tasks,
        )
        self._live_config.follow(services)
        self._sockets.start(services, None if self._metrics is None else self._metrics.counters)
        if self._metrics is not None:
            await self._metrics.start(controller, partitions, groups, self._writer, self._sockets)

    def interrupt_start(self) -> None:
        """Have `start` give up what takes long, the recovery of logs; it is for the next start then."""
        self._is_interrupted = True
        if self._recovery is not None:
            self._recovery.close()

    def port(self, listener_name: str) -> int:
        """Return the port that a listener has, also where any free one was asked for."""
        return self._sockets.port(listener_name)

    async def stop(self) -> None:
        """Stop what was started: answer what is due, flush the logs, say that the stop was clean, unlock.

        Where the disk does not answer the logs are left as they are, for the next start to recover, and the data
        directory stays locked as long as the process is there, since its threads may still write.
        """
        logger.info("[BrokerServer id=%d] shutting down", self._config.node_id)
        self._sockets.stop_accepting()
        if self._metrics is not None:
            self._metrics.stop()
        is_clean = await self._hand_over()
        await self._sockets.drain()
        if self._housekeeping is not None:
            self._housekeeping.close()
        try:
            if self._recovery is not None:
                await self._while_disk_works(self._recovery.close())
            if self._cleaners is not None:
                await self._while_disk_works(self._cleaners.close())
            await self._while_disk_works(self._writer.drain())
            if self._partitions is not None:
                is_clean = await self._while_disk_works(self._partitions.close()) and is_clean
        except TimeoutError:
            logger.error("The disk does not answer; the next start will recover the logs")
        else:
            self._close_directory(is_clean=is_clean and self._partitions is not None)
        self._writer.close()
        logger.info("[BrokerServer id=%d] shut down completed", self._config.node_id)

    async def _hand_over(self) -> bool:
        """Give up leadership and membership, which answers whoever waits; tell whether the metadata took note."""
        try:
            if self._controller is not None and self._broker_epoch >= 0:
                await self._while_disk_works(self._controller.begin_controlled_shutdown())
                await self._while_disk_works(self._controller.fence())
        except (KafkaError, TimeoutError) as error:
            logger.error("The metadata log could not take note of the stop: %s", error)
            return False
        finally:
            if self._groups is not None:
                self._groups.stop()
            if self._quorum is not None:
                self._quorum.close()
        return True

    async def _while_disk_works(self, completion: Completion[T]) -> T:
        """Wait for a completion for as long as the threads that wait for the disk get something done.

        Return its value or raise its exception; TimeoutError once nothing was done for `STOP_STEP_LIMIT_S`.
        """
        waiting = asyncio.ensure_future(settled(completion))
        while True:
            finished = self._writer.finished
            done, _ = await asyncio.wait([waiting], timeout=STOP_STEP_LIMIT_S)
            if done:
                return waiting.result()
            if self._writer.finished == finished:
                waiting.cancel()
                raise TimeoutError

    def _close_directory(self, *, is_clean: bool) -> None:
        try:
            if self._controller is not None:
                self._controller.close()
            if self._directory is not None:
                if is_clean:
                    self._directory.mark_clean_shutdown(self._broker_epoch)
                elif self._is_untouched and self._directory.was_stopped_cleanly:
                    self._directory.mark_clean_shutdown(self._directory.previous_broker_epoch)
                self._directory.close()
        except (OSError, UnusableLogError) as error:
            logger.error("The stop is not clean: %s", error)

    async def _open_partitions(
        self, directory: LogDirectory, open_files: OpenFiles, config: BrokerConfig
    ) -> PartitionSet:
        cleaners = self._cleaners = HelperProcesses(self._tasks, limit=config.log_cleaner_threads)
        housekeeping = self._housekeeping = Housekeeping(
            config, directory, self._writer, self._tasks, self._clock, cleaners
        )
        partitions = self._partitions = PartitionSet(
            directory,
            open_files,
            config,
            writer=self._writer,
            wakeups=Wakeups(self._tasks),
            listener=housekeeping,
            clock=self._clock,
            delete_later=housekeeping.delete_later,
        )
        recovery = self._recovery = LogRecovery(
            self._tasks, self._files, config, beside_from_bytes=self._recover_beside_from_bytes
        )
        if self._is_interrupted:
            recovery.close()
        await settled(partitions.load(self._publisher.image, recovery))
        await settled(recovery.close())
        self._recovery = None
        self._live_config.follow(housekeeping)
        self._live_config.follow(partitions)
        housekeeping.start(partitions)
        return partitions

    def _registration(self, directory: LogDirectory) -> NodeRegistration:
        config = self._config
        return NodeRegistration(
            node_id=config.node_id,
            incarnation_id=random_uuid(),
            broker_endpoints=[
                Endpoint(
                    each.name,
                    each.host,
                    each.port or self._sockets.port(each.name),
                    SECURITY_PROTOCOLS.index(each.security_protocol),
                )
                for each in config.advertised_listeners
                if each.name not in config.controller_listener_names
            ],
            controller_endpoints=[
                Endpoint(
                    each.name,
                    each.host or socket.getfqdn(),
                    self._sockets.port(each.name),
                    SECURITY_PROTOCOLS.index(each.security_protocol),
                )
                for each in config.controller_listeners
            ],
            rack=config.broker_rack,
            directory_id=directory.meta_properties.directory_id,
            previous_broker_epoch=directory.previous_broker_epoch,
        )

    def _log_start(self, started_ms: int) -> None:
        version_logger.info("Kafka version: %s", KAFKA_VERSION)
        version_logger.info("Kafka commitId: %s", KAFKA_COMMIT_ID)
        version_logger.info("Kafka startTimeMs: %d", started_ms)
        if ZOOKEEPER_SETTING in self._config.settings:
            # Who configures a ZooKeeper waits for the words of that time.
            zookeeper_logger.info("[KafkaServer id=%d] started", self._config.node_id)
        started_logger.info("[KafkaRaftServer nodeId=%d] Kafka Server started", self._config.node_id)


def open_files_limit() -> int:
    """Return how many log files may be open: half of the descriptors, since connections need the others."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(max(soft // 2, 1), MAX_OPEN_LOG_FILES)


async def settled(completion: Completion[T]) -> T:
    """Wait for a completion; return its value or raise its exception."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    completion.on_done(lambda _: None if done.done() else done.set_result(None))
    await done
    return completion.result()
