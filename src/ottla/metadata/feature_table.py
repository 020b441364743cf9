"""Every feature of Kafka 4.1.1 with its levels: since which metadata.version each is the default, what it depends on.

Kafka's `MetadataVersion` and `Feature`, with their texts. Levels that are not yet stable are here too: tools name them,
and nothing is formatted with one unless unstable levels are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from ottla.metadata.aspects.features import (
    ELIGIBLE_LEADER_REPLICAS_VERSION,
    GROUP_VERSION,
    KRAFT_VERSION,
    LATEST_METADATA_VERSION,
    METADATA_VERSION,
    MINIMUM_METADATA_VERSION,
    SHARE_VERSION,
    STREAMS_VERSION,
    TRANSACTION_VERSION,
)


class FeatureError(Exception):
    """A feature or a level that there is not, or that cannot be beside the others; the text is Kafka's."""


class MetadataVersion(NamedTuple):
    """A level of metadata.version with its name, such as `4.1-IV1`."""

    level: int
    name: str

    @property
    def release(self) -> str:
        """The release that it belongs to, such as `4.1`."""
        return self.name.partition("-")[0]


_NAMES = (
    *("3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2"),
    *("3.7-IV0", "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0"),
    *("4.0-IV0", "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0", "4.1-IV1", "4.2-IV0", "4.2-IV1"),
)

METADATA_VERSIONS: tuple[MetadataVersion, ...] = tuple(
    MetadataVersion(level, name) for level, name in enumerate(_NAMES, start=MINIMUM_METADATA_VERSION)
)
"""All levels that Kafka 4.1.1 can name, without a gap; the two last are not stable."""

_BY_NAME = {version.name: version for version in METADATA_VERSIONS}
_BY_LEVEL = {version.level: version for version in METADATA_VERSIONS}

LATEST_PRODUCTION = _BY_LEVEL[LATEST_METADATA_VERSION]
"""What is formatted with where nothing else is asked for."""
LATEST_TESTING = METADATA_VERSIONS[-1]
"""The same where unstable levels are allowed."""
SCRAM_SINCE = _BY_NAME["3.5-IV2"]
"""From here on the metadata log can hold SCRAM credentials."""

_BY_NAME |= {
    version.release: version for version in METADATA_VERSIONS if version.level <= LATEST_METADATA_VERSION
}


@dataclass(frozen=True, slots=True)
class FeatureLevel:
    """A level of a feature: the default from the metadata.version `since` on."""

    level: int
    since: MetadataVersion = METADATA_VERSIONS[0]
    dependencies: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """The levels that other features must have at least."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature and its levels, from 0 on."""

    name: str
    levels: tuple[FeatureLevel, ...]
    latest_production: int
    """The highest stable level."""


def _levels(*since: str) -> tuple[FeatureLevel, ...]:
    return (
        FeatureLevel(0),
        *(FeatureLevel(level, _BY_NAME[name]) for level, name in enumerate(since, start=1)),
    )


FEATURES: tuple[Feature, ...] = (
    Feature(KRAFT_VERSION, _levels("3.9-IV0"), 1),
    Feature(TRANSACTION_VERSION, _levels("4.0-IV2", "4.0-IV2"), 2),
    Feature(GROUP_VERSION, _levels("4.0-IV0"), 1),
    Feature(
        ELIGIBLE_LEADER_REPLICAS_VERSION,
        (
            FeatureLevel(0),
            FeatureLevel(
                1, _BY_NAME["4.1-IV0"], MappingProxyType({METADATA_VERSION: _BY_NAME["4.0-IV1"].level})
            ),
        ),
        1,
    ),
    Feature(SHARE_VERSION, _levels("4.2-IV0"), 1),
    Feature(STREAMS_VERSION, _levels("4.2-IV1"), 0),
)
"""Kafka's production features in its order, without metadata.version, which stands above them."""

FEATURES_BY_NAME = {feature.name: feature for feature in sorted(FEATURES, key=lambda feature: feature.name)}
"""The same by name, in the order of names."""


def metadata_version_from_text(text: str) -> MetadataVersion:
    """Return the version that a text names: `4.1-IV1`, or a release, of which only the first two parts count.

    A release stands for its last stable version. Raises FeatureError.
    """
    parts = text.rstrip(".").split(".")
    found = _BY_NAME.get(text if len(parts) <= 2 else ".".join(parts[:2]))
    if found is None:
        raise FeatureError(
            f"Version {text} is not a valid version. The minimum version is {METADATA_VERSIONS[0].name} and the "
            f"maximum version is {LATEST_TESTING.name}"
        )
    return found


def metadata_version_of_level(level: int) -> MetadataVersion:
    """Return the version of a level. Raises FeatureError."""
    found = _BY_LEVEL.get(level)
    if found is None:
        raise FeatureError(
            f"No MetadataVersion with feature level {level}. Valid feature levels are from "
            f"{METADATA_VERSIONS[0].level} to {LATEST_TESTING.level}."
        )
    return found


def default_level(feature: Feature, metadata_version: MetadataVersion) -> int:
    """Return the level that a feature has by default at a metadata.version."""
    level = feature.levels[0].level
    for each in feature.levels:
        if each.since.level > metadata_version.level:
            break
        level = each.level
    return level


def find_level(feature: Feature, level: int, *, allows_unstable: bool) -> FeatureLevel:
    """Return what there is to know of a level. Raises FeatureError where there is no such level."""
    for each in feature.levels:
        if each.level == level and (allows_unstable or level <= feature.latest_production):
            return each
    raise FeatureError(f"No feature:{feature.name} with feature level {level}")


def check_dependencies(feature: Feature, level: FeatureLevel, levels: Mapping[str, int]) -> None:
    """Raise FeatureError unless a feature's level can be beside the levels of all features."""
    if level.level >= 1 and levels.get(METADATA_VERSION, -1) < MINIMUM_METADATA_VERSION:
        minimum = METADATA_VERSIONS[0]
        raise FeatureError(
            f"{feature.name} could not be set to {level.level} because it depends on "
            f"{METADATA_VERSION}={minimum.level} ({minimum.name})"
        )
    for name, needed in level.dependencies.items():
        if levels.get(name, -1) < needed:
            raise FeatureError(
                f"{feature.name} could not be set to {level.level} because it depends on {name} level {needed}"
            )
