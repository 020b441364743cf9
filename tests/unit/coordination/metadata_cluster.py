"""A controller over a real data directory, for the tests of its log and of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from ottla.clock import SystemClock
from ottla.completion import Completion
from ottla.config.broker import embedded_broker_config
from ottla.config.resolved import BrokerConfig
from ottla.coordination.controller import Controller
from ottla.coordination.metadata_log import METADATA_PARTITION, MetadataLog
from ottla.coordination.publisher import ImagePublisher
from ottla.metadata.aspects.brokers import Endpoint
from ottla.metadata.formatting import format_log_directory, read_bootstrap_records
from ottla.metadata.image import ClusterImage, ImageDelta
from ottla.metadata.registration_plan import NodeRegistration
from ottla.partitions.writer import DirectoryWriter
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import LogDirectory, MetaProperties
from ottla.storage.open_files import OpenFiles
from ottla.tasks import Tasks
from ottla.types import random_uuid

CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
OPEN_FILES_LIMIT = 64
TEST_TIMEOUT_S = 30

T = TypeVar("T")


async def result_of(completion: Completion[T]) -> T:
    """Wait for a completion on the loop."""
    done = asyncio.Event()
    completion.on_done(lambda _: done.set())
    await done.wait()
    return completion.result()


@dataclass
class Images:
    """A subscriber that remembers."""

    seen: list[tuple[ClusterImage, ImageDelta]] = field(default_factory=list)
    next_one: Completion[None] = field(default_factory=Completion)

    def on_image(self, image: ClusterImage, delta: ImageDelta) -> None:
        self.seen.append((image, delta))
        waited_for, self.next_one = self.next_one, Completion()
        waited_for.resolve(None)


@dataclass
class Node:
    """One life of a node, from its start to its stop or crash."""

    directory: LogDirectory
    log: MetadataLog
    controller: Controller
    publisher: ImagePublisher
    images: Images
    writer: DirectoryWriter

    @property
    def image(self) -> ClusterImage:
        return self.publisher.image

    async def start(self) -> int:
        """Load, register and unfence; return the broker epoch."""
        await result_of(
            self.controller.load(read_bootstrap_records(self.directory.files, self.directory.path))
        )
        epoch = await result_of(self.controller.register(self.registration()))
        await result_of(self.controller.unfence())
        return epoch

    async def stop(self) -> None:
        """Stop as a broker does that is asked to."""
        await result_of(self.controller.begin_controlled_shutdown())
        await result_of(self.controller.fence())
        epoch = self.image.brokers.by_id[1].epoch
        self.controller.close()
        self.directory.mark_clean_shutdown(epoch)
        self.crash()

    def crash(self) -> None:
        """Let go of the directory and say nothing."""
        self.writer.close()
        self.directory.close()

    def registration(self) -> NodeRegistration:
        return NodeRegistration(
            node_id=1,
            incarnation_id=random_uuid(),
            broker_endpoints=[Endpoint("PLAINTEXT", "localhost", 9092, 0)],
            controller_endpoints=[Endpoint("CONTROLLER", "localhost", 9093, 0)],
            rack=None,
            directory_id=self.directory.meta_properties.directory_id,
            previous_broker_epoch=self.directory.previous_broker_epoch,
        )


def format_directory(path: Path, files: FileSystem | None = None) -> None:
    """Format a data directory as a start without one does."""
    properties = MetaProperties(CLUSTER_ID, 1, random_uuid())
    format_log_directory(files or FileSystem(), path, properties, now_ms=SystemClock().now_ms())


def open_node(
    path: Path, files: FileSystem | None = None, *, segment_bytes: int | None = None, **overrides: str
) -> Node:
    """Open a formatted data directory within a running loop; underscores in option names stand for dots.

    `segment_bytes` may be smaller than any setting of metadata.log.segment.bytes.
    """
    config = embedded_broker_config({name.replace("_", "."): value for name, value in overrides.items()})
    if segment_bytes is not None:
        config = replace(config, metadata_log_segment_bytes=segment_bytes)
    directory = LogDirectory.open(files or FileSystem(), path, node_id=1)
    tasks = Tasks(asyncio.get_running_loop())
    writer = DirectoryWriter(str(path), tasks)
    log = MetadataLog.open(
        directory, OpenFiles(directory.files, OPEN_FILES_LIMIT), writer, SystemClock(), config
    )
    publisher = ImagePublisher()
    images = Images()
    publisher.subscribe(images)

    def current_config() -> BrokerConfig:
        return config

    controller = Controller(
        log, publisher, SystemClock(), tasks, current_config, directory.meta_properties.cluster_id
    )
    return Node(directory, log, controller, publisher, images, writer)


def run(main: Callable[[], Awaitable[Any]]) -> None:
    """Run a test on a loop, for a bounded time."""

    async def bounded() -> None:
        await asyncio.wait_for(main(), TEST_TIMEOUT_S)

    asyncio.run(bounded())


def metadata_directory(path: Path) -> Path:
    """The directory of the metadata log in a data directory."""
    return path / str(METADATA_PARTITION)
