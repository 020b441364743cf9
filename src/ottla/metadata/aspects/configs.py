"""The configuration overrides that live in the metadata log, by resource.

Overrides are kept as the text that was set; what they mean is the business of `config`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from ottla.metadata.records import ConfigRecord

_NOTHING: Mapping[str, str] = {}

DEFAULT_BROKER_RESOURCE_NAME = ""
"""The name of the cluster-wide default of brokers."""


class ResourceType(IntEnum):
    """What a set of overrides is for, by the codes of Kafka's `ConfigResource.Type`."""

    UNKNOWN = 0
    TOPIC = 2
    BROKER = 4
    BROKER_LOGGER = 8
    CLIENT_METRICS = 16
    GROUP = 32


class ConfigResource(NamedTuple):
    """One set of overrides; the type is a plain number, since a log may hold types of later versions."""

    resource_type: int
    name: str


@dataclass(frozen=True, slots=True)
class ConfigsImage:
    """Overrides by resource; a resource without overrides is absent."""

    by_resource: Mapping[ConfigResource, Mapping[str, str]] = field(default_factory=dict)

    def of(self, resource: ConfigResource) -> Mapping[str, str]:
        """Return the overrides of a resource."""
        return self.by_resource.get(resource, _NOTHING)

    def topic(self, name: str) -> Mapping[str, str]:
        """Return the overrides of a topic."""
        return self.of(ConfigResource(ResourceType.TOPIC, name))

    def broker(self, node_id: int) -> Mapping[str, str]:
        """Return the overrides of one broker, without the cluster-wide ones."""
        return self.of(ConfigResource(ResourceType.BROKER, str(node_id)))

    def cluster_default(self) -> Mapping[str, str]:
        """Return the overrides that hold for every broker."""
        return self.of(ConfigResource(ResourceType.BROKER, DEFAULT_BROKER_RESOURCE_NAME))

    def to_records(self) -> Iterator[ConfigRecord]:
        """Yield the records that rebuild this image."""
        for resource, overrides in self.by_resource.items():
            for name, value in overrides.items():
                yield ConfigRecord(
                    resource_type=resource.resource_type, resource_name=resource.name, name=name, value=value
                )


class ConfigsDelta:
    """The overrides that one batch of records sets and removes."""

    def __init__(self, image: ConfigsImage) -> None:
        self._image = image
        self._changed: dict[ConfigResource, dict[str, str]] = {}

    def replay_config(self, record: ConfigRecord) -> None:
        """Set an override, or remove it where the value is null."""
        overrides = self._overrides(ConfigResource(record.resource_type, record.resource_name))
        if record.value is None:
            overrides.pop(record.name, None)
        else:
            overrides[record.name] = record.value

    def remove_topic(self, name: str) -> None:
        """Forget the overrides of a topic that was deleted."""
        resource = ConfigResource(ResourceType.TOPIC, name)
        if resource in self._changed or resource in self._image.by_resource:
            self._changed[resource] = {}

    @property
    def changed(self) -> frozenset[ConfigResource]:
        """The resources that were touched."""
        return frozenset(self._changed)

    def apply(self) -> ConfigsImage:
        """Return the image with the changes, or the same where there are none."""
        if not self._changed:
            return self._image
        by_resource = dict(self._image.by_resource)
        for resource, overrides in self._changed.items():
            if overrides:
                by_resource[resource] = overrides
            else:
                by_resource.pop(resource, None)
        return ConfigsImage(by_resource)

    def _overrides(self, resource: ConfigResource) -> dict[str, str]:
        overrides = self._changed.get(resource)
        if overrides is None:
            overrides = self._changed[resource] = dict(self._image.of(resource))
        return overrides
