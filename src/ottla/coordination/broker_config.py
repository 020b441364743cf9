"""The configuration of a running broker: follows the image, and hands each change to every part that reads options.

The law: what a request has set is in effect when its answer leaves, without a restart and without anything that ticks.
A setting that changes nothing says so once, as long as it is set. Kafka's class: DynamicBrokerConfig.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Protocol

from ottla.config.broker import apply_dynamic_settings, with_described_settings
from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.dynamic import usable_dynamic_settings
from ottla.config.dynamic_effects import settings_without_effect
from ottla.config.option import ConfigError, Effect, value_text
from ottla.config.resolved import BrokerConfig
from ottla.metadata.aspects.configs import (
    DEFAULT_BROKER_RESOURCE_NAME,
    ConfigResource,
    ConfigsImage,
    ResourceType,
)
from ottla.metadata.image import ClusterImage, ImageDelta

logger = logging.getLogger("kafka.server.DynamicBrokerConfig")


class BrokerConfigFollower(Protocol):
    """A part of the broker that reads options which may change while it runs."""

    def update_broker_config(self, config: BrokerConfig) -> None:
        """Go by this configuration from now on; called on the loop, must not block."""


class LiveBrokerConfig:
    """The configuration in effect, from the static one on; a subscriber of the publisher, before all that read it."""

    def __init__(self, config: BrokerConfig) -> None:
        self._config = config
        self._resources = frozenset(
            ConfigResource(ResourceType.BROKER, name)
            for name in (DEFAULT_BROKER_RESOURCE_NAME, str(config.node_id))
        )
        self._followers: list[BrokerConfigFollower] = []
        self._told: frozenset[str] = frozenset()
        self._told_of_groups: set[str] = set()

    @property
    def config(self) -> BrokerConfig:
        """The configuration in effect."""
        return self._config

    def follow(self, follower: BrokerConfigFollower) -> None:
        """Hand changes to this part, too, after those that came before it; it has the newest configuration already."""
        self._followers.append(follower)

    def on_image(self, image: ClusterImage, delta: ImageDelta) -> None:
        """Put the dynamic settings of the image into effect where they have changed."""
        self._tell_of_groups(image, delta)
        if self._resources.isdisjoint(delta.changed_configs):
            return
        before = self._config
        default = usable_dynamic_settings(image.configs.cluster_default(), per_broker=False)
        own = usable_dynamic_settings(image.configs.broker(before.node_id), per_broker=True)
        self._tell_of_idle(image.configs)
        try:
            config = apply_dynamic_settings(before, default, own)
        except ConfigError as error:
            logger.error("The dynamic settings contradict each other, and nothing changes: %s", error)
            config = with_described_settings(before, default, own)
        self._config = config
        changes = ", ".join(_changes(before, config))
        if changes:
            logger.info("In effect from now on: %s", changes)
        for follower in self._followers:
            follower.update_broker_config(config)

    def _tell_of_idle(self, configs: ConfigsImage) -> None:
        """Warn of settings that change nothing, of each once as long as it is set."""
        lines = frozenset(
            line
            for resource in self._resources
            for line in _idle_settings(resource.name, configs.of(resource))
        )
        for line in sorted(lines - self._told):
            logger.warning("%s", line)
        self._told = lines

    def _tell_of_groups(self, image: ClusterImage, delta: ImageDelta) -> None:
        """Warn once of each option of groups that changes nothing; the names are few."""
        for resource in delta.changed_configs:
            if resource.resource_type != ResourceType.GROUP:
                continue
            # Imported late: hardly any cluster has options of groups.
            from ottla.config.group_options import GROUP_OPTIONS  # noqa: PLC0415

            for name in image.configs.of(resource).keys() & GROUP_OPTIONS.keys() - self._told_of_groups:
                status = GROUP_OPTIONS[name].status
                if status.effect is Effect.INERT:
                    self._told_of_groups.add(name)
                    logger.warning("%s of a group is accepted but has no effect: %s", name, status.reason)


def _idle_settings(resource_name: str, settings: Mapping[str, str]) -> Iterator[str]:
    is_default = resource_name == DEFAULT_BROKER_RESOURCE_NAME
    where = "all brokers" if is_default else f"broker {resource_name}"
    for name, reason in settings_without_effect(settings, for_all_brokers=is_default).items():
        yield f"{name}, which is set for {where}, has no effect: {reason}"


def _changes(before: BrokerConfig, after: BrokerConfig) -> Iterator[str]:
    """Yield what has another value now; that of a secret is left out."""
    for name, value in after.values.items():
        if value != before.values[name]:
            yield name if BROKER_OPTIONS[name].sensitive else f"{name}={value_text(value)}"
