import pytest

from ottla.cli.feature_queries import feature_dependency_lines, short_from_text, version_mapping_lines
from ottla.metadata.feature_table import FeatureError


def test_a_release_is_shown_with_its_features_in_kafkas_order() -> None:
    assert version_mapping_lines(None) == [
        "metadata.version=27 (4.1-IV1)",
        "kraft.version=1",
        "transaction.version=2",
        "group.version=1",
        "eligible.leader.replicas.version=1",
        "share.version=0",
        "streams.version=0",
    ]
    assert version_mapping_lines("3.8.1")[:2] == ["metadata.version=20 (3.8.1)", "kraft.version=0"]


def test_a_release_that_there_is_not_is_refused() -> None:
    with pytest.raises(FeatureError) as caught:
        version_mapping_lines("2.8")
    assert str(caught.value) == "Unknown release version '2.8'. Supported versions are: 3.3-IV3 to 4.1-IV1"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("metadata.version=27", ["metadata.version=27 (4.1-IV1) has no dependencies."]),
        ("metadata.version=29", ["metadata.version=29 (4.2-IV1) has no dependencies."]),
        ("group.version=1", ["group.version=1 has no dependencies."]),
        ("streams.version=+1", ["streams.version=1 has no dependencies."]),
        (
            "eligible.leader.replicas.version=1",
            ["eligible.leader.replicas.version=1 requires:", "    metadata.version=23 (4.0-IV1)"],
        ),
    ],
)
def test_a_level_is_shown_with_what_it_depends_on(text: str, lines: list[str]) -> None:
    assert feature_dependency_lines(text) == lines


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("metadata.version=6", "Unknown metadata.version 6"),
        ("group.version=9", "Feature level 9 is not supported for feature group.version"),
        ("magic=1", "Unknown feature: magic"),
        ("group.version=one", "Invalid version format: one for feature group.version"),
        ("group.version=32768", "Invalid version format: 32768 for feature group.version"),
        (
            "group.version",
            "Invalid feature format: group.version. Expected format: 'feature=version' (e.g. 'group.version=1')",
        ),
        (
            "a=b=1",
            "Invalid feature format: a=b=1. Expected format: 'feature=version' (e.g. 'group.version=1')",
        ),
    ],
)
def test_what_is_no_level_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(FeatureError) as caught:
        feature_dependency_lines(text)
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("-1", -1), ("+00000012", 12), ("-32768", -32768), ("32768", None), ("", None), ("1 ", None)],
)
def test_numbers_are_read_as_java_reads_a_short(text: str, number: int | None) -> None:
    assert short_from_text(text) == number
