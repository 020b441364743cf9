import pytest

from ottla.metadata.aspects.features import DEFAULT_FEATURE_LEVELS, KRAFT_VERSION, SUPPORTED_FEATURES
from ottla.metadata.feature_table import (
    FEATURES,
    FEATURES_BY_NAME,
    LATEST_PRODUCTION,
    METADATA_VERSIONS,
    FeatureError,
    check_dependencies,
    default_level,
    find_level,
    metadata_version_from_text,
    metadata_version_of_level,
)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("3.3-IV3", 7),
        ("3.3", 7),
        ("3.5", 11),
        ("3.7", 19),
        ("3.8.1", 20),
        ("4.0", 25),
        ("4.0-IV3", 25),
        ("4.1", 27),
        ("4.1.1", 27),
        ("4.1.9.x", 27),
        ("4.2-IV1", 29),
    ],
)
def test_a_version_is_found_by_its_name_or_its_release(text: str, level: int) -> None:
    assert metadata_version_from_text(text).level == level


@pytest.mark.parametrize("text", ["", "4", "4.1.", "4.1-IV9", "3.2", "4.2", "5.0", "latest"])
def test_a_version_that_there_is_not_is_named_with_the_choices(text: str) -> None:
    with pytest.raises(FeatureError) as caught:
        metadata_version_from_text(text)
    assert str(caught.value) == (
        f"Version {text} is not a valid version. The minimum version is 3.3-IV3 and the maximum version is 4.2-IV1"
    )


def test_levels_are_counted_without_a_gap() -> None:
    assert [version.level for version in METADATA_VERSIONS] == list(range(7, 30))
    assert metadata_version_of_level(27) == LATEST_PRODUCTION
    with pytest.raises(
        FeatureError, match=r"^No MetadataVersion with feature level 6\. Valid .* from 7 to 29\.$"
    ):
        metadata_version_of_level(6)


def test_the_defaults_of_the_latest_release_are_what_a_new_directory_gets() -> None:
    levels = {
        feature.name: default_level(feature, LATEST_PRODUCTION)
        for feature in FEATURES
        if feature.name != KRAFT_VERSION
    }
    assert {name: level for name, level in levels.items() if level} == {
        name: level for name, level in DEFAULT_FEATURE_LEVELS.items() if name in levels
    }


@pytest.mark.parametrize(
    ("release", "levels"),
    [
        ("3.8", [0, 0, 0, 0, 0, 0]),
        ("3.9", [1, 0, 0, 0, 0, 0]),
        ("4.0-IV0", [1, 0, 1, 0, 0, 0]),
        ("4.0", [1, 2, 1, 0, 0, 0]),
        ("4.1-IV0", [1, 2, 1, 1, 0, 0]),
        ("4.2-IV1", [1, 2, 1, 1, 1, 1]),
    ],
)
def test_each_release_has_its_defaults(release: str, levels: list[int]) -> None:
    version = metadata_version_from_text(release)
    assert [default_level(feature, version) for feature in FEATURES] == levels


def test_what_the_broker_supports_is_what_the_table_calls_stable() -> None:
    for supported in SUPPORTED_FEATURES:
        if supported.name in FEATURES_BY_NAME:
            feature = FEATURES_BY_NAME[supported.name]
            assert supported.maximum == feature.latest_production
            assert supported.minimum == feature.levels[0].level


def test_an_unstable_level_is_there_for_those_who_ask_for_it() -> None:
    streams = FEATURES_BY_NAME["streams.version"]
    with pytest.raises(FeatureError) as caught:
        find_level(streams, 1, allows_unstable=False)
    assert str(caught.value) == "No feature:streams.version with feature level 1"
    assert find_level(streams, 1, allows_unstable=True).level == 1


def test_a_level_needs_what_it_depends_on() -> None:
    replicas = FEATURES_BY_NAME["eligible.leader.replicas.version"]
    level = find_level(replicas, 1, allows_unstable=False)
    check_dependencies(replicas, level, {"metadata.version": 23})
    with pytest.raises(FeatureError) as caught:
        check_dependencies(replicas, level, {"metadata.version": 22})
    assert str(caught.value) == (
        "eligible.leader.replicas.version could not be set to 1 because it depends on metadata.version level 23"
    )
    with pytest.raises(FeatureError) as caught:
        check_dependencies(replicas, level, {})
    assert str(caught.value) == (
        "eligible.leader.replicas.version could not be set to 1 because it depends on metadata.version=7 (3.3-IV3)"
    )
