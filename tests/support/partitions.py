"""A data directory with partitions in it, as the broker has it, on a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from ottla.completion import Completion
from ottla.config.broker import embedded_broker_config
from ottla.config.resolved import BrokerConfig
from ottla.coordination.broker_config import LiveBrokerConfig
from ottla.errors import KafkaError
from ottla.handlers.context import RequestContext, Services
from ottla.metadata.image import EMPTY, ClusterImage, apply_records, difference
from ottla.metadata.records import (
    BrokerEndpoint,
    ConfigRecord,
    PartitionChangeRecord,
    PartitionRecord,
    RegisterBrokerRecord,
    RemoveTopicRecord,
    TopicRecord,
)
from ottla.partitions.data_volume import DataVolume
from ottla.partitions.fetch_sessions import FetchSessionCache
from ottla.partitions.housekeeping import Housekeeping
from ottla.partitions.partition import Partition, Wakeups
from ottla.partitions.partition_set import PartitionSet
from ottla.partitions.reader import FetchReader
from ottla.partitions.writer import DirectoryWriter
from ottla.processes.helper_processes import HelperError
from ottla.records.builder import NewRecord, build_batch
from ottla.storage.append_check import AppendOrigin
from ottla.storage.appending import AppendResult
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import LogDirectory, MetaProperties, write_meta_properties
from ottla.storage.open_files import OpenFiles
from ottla.types import Uuid
from tests.support.manual_time import ManualTime

NODE_ID = 1
LISTENER = "PLAINTEXT"
START_MS = 1_700_000_000_000


class ManualLoop(ManualTime):
    """`ottla.tasks.Tasks` as far as partitions use it; what is due soon runs when the test says so."""

    def __init__(self) -> None:
        super().__init__(START_MS)
        self.soon: list[Callable[[], None]] = []

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def call_soon_threadsafe(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def turn(self) -> None:
        """Run what was to run in the next turn, and what follows from it."""
        while self.soon:
            due, self.soon = self.soon, []
            for callback in due:
                callback()


class InlineWriter(DirectoryWriter):
    """Runs everything inline, however slow the machine is, so that a test needs no thread."""

    def submit(self, work: Callable[[], Any]) -> Completion[Any]:
        return Completion.resolved(None).map(lambda _: work())

    def submit_flush(self, work: Callable[[], Any]) -> Completion[Any]:
        return self.submit(work)

    def submit_apart(self, work: Callable[[], Any]) -> Completion[Any]:
        return self.submit(work)


class InlineHelpers:
    """Does the jobs of helper processes in the test's own; with `is_holding` they wait until they are released."""

    def __init__(self) -> None:
        self.is_holding = False
        self.held: list[tuple[Callable[[Any], Any], Any, Completion[Any]]] = []
        self.done = 0
        self.limit: int | None = None

    def run(self, job: Callable[[Any], Any], request: Any) -> Completion[Any]:
        completion: Completion[Any] = Completion()
        self.held.append((job, request, completion))
        if not self.is_holding:
            self.release()
        return completion

    def release(self) -> None:
        """Do what waits."""
        held, self.held = self.held, []
        for job, request, completion in held:
            self.done += 1
            completion.take(Completion.resolved(request).map(job))

    def resize(self, limit: int) -> None:
        self.limit = limit

    def abort(self, completion: Completion[Any]) -> None:
        self.held = [each for each in self.held if each[2] is not completion]
        completion.fail(HelperError("given up"))


