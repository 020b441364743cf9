from __future__ import annotations

from pathlib import Path

from tests.unit.coordination.metadata_cluster import metadata_directory, run
from tests.unit.handlers.quorum_support import QuorumNode, start_quorum, with_quorum

from ottla.errors import ErrorCode
from ottla.protocol.api import ApiKey
from ottla.protocol.messages.update_features import FeatureUpdateKey, UpdateFeaturesRequest


def updates(*levels: tuple[str, int, int], validate_only: bool = False) -> UpdateFeaturesRequest:
    return UpdateFeaturesRequest(
        feature_updates=[
            FeatureUpdateKey(feature=name, max_version_level=level, upgrade_type=upgrade_type)
            for name, level, upgrade_type in levels
        ],
        validate_only=validate_only,
    )


def test_levels_are_set_together_and_found_afterwards(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        request = updates(("share.version", 1, 1), ("group.version", 0, 2))
        for version in (0, 1):
            answer = await started.ask(ApiKey.UPDATE_FEATURES, version, request)
            assert (answer.error_code, answer.error_message) == (ErrorCode.NONE, None)
            assert [(each.feature, each.error_message) for each in answer.results] == [
                ("share.version", "NONE"),
                ("group.version", "NONE"),
            ]
        levels = started.node.image.features.levels
        assert (levels["share.version"], "group.version" in levels) == (1, False)
        assert (await started.ask(ApiKey.UPDATE_FEATURES, 2, request)).results == []

    with_quorum(tmp_path, main)


def test_one_that_cannot_be_refuses_all(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        before = started.node.image
        request = updates(("share.version", 1, 1), ("group.version", 0, 1))
        for version in (0, 1, 2):
            answer = await started.ask(ApiKey.UPDATE_FEATURES, version, request)
            assert (answer.error_code, answer.results) == (ErrorCode.INVALID_UPDATE_VERSION, [])
            assert answer.error_message == (
                "The update failed for all features since the following feature had an error: Invalid update version "
                "0 for feature group.version. Can't downgrade the version of this feature without setting the upgrade "
                "type to either safe or unsafe downgrade."
            )
        assert started.node.image is before

    with_quorum(tmp_path, main)


def test_validation_changes_nothing(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        before = started.node.image
        request = updates(("share.version", 1, 1), ("kraft.version", 1, 1), validate_only=True)
        answer = await started.ask(ApiKey.UPDATE_FEATURES, 1, request)
        assert answer.error_code == ErrorCode.NONE
        assert started.node.image is before
        assert started.quorum.kraft_version == 0

    with_quorum(tmp_path, main)


def test_the_voters_become_part_of_the_log_and_stay_there(tmp_path: Path) -> None:
    async def main(started: QuorumNode) -> None:
        before = started.quorum.high_watermark
        answer = await started.ask(ApiKey.UPDATE_FEATURES, 2, updates(("kraft.version", 1, 1)))
        assert answer.error_code == ErrorCode.NONE
        assert started.quorum.kraft_version == 1
        assert started.quorum.high_watermark == started.node.image.offset + 1 == before + 3
        voter = started.quorum.voter()
        assert voter.directory_id == started.quorum.directory_id
        assert voter.listeners == [("CONTROLLER", "localhost", 9093)]
        again = await started.ask(ApiKey.UPDATE_FEATURES, 2, updates(("kraft.version", 0, 2)))
        assert again.error_message.endswith("Can't downgrade the version of this feature.")

    with_quorum(tmp_path, main)

    async def next_life() -> None:
        started = await start_quorum(tmp_path)
        assert started.quorum.kraft_version == 1
        assert started.quorum.voter().directory_id == started.quorum.directory_id
        assert "kraft.version" not in started.node.image.features.levels
        await started.node.stop()

    run(next_life)
    assert '"data_version":1' in (metadata_directory(tmp_path) / "quorum-state").read_text()
