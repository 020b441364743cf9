"""A small cluster and a request's context for the handlers' tests; only what a handler touches is there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ottla.completion import Completion
from ottla.config.broker import embedded_broker_config
from ottla.handlers.context import RequestContext
from ottla.metadata.image import EMPTY, ClusterImage, ImageBuilder
from ottla.metadata.records import (
    BrokerEndpoint,
    ControllerEndpoint,
    FeatureLevelRecord,
    PartitionRecord,
    RegisterBrokerRecord,
    RegisterControllerRecord,
    TopicRecord,
)
from ottla.types import ZERO_UUID, Uuid

CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
NODE_ID = 1
NOW_MS = 1_700_000_000_000
LISTENER = "PLAINTEXT"
ORDERS_ID = Uuid(bytes(15) + b"\x77")


class AllCreated:
    """Partitions whose directories are there at once."""

    creating_count = 0

    def when_created(self) -> Completion[None]:
        return Completion.resolved(None)


def cluster_records() -> list[Any]:
    """A broker with two listeners, its controller, and the topic orders with three partitions."""
    listeners = [
        BrokerEndpoint(name=LISTENER, host="broker.example", port=9092),
        BrokerEndpoint(name="INSIDE", host="inside.example", port=19092),
    ]
    controller = [ControllerEndpoint(name="CONTROLLER", host="localhost", port=9093)]
    return [
        FeatureLevelRecord(name="metadata.version", feature_level=27),
        FeatureLevelRecord(name="group.version", feature_level=1),
        RegisterControllerRecord(controller_id=NODE_ID, end_points=controller),
        RegisterBrokerRecord(
            broker_id=NODE_ID, broker_epoch=5, end_points=listeners, rack="r1", fenced=False
        ),
        TopicRecord(name="orders", topic_id=ORDERS_ID),
        *(
            PartitionRecord(
                topic_id=ORDERS_ID,
                partition_id=number,
                replicas=[NODE_ID],
                isr=[NODE_ID],
                leader=NODE_ID,
                leader_epoch=4,
                directories=[ZERO_UUID],
            )
            for number in range(3)
        ),
    ]


def image_of(records: list[Any], image: ClusterImage = EMPTY) -> ClusterImage:
    """Replay records on top of an image."""
    builder = ImageBuilder(image)
    for record in records:
        builder.replay(record)
    return builder.build(image.offset + len(records), 1)[0]


def context_of(
    image: ClusterImage,
    api_version: int,
    *,
    listener_name: str = LISTENER,
    listener_is_controller: bool = False,
    overrides: dict[str, str] | None = None,
    **services: Any,
) -> Any:
    """Return a request's context on a broker with this image and these services."""
    return RequestContext(
        services=SimpleNamespace(
            config=embedded_broker_config(overrides or {}),
            node_id=NODE_ID,
            cluster_id=CLUSTER_ID,
            image=lambda: image,
            **{"quorum": SimpleNamespace(kraft_version=0), **services},
        ),
        api_version=api_version,
        correlation_id=1,
        client_id="tester",
        listener_name=listener_name,
        listener_is_controller=listener_is_controller,
        client_address="127.0.0.1",
        now_ms=NOW_MS,
    )
