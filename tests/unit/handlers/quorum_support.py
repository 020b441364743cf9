"""A started node with its quorum, asked through handlers as on its controller listener."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.unit.coordination.metadata_cluster import (
    CLUSTER_ID,
    Node,
    format_directory,
    open_node,
    result_of,
    run,
)
from tests.unit.handlers.support import context_of

from ottla.clock import SystemClock
from ottla.completion import Completion
from ottla.config.broker import embedded_broker_config
from ottla.coordination.quorum import MetadataQuorum
from ottla.errors import ErrorCode, KafkaError
from ottla.handlers.registry import load_handler
from ottla.protocol.api import ApiKey
from ottla.tasks import Tasks

NODE_ID = 1
OTHER_ID = 2


@dataclass
class QuorumNode:
    """One life of a node."""

    node: Node
    quorum: MetadataQuorum

    @property
    def epoch(self) -> int:
        return self.quorum.leader_epoch

    @property
    def broker_epoch(self) -> int:
        return self.node.image.brokers.by_id[NODE_ID].epoch

    def begin(self, api_key: ApiKey, version: int, request: Any, *, on_controller: bool = True) -> Any:
        """Hand a request to its handler and return what that returned: a response or a completion."""
        context = context_of(
            self.node.image,
            version,
            listener_name="CONTROLLER" if on_controller else "PLAINTEXT",
            listener_is_controller=on_controller,
            controller=self.node.controller,
            quorum=self.quorum,
            clock=SystemClock(),
        )
        return load_handler(api_key)(request, context)

    async def ask(self, api_key: ApiKey, version: int, request: Any, *, on_controller: bool = True) -> Any:
        """Return the response to a request."""
        outcome = self.begin(api_key, version, request, on_controller=on_controller)
        return await result_of(outcome) if isinstance(outcome, Completion) else outcome

    async def refusal(self, api_key: ApiKey, version: int, request: Any) -> tuple[ErrorCode, str | None]:
        """Return the error that a request fails with as a whole."""
        try:
            answer = await self.ask(api_key, version, request)
        except KafkaError as error:
            return error.code, error.text
        raise AssertionError(f"answered with {answer}")


async def start_quorum(path: Path, **overrides: str) -> QuorumNode:
    """Start a node on a formatted directory."""
    node = open_node(path, **overrides)
    await node.start()
    config = embedded_broker_config({name.replace("_", "."): value for name, value in overrides.items()})
    quorum = MetadataQuorum(
        node.log,
        config,
        CLUSTER_ID,
        node.directory.meta_properties.directory_id,
        lambda: node.image,
        Tasks(asyncio.get_running_loop()),
    )
    return QuorumNode(node, quorum)


def with_quorum(path: Path, main: Callable[[QuorumNode], Awaitable[Any]], **overrides: str) -> None:
    """Run a test with a node that is started on a fresh directory, and stopped after it."""
    format_directory(path)

    async def whole() -> None:
        started = await start_quorum(path, **overrides)
        await main(started)
        await started.node.stop()

    run(whole)
