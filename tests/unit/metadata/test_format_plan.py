from collections.abc import Mapping

import pytest

from ottla.metadata.feature_table import FeatureError, MetadataVersion, metadata_version_from_text
from ottla.metadata.format_plan import FormatError, FormatPlan, FormatWishes, plan_format
from ottla.metadata.formatting import default_bootstrap_records
from ottla.metadata.records import FeatureLevelRecord, UserScramCredentialRecord

SCRAM = "SCRAM-SHA-256=[name=alice,password=secret]"


def plan(release: str | None = None, levels: Mapping[str, int] | None = None, **wishes: object) -> FormatPlan:
    version: MetadataVersion | None = None if release is None else metadata_version_from_text(release)
    wanted = FormatWishes(release_version=version, feature_levels=levels or {}, **wishes)  # type: ignore[arg-type]
    return plan_format(wanted, bytes)


def levels_of(made: FormatPlan) -> dict[str, int]:
    return {
        record.name: record.feature_level for record in made.records if isinstance(record, FeatureLevelRecord)
    }


def test_without_wishes_it_is_what_an_automatic_format_makes() -> None:
    assert list(plan().records) == default_bootstrap_records()


def test_a_release_brings_the_features_of_its_time() -> None:
    assert levels_of(plan("3.9")) == {"metadata.version": 21}
    assert levels_of(plan("4.0")) == {
        "metadata.version": 25,
        "group.version": 1,
        "transaction.version": 2,
    }


def test_features_go_over_those_of_the_release_and_zero_is_absence() -> None:
    made = plan("4.1", {"group.version": 0, "share.version": 1, "transaction.version": 1})
    assert levels_of(made) == {
        "metadata.version": 27,
        "eligible.leader.replicas.version": 1,
        "share.version": 1,
        "transaction.version": 1,
    }
    names = [record.name for record in made.records if isinstance(record, FeatureLevelRecord)]
    assert names[1:] == sorted(names[1:])


def test_the_release_may_be_given_as_a_feature() -> None:
    assert plan(levels={"metadata.version": 20}).release_version.name == "3.8-IV0"


def test_users_follow_the_features() -> None:
    made = plan("3.5", scram_arguments=(SCRAM, SCRAM))
    assert [type(record) for record in made.records] == [
        FeatureLevelRecord,
        UserScramCredentialRecord,
        UserScramCredentialRecord,
    ]


def test_a_recorded_quorum_goes_with_its_level_of_kraft_version() -> None:
    assert plan(has_dynamic_quorum=True) == plan(levels={"kraft.version": 1}, has_dynamic_quorum=True)
    assert plan() == plan(levels={"kraft.version": 0})


def test_unstable_levels_are_for_those_who_ask_for_them() -> None:
    made = plan(allows_unstable_features=True)
    assert made.release_version.name == "4.2-IV1"
    assert levels_of(made)["streams.version"] == 1
    assert plan("4.2-IV0", allows_unstable_features=True).release_version.level == 28


@pytest.mark.parametrize(
    ("release", "levels", "text"),
    [
        (
            "4.1",
            {"metadata.version": 27},
            "Use --release-version instead of --feature metadata.version=X to avoid ambiguity.",
        ),
        ("4.2-IV1", {}, "metadata.version 4.2-IV1 is not yet stable."),
        (None, {"metadata.version": 28}, "metadata.version 4.2-IV0 is not yet stable."),
        (
            None,
            {"metadata.version": 3},
            "No MetadataVersion with feature level 3. Valid feature levels are from 7 to 29.",
        ),
        (
            None,
            {"magic.version": 1},
            (
                "Unsupported feature: magic.version. Supported features are: eligible.leader.replicas.version, "
                "group.version, kraft.version, share.version, streams.version, transaction.version"
            ),
        ),
        (None, {"group.version": 2}, "No feature:group.version with feature level 2"),
        (None, {"streams.version": 1}, "No feature:streams.version with feature level 1"),
        (
            "4.0-IV0",
            {"eligible.leader.replicas.version": 1},
            "eligible.leader.replicas.version could not be set to 1 because it depends on metadata.version level 23",
        ),
        (
            None,
            {"kraft.version": 1},
            (
                "Cannot set kraft.version to 1 unless controller.quorum.voters is empty and one of the flags "
                "--standalone, --initial-controllers, or --no-initial-controllers is used. For dynamic controllers "
                "support, try using one of --standalone, --initial-controllers, or --no-initial-controllers and "
                "removing controller.quorum.voters."
            ),
        ),
    ],
)
def test_what_cannot_be_is_refused_with_kafkas_words(
    release: str | None, levels: dict[str, int], text: str
) -> None:
    with pytest.raises((FormatError, FeatureError)) as caught:
        plan(release, levels)
    assert str(caught.value) == text


def test_a_recorded_quorum_needs_its_level() -> None:
    with pytest.raises(
        FormatError, match=r"^Cannot set kraft\.version to 0 if controller\.quorum\.voters is empty"
    ):
        plan(levels={"kraft.version": 0}, has_dynamic_quorum=True)


def test_users_need_a_release_that_can_hold_them() -> None:
    with pytest.raises(FormatError) as caught:
        plan("3.4", scram_arguments=(SCRAM,))
    assert str(caught.value) == "SCRAM is only supported in metadata.version 3.5-IV2 or later."
