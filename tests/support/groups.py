"""A data directory with the group coordinator on top, as the broker has it, on a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from ottla.completion import Completion
from ottla.coordination.runtime import Runtime
from ottla.groups.service import GroupService
from ottla.handlers import join_group, offset_commit, offset_fetch, sync_group
from ottla.handlers.context import RequestContext
from ottla.metadata.image import EMPTY, ImageDelta, apply_records
from ottla.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from ottla.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from ottla.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestGroup
from ottla.protocol.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from ottla.storage.files import FileSystem
from ottla.types import CONSUMER_OFFSETS_TOPIC
from tests.support.partitions import DataDirectory

GROUP_OPTIONS = {"group.initial.rebalance.delay.ms": "0", "offsets.topic.num.partitions": "4"}
SUBSCRIPTION_TO_ORDERS = b"\x00\x00\x00\x00\x00\x01\x00\x06orders\xff\xff\xff\xff"


class AskedController:
    """Remembers which internal topics were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ensure_internal_topic(self, name: str) -> None:
        self.asked.append(name)


class GroupBroker(DataDirectory):
    """A data directory whose `change` also tells the group service."""

    def __init__(
        self,
        path: Path,
        options: Mapping[str, str] | None = None,
        *,
        offsets_topic: bool = True,
        files: FileSystem | None = None,
    ) -> None:
        self.controller = AskedController()
        super().__init__(path, {**GROUP_OPTIONS, **(options or {})}, files)
        if offsets_topic:
            self.create_offsets_topic()
        self.create_topic("orders", 3)

    def open(self) -> None:
        super().open()
        self.groups = GroupService(self.config, self.partitions, Runtime(self.loop, self.loop))
        self.partitions.subscribe(self.groups)
        self.groups.on_image(self.image, ImageDelta(EMPTY))

    def close(self) -> bool:
        self.groups.stop()
        return super().close()

    def change(self, *records: Any, follow: bool = True) -> None:
        self.image, delta = apply_records(self.image, records, offset=self.image.offset + len(records))
        if follow:
            self.partitions.on_image(self.image, delta)
            self.groups.on_image(self.image, delta)

    @contextmanager
    def slow_disk(self) -> Iterator[None]:
        """Hold back all work on the data directory until the end of the block."""
        held: list[tuple[Callable[[], Any], Completion[Any]]] = []

        def hold(work: Callable[[], Any]) -> Completion[Any]:
            held.append((work, Completion()))
            return held[-1][1]

        with patch.multiple(self.writer, submit=hold, submit_flush=hold):
            yield
        for work, completion in held:
            completion.resolve(work())

    def create_offsets_topic(self) -> None:
        """Create it, without compression and compacted, as the controller does."""
        self.create_topic(CONSUMER_OFFSETS_TOPIC, 4, cleanup_policy="compact")

    def context(self, api_version: int, client_id: str = "test") -> RequestContext:
        context = super().context(api_version, client_id)
        services = replace(context.services, groups=self.groups, controller=cast("Any", self.controller))
        return replace(context, services=services)

    def form_group(self, group_id: str = "g", client_id: str = "test", **fields: Any) -> JoinGroupResponse:
        """Form a stable group of one member and return its answer to JoinGroup."""
        joined = self.join(group_id, client_id, **fields)
        self.loop.advance()
        response = joined.result()
        assert response.error_code == 0, response
        synced = sync_group.handle(
            SyncGroupRequest(
                group_id=group_id,
                generation_id=response.generation_id,
                member_id=response.member_id,
                assignments=[SyncGroupRequestAssignment(member_id=response.member_id, assignment=b"plan")],
            ),
            self.context(3),
        )
        assert result_of(synced).error_code == 0
        return response

    def join(
        self, group_id: str = "g", client_id: str = "test", **fields: Any
    ) -> Completion[JoinGroupResponse]:
        """Send JoinGroup v3, which needs no member id."""
        response = join_group.handle(join_request(group_id=group_id, **fields), self.context(3, client_id))
        return response if isinstance(response, Completion) else Completion.resolved(response)

    def commit(self, group_id: str, *, orders: int, metadata: str = "", member_id: str = "") -> None:
        """Commit an offset for the first partition of orders, from a member of generation 1 or from outside."""
        request = OffsetCommitRequest(
            group_id=group_id,
            generation_id_or_member_epoch=1 if member_id else -1,
            member_id=member_id,
            topics=[
                OffsetCommitRequestTopic(
                    name="orders",
                    partitions=[
                        OffsetCommitRequestPartition(
                            partition_index=0, committed_offset=orders, committed_metadata=metadata
                        )
                    ],
                )
            ],
        )
        response = result_of(offset_commit.handle(request, self.context(9)))
        assert response.topics[0].partitions[0].error_code == 0, response

    def offsets(self, group_id: str) -> dict[tuple[str, int], int]:
        """Return all offsets of a group."""
        asked = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group_id, topics=None)])
        (group,) = result_of(offset_fetch.handle(asked, self.context(9))).groups
        assert group.error_code == 0, group
        return {
            (topic.name, partition.partition_index): partition.committed_offset
            for topic in group.topics
            for partition in topic.partitions
        }


def join_request(**fields: Any) -> JoinGroupRequest:
    """Return a request of a consumer of the topic orders."""
    protocols = [JoinGroupRequestProtocol(name="range", metadata=SUBSCRIPTION_TO_ORDERS)]
    defaults: dict[str, Any] = {
        "group_id": "g",
        "session_timeout_ms": 10_000,
        "rebalance_timeout_ms": 60_000,
        "member_id": "",
        "protocol_type": "consumer",
        "protocols": protocols,
    }
    return JoinGroupRequest(**{**defaults, **fields})


def result_of(outcome: Any) -> Any:
    """Return what a handler answered; it must be there already."""
    return outcome.result() if isinstance(outcome, Completion) else outcome