class DataDirectory:
    """A data directory in use. `restart` closes and opens it again, `crash` opens it again as it is."""

    def __init__(
        self, path: Path, options: Mapping[str, str] | None = None, files: FileSystem | None = None
    ) -> None:
        self.path = path
        self.files = files or FileSystem()
        self.options = {"node.id": str(NODE_ID), **(options or {})}
        self.image: ClusterImage = EMPTY
        path.mkdir(parents=True, exist_ok=True)
        write_meta_properties(self.files, path, MetaProperties("cluster", NODE_ID, Uuid(bytes(15) + b"\xcc")))
        self.loop = ManualLoop()
        self.change(
            RegisterBrokerRecord(
                broker_id=NODE_ID,
                end_points=[BrokerEndpoint(name=LISTENER, host="broker.example", port=9092)],
                fenced=False,
                rack="r1",
            ),
            follow=False,
        )
        self.open()

    @property
    def config(self) -> BrokerConfig:
        """The broker's configuration in effect."""
        return self.live_config.config

    def open(self) -> None:
        self.live_config = LiveBrokerConfig(embedded_broker_config(self.options))
        self.live_config.on_image(self.image, difference(EMPTY, self.image))
        self.directory = LogDirectory.open(self.files, self.path, node_id=NODE_ID)
        tasks = cast("Any", self.loop)
        self.writer = InlineWriter(str(self.path), tasks, slow_write_s=inf)
        self.helpers = InlineHelpers()
        self.housekeeping = Housekeeping(
            self.config, self.directory, self.writer, self.loop, self.loop, self.helpers
        )
        self.partitions = PartitionSet(
            self.directory,
            OpenFiles(self.files, 100),
            self.config,
            writer=self.writer,
            wakeups=Wakeups(self.loop),
            listener=self.housekeeping,
            clock=self.loop,
            delete_later=self.housekeeping.delete_later,
        )
        self.partitions.load(self.image).result()
        self.live_config.follow(self.housekeeping)
        self.live_config.follow(self.partitions)
        self.housekeeping.start(self.partitions)
        self.reader = FetchReader(self.loop)
        self.fetch_sessions = FetchSessionCache(10)

    def close(self) -> bool:
        self.housekeeping.close()
        is_clean = self.partitions.close().result()
        if is_clean:
            self.directory.mark_clean_shutdown()
        self.directory.close()
        return is_clean

    def restart(self) -> None:
        self.close()
        self.open()

    def crash(self) -> None:
        self.housekeeping.close()
        self.directory.close()
        self.open()

    def change(self, *records: Any, follow: bool = True) -> None:
        """Commit metadata records."""
        self.image, delta = apply_records(self.image, records, offset=self.image.offset + len(records))
        if follow:
            self.live_config.on_image(self.image, delta)
            self.partitions.on_image(self.image, delta)

    def create_topic(
        self, name: str, partitions: int = 1, *, number: int = 0, leader: int = NODE_ID, **overrides: str
    ) -> Uuid:
        """Create a topic whose id follows from its name and number."""
        topic_id = topic_id_of(name, number)
        self.change(
            TopicRecord(name=name, topic_id=topic_id),
            *(
                ConfigRecord(resource_type=2, resource_name=name, name=key.replace("_", "."), value=value)
                for key, value in overrides.items()
            ),
            *(
                PartitionRecord(
                    partition_id=index,
                    topic_id=topic_id,
                    replicas=[leader],
                    isr=[leader],
                    leader=leader,
                    leader_epoch=0,
                    partition_epoch=0,
                )
                for index in range(partitions)
            ),
        )
        return topic_id

    def delete_topic(self, name: str) -> None:
        self.change(RemoveTopicRecord(topic_id=self.image.topics.by_name[name].topic_id))

    def set_leader(self, name: str, index: int, leader: int) -> None:
        topic_id = self.image.topics.by_name[name].topic_id
        self.change(PartitionChangeRecord(partition_id=index, topic_id=topic_id, leader=leader))

    def configure_topic(self, name: str, key: str, value: str | None) -> None:
        self.change(ConfigRecord(resource_type=2, resource_name=name, name=key, value=value))

    def configure_broker(self, key: str, value: str | None, *, resource_name: str = "") -> None:
        """Set a dynamic option of all brokers, or of the one with this id."""
        self.change(ConfigRecord(resource_type=4, resource_name=resource_name, name=key, value=value))

    def partition(self, name: str, index: int = 0) -> Partition:
        partition = self.partitions.get(name, index)
        assert partition is not None
        return partition

    def append(self, name: str, *values: bytes, index: int = 0, **fields: Any) -> AppendResult:
        return (
            self.partition(name, index)
            .append(self.batch(*values, **fields), origin=AppendOrigin.CLIENT, now_ms=self.loop.now_ms())
            .result()
        )

    def batch(self, *values: bytes, **fields: Any) -> bytearray:
        return build_batch(
            [NewRecord(b"key", value) for value in values], **{"now_ms": self.loop.now_ms(), **fields}
        )

    def context(self, api_version: int, client_id: str = "test") -> RequestContext:
        services = Services(
            config=self.config,
            node_id=NODE_ID,
            cluster_id="cluster",
            image=lambda: self.image,
            partitions=self.partitions,
            volume=DataVolume(self.files, self.path, self.writer),
            reader=self.reader,
            fetch_sessions=self.fetch_sessions,
            producer_ids=cast("Any", None),
            controller=cast("Any", None),
            groups=cast("Any", None),
            levels=cast("Any", None),
            quorum=cast("Any", SimpleNamespace(kraft_version=0)),
            client_telemetry=cast("Any", None),
            clock=self.loop,
            tasks=cast("Any", self.loop),
        )
        return RequestContext(
            services=services,
            api_version=api_version,
            correlation_id=7,
            client_id=client_id,
            listener_name=LISTENER,
            listener_is_controller=False,
            client_address="127.0.0.1",
            now_ms=self.loop.now_ms(),
        )


def topic_id_of(name: str, number: int = 0) -> Uuid:
    return Uuid(name.encode().ljust(15, b"\x01")[:15] + bytes([number]))


def error_of(completion: Completion[Any]) -> KafkaError:
    assert isinstance(completion.error, KafkaError)
    return completion.error
