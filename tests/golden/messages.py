"""Every message class of ours, found in the source, and the class of Apache Kafka's that it must agree with."""

import importlib
from pathlib import Path
from typing import Any

import ottla
from ottla.wire.schema import MessageSchema, message_schema_of

ROOT = Path(ottla.__file__).parent

KAFKA_CLASSES = {
    "ottla.protocol.messages": "org.apache.kafka.common.message.{}Data",
    "ottla.protocol.consumer_protocol": "org.apache.kafka.common.message.{}",
    "ottla.protocol.raft_records": "org.apache.kafka.common.message.{}",
    "ottla.metadata.records": "org.apache.kafka.common.metadata.{}",
    "ottla.groups.records": "org.apache.kafka.coordinator.group.generated.{}",
    "ottla.protocol.coordinator_records.consumer_group_records": "org.apache.kafka.coordinator.group.generated.{}",
    "ottla.protocol.coordinator_records.share_group_records": "org.apache.kafka.coordinator.group.generated.{}",
    "ottla.protocol.coordinator_records.streams_group_records": "org.apache.kafka.coordinator.group.generated.{}",
    "ottla.protocol.coordinator_records.share_state_records": "org.apache.kafka.coordinator.share.generated.{}",
    "ottla.protocol.coordinator_records.transaction_records": "org.apache.kafka.coordinator.transaction.generated.{}",
    "ottla.protocol.coordinator_records.remote_log_records": (
        "org.apache.kafka.server.log.remote.metadata.storage.generated.{}"
    ),
}
"""Where Kafka keeps the counterparts of a module's messages, or of all modules of a package."""


def message_classes() -> list[type[Any]]:
    """Return every class of the source that is decorated with `@message`."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        if path.is_relative_to(ROOT / "wire") or "\n@message(" not in path.read_text():
            continue
        name = ".".join(["ottla", *path.relative_to(ROOT).with_suffix("").parts])
        module = importlib.import_module(name)
        found += [
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and value.__module__ == name
            and isinstance(getattr(value, "__wire_schema__", None), MessageSchema)
        ]
    return found


def kafka_class(cls: type[Any]) -> str:
    """Return the name of Kafka's class; raises LookupError for a module that `KAFKA_CLASSES` does not know."""
    package = cls.__module__.rpartition(".")[0]
    for place in (cls.__module__, package):
        if place in KAFKA_CLASSES:
            return KAFKA_CLASSES[place].format(cls.__name__)
    raise LookupError(f"{cls.__module__} has messages, and nothing says where Kafka keeps their counterparts")


def message_versions() -> list[tuple[type[Any], int]]:
    """Return every message class with each of its versions."""
    return [(cls, version) for cls in message_classes() for version in message_schema_of(cls).versions]
