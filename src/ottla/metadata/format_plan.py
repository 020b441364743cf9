"""What a directory is formatted with: release, feature levels and the first records, from what the user asked for.

Kafka's `Formatter`, with its texts and in its order, so that the first thing wrong is the one that is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ottla.metadata.aspects.features import (
    KRAFT_VERSION,
    LATEST_METADATA_VERSION,
    METADATA_VERSION,
)
from ottla.metadata.feature_table import (
    FEATURES,
    FEATURES_BY_NAME,
    LATEST_PRODUCTION,
    LATEST_TESTING,
    SCRAM_SINCE,
    MetadataVersion,
    check_dependencies,
    default_level,
    find_level,
    metadata_version_of_level,
)
from ottla.metadata.records import FeatureLevelRecord, MetadataRecord
from ottla.metadata.scram_arguments import scram_records


class FormatError(Exception):
    """A wish that cannot be fulfilled, or a directory that cannot be formatted; the text is Kafka's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatWishes:
    """What a user asked for, all of it optional."""

    release_version: MetadataVersion | None = None
    feature_levels: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    scram_arguments: tuple[str, ...] = ()
    has_dynamic_quorum: bool = False
    """Whether the voters are recorded in the metadata log, because none are configured."""
    allows_unstable_features: bool = False


@dataclass(frozen=True, slots=True)
class FormatPlan:
    """What to format with."""

    release_version: MetadataVersion
    records: tuple[MetadataRecord, ...]
    """The content of `bootstrap.checkpoint`."""


def plan_format(wishes: FormatWishes, random_bytes: Callable[[int], bytes]) -> FormatPlan:
    """Work out what to format with. Raises FormatError, FeatureError and ScramArgumentError."""
    release_version = _effective_release_version(wishes)
    levels = _effective_levels(wishes, release_version)
    records: list[MetadataRecord] = [
        FeatureLevelRecord(name=METADATA_VERSION, feature_level=release_version.level)
    ]
    # kraft.version is no record of the metadata but one of the quorum.
    records += [
        FeatureLevelRecord(name=name, feature_level=level)
        for name, level in sorted(levels.items())
        if name not in {METADATA_VERSION, KRAFT_VERSION} and level > 0
    ]
    if wishes.scram_arguments:
        if release_version.level < SCRAM_SINCE.level:
            raise FormatError(f"SCRAM is only supported in {METADATA_VERSION} {SCRAM_SINCE.name} or later.")
        records += scram_records(wishes.scram_arguments, random_bytes)
    return FormatPlan(release_version, tuple(records))


def _effective_release_version(wishes: FormatWishes) -> MetadataVersion:
    asked = wishes.release_version
    if METADATA_VERSION in wishes.feature_levels:
        if asked is not None:
            raise FormatError(
                f"Use --release-version instead of --feature {METADATA_VERSION}=X to avoid ambiguity."
            )
        asked = metadata_version_of_level(wishes.feature_levels[METADATA_VERSION])
    if asked is None:
        return LATEST_TESTING if wishes.allows_unstable_features else LATEST_PRODUCTION
    if asked.level > LATEST_METADATA_VERSION and not wishes.allows_unstable_features:
        raise FormatError(f"{METADATA_VERSION} {asked.name} is not yet stable.")
    return asked


def _effective_levels(wishes: FormatWishes, release_version: MetadataVersion) -> dict[str, int]:
    for name in sorted(wishes.feature_levels):
        if name != METADATA_VERSION and name not in FEATURES_BY_NAME:
            raise FormatError(
                f"Unsupported feature: {name}. Supported features are: {', '.join(FEATURES_BY_NAME)}"
            )
    levels = {**wishes.feature_levels, METADATA_VERSION: release_version.level}
    for feature in FEATURES:
        if feature.name == KRAFT_VERSION:
            levels[KRAFT_VERSION] = _kraft_level(levels.get(KRAFT_VERSION), wishes.has_dynamic_quorum)
        else:
            levels.setdefault(feature.name, default_level(feature, release_version))
    for name, feature in FEATURES_BY_NAME.items():
        found = find_level(feature, levels[name], allows_unstable=wishes.allows_unstable_features)
        check_dependencies(feature, found, levels)
    return levels


def _kraft_level(asked: int | None, has_dynamic_quorum: bool) -> int:
    if asked is None:
        return 1 if has_dynamic_quorum else 0
    if asked == 0 and has_dynamic_quorum:
        raise FormatError(
            "Cannot set kraft.version to 0 if controller.quorum.voters is empty and one of the flags --standalone, "
            "--initial-controllers, or --no-initial-controllers is used. For dynamic controllers support, try removing "
            "the --feature flag for kraft.version."
        )
    if asked != 0 and not has_dynamic_quorum:
        raise FormatError(
            f"Cannot set kraft.version to {asked} unless controller.quorum.voters is empty and one of the flags "
            "--standalone, --initial-controllers, or --no-initial-controllers is used. For dynamic controllers "
            "support, try using one of --standalone, --initial-controllers, or --no-initial-controllers and removing "
            "controller.quorum.voters."
        )
    return asked
