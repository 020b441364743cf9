"""What Kafka's tools say of features from their tables alone: what goes with a release, and what depends on what."""

from __future__ import annotations

import re

from ottla.metadata.aspects.features import METADATA_VERSION
from ottla.metadata.feature_table import (
    FEATURES,
    FEATURES_BY_NAME,
    LATEST_PRODUCTION,
    METADATA_VERSIONS,
    FeatureError,
    default_level,
    find_level,
    metadata_version_from_text,
    metadata_version_of_level,
)

_SHORT = re.compile(r"[+-]?0*[0-9]{1,5}", re.ASCII)


def version_mapping_lines(release: str | None) -> list[str]:
    """Return the level of each feature that goes with a release, by default the latest stable one.

    Raises FeatureError for a release that there is not.
    """
    shown = LATEST_PRODUCTION.name if release is None else release
    try:
        version = metadata_version_from_text(shown)
    except FeatureError as error:
        raise FeatureError(
            f"Unknown release version '{shown}'. Supported versions are: {METADATA_VERSIONS[0].name} to "
            f"{LATEST_PRODUCTION.name}"
        ) from error
    return [
        f"{METADATA_VERSION}={version.level} ({shown})",
        *(f"{feature.name}={default_level(feature, version)}" for feature in FEATURES),
    ]


def feature_dependency_lines(text: str) -> list[str]:
    """Return what a level of a feature depends on, for a text such as `group.version=1`. Raises FeatureError."""
    parts = text.rstrip("=").split("=")
    if len(parts) != 2:
        raise FeatureError(
            f"Invalid feature format: {text}. Expected format: 'feature=version' (e.g. 'group.version=1')"
        )
    name, level_text = parts
    level = short_from_text(level_text)
    if level is None:
        raise FeatureError(f"Invalid version format: {level_text} for feature {name}")
    if name == METADATA_VERSION:
        return [f"{_named_metadata_version(level)} has no dependencies."]
    feature = FEATURES_BY_NAME.get(name)
    if feature is None:
        raise FeatureError(f"Unknown feature: {name}")
    try:
        found = find_level(feature, level, allows_unstable=True)
    except FeatureError as error:
        raise FeatureError(f"Feature level {level} is not supported for feature {name}") from error
    if not found.dependencies:
        return [f"{name}={level} has no dependencies."]
    return [
        f"{name}={level} requires:",
        *(
            f"    {_named_metadata_version(needed) if other == METADATA_VERSION else f'{other}={needed}'}"
            for other, needed in found.dependencies.items()
        ),
    ]


def short_from_text(text: str) -> int | None:
    """Return the number that a text is as Java's `Short.parseShort` reads it, None where it is none."""
    if not _SHORT.fullmatch(text):
        return None
    number = int(text)
    return number if -(1 << 15) <= number < 1 << 15 else None


def _named_metadata_version(level: int) -> str:
    try:
        name = metadata_version_of_level(level).name
    except FeatureError as error:
        raise FeatureError(f"Unknown {METADATA_VERSION} {level}") from error
    return f"{METADATA_VERSION}={level} ({name})"
