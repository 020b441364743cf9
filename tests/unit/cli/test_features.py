import pytest
from tests.unit.cli.scripted_cluster import ScriptedCluster

from ottla.cli.failures import ToolError
from ottla.cli.features import (
    UpgradeType,
    ask_features,
    dependency_lines,
    feature_lines,
    levels_of_release,
    outcome_line,
    read_level,
)
from ottla.client.failures import ApiError
from ottla.errors import ErrorCode
from ottla.metadata.feature_table import FeatureError
from ottla.protocol.messages.api_versions import (
    ApiVersionsResponse,
    FinalizedFeatureKey,
    SupportedFeatureKey,
)


def test_features_are_sorted_and_versions_of_the_metadata_have_names() -> None:
    response = ApiVersionsResponse(
        supported_features=[
            SupportedFeatureKey(name="metadata.version", min_version=7, max_version=99),
            SupportedFeatureKey(name="group.version", min_version=0, max_version=1),
        ],
        finalized_features_epoch=5,
        finalized_features=[
            FinalizedFeatureKey(name="metadata.version", max_version_level=27, min_version_level=27)
        ],
    )
    assert feature_lines(response) == [
        "Feature: group.version\tSupportedMinVersion: 0\tSupportedMaxVersion: 1\tFinalizedVersionLevel: 0\tEpoch: 5",
        (
            "Feature: metadata.version\tSupportedMinVersion: 3.3-IV3\tSupportedMaxVersion: UNKNOWN 99\t"
            "FinalizedVersionLevel: 4.1-IV1\tEpoch: 5"
        ),
    ]
    response.finalized_features_epoch = -1
    assert feature_lines(response)[0].endswith("\tEpoch: -")


@pytest.mark.parametrize(("node_id", "asked"), [(None, -1), (2, 2)])
def test_any_node_is_asked_or_the_one_that_is_named(node_id: int | None, asked: int) -> None:
    nodes = []

    def answer(node: int, request: object) -> ApiVersionsResponse:
        nodes.append(node)
        return ApiVersionsResponse()

    with ScriptedCluster(answer) as cluster:
        ask_features(cluster, node_id)
        with pytest.raises(ToolError, match="Invalid node id -1: must be non-negative"):
            ask_features(cluster, -1)
    assert nodes == [asked]


def test_a_level_is_a_name_and_a_short() -> None:
    assert read_level(" group.version = 1") == ("group.version", 1)
    with pytest.raises(ToolError, match=r"Can't parse feature=level string a: equals sign not found."):
        read_level("a")
    with pytest.raises(ToolError, match=r"unable to parse 99999 as a short"):
        read_level("a=99999")


def test_an_upgrade_to_a_release_leaves_levels_of_zero_alone() -> None:
    upgrade = levels_of_release("4.1", UpgradeType.UPGRADE)
    assert upgrade["metadata.version"] == 27
    assert 0 not in upgrade.values()
    assert levels_of_release("4.1", UpgradeType.SAFE_DOWNGRADE)["share.version"] == 0
    with pytest.raises(
        ToolError, match=r"Unknown metadata.version 1.0. Supported metadata.version are 3.3-IV3, .*4.1-IV1$"
    ):
        levels_of_release("1.0", UpgradeType.UPGRADE)


def test_what_came_of_a_change_is_told_by_feature() -> None:
    error = ApiError(ErrorCode.INVALID_UPDATE_VERSION, "Words.")
    assert outcome_line("upgrade", "a", 2, None, is_dry_run=False) == "a was upgraded to 2."
    assert outcome_line("downgrade", "a", 2, None, is_dry_run=True) == "a can be downgraded to 2."
    assert outcome_line("disable", "a", 0, None, is_dry_run=False) == "a was disabled."
    assert outcome_line("upgrade", "a", 2, error, is_dry_run=False) == "Could not upgrade a to 2. Words."
    assert outcome_line("disable", "a", 0, error, is_dry_run=True) == "Can not disable a. Words."


def test_what_a_level_depends_on() -> None:
    assert dependency_lines("metadata.version", 21) == ["metadata.version=21 (3.9-IV0) has no dependencies."]
    assert dependency_lines("group.version", 1) == ["group.version=1 has no dependencies."]
    assert dependency_lines("eligible.leader.replicas.version", 1) == [
        "eligible.leader.replicas.version=1 requires:",
        "    metadata.version=23 (4.0-IV1)",
    ]
    with pytest.raises(ToolError, match=r"Unknown metadata.version 99"):
        dependency_lines("metadata.version", 99)
    with pytest.raises(ToolError, match=r"Unknown feature: a"):
        dependency_lines("a", 1)
    with pytest.raises(FeatureError, match=r"No feature:group.version with feature level 9"):
        dependency_lines("group.version", 9)
