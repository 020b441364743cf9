"""`kafka-features`: shows and changes the levels of features (Kafka's `FeatureCommand`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any

from ottla.cli.admin_access import ask_broker_or_controller, load_properties, open_admin
from ottla.cli.admin_questions import ask_controller, ask_node, raised_by_futures
from ottla.cli.arguments import Argument, Command, ParsedCommand
from ottla.cli.commands import run_command
from ottla.cli.failures import ToolError, illegal_argument, terse
from ottla.cli.feature_queries import short_from_text, version_mapping_lines
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, error_of, raise_for
from ottla.jvm_order import strings_in_hash_order
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
from ottla.version import OTTLA_VERSION


class UpgradeType(IntEnum):
    """What may happen to a level, by its number in UpdateFeatures."""

    UPGRADE = 1
    SAFE_DOWNGRADE = 2
    UNSAFE_DOWNGRADE = 3


_CONNECTION = (
    Argument(
        ("--bootstrap-server",),
        "the brokers to connect to, as a list of hosts and ports",
        required=True,
        group="connection",
    ),
    Argument(
        ("--bootstrap-controller",),
        "the controllers to connect to, as a list of hosts and ports",
        required=True,
        group="connection",
    ),
    Argument(("--command-config",), "a file with settings of the client"),
)
_METADATA = Argument(("--metadata",), "deprecated: the level of metadata.version, such as 3.3-IV3")
_RELEASE = Argument(
    ("--release-version",), "the release whose levels all features get, such as 4.1 or 3.9-IV0"
)
_FEATURE = Argument(
    ("--feature",), "a feature and its level, such as group.version=1; may be given many times"
)
_UNSAFE = Argument(("--unsafe",), "also where metadata may be lost for good", takes_value=False)
_DRY_RUN = Argument(("--dry-run",), "only tell whether it could be done", takes_value=False)

COMMANDS = (
    Command(
        "describe",
        "Show the levels of all features.",
        (Argument(("--node-id",), "the node to ask; any by default", is_integer=True, is_later=True),),
    ),
    Command("upgrade", "Raise the levels of features.", (_METADATA, _RELEASE, _FEATURE, _DRY_RUN)),
    Command("downgrade", "Lower the levels of features.", (_METADATA, _RELEASE, _FEATURE, _UNSAFE, _DRY_RUN)),
    Command(
        "disable",
        "Set the levels of features to 0.",
        (Argument(("--feature",), "a feature; may be given many times"), _UNSAFE, _DRY_RUN),
    ),
    Command("version-mapping", "Show the levels of all features that go with a release.", (_RELEASE,)),
    Command(
        "feature-dependencies",
        "Show what levels of features depend on.",
        (
            Argument(
                ("--feature",),
                "a feature and its level, such as group.version=1; may be given many times",
                required=True,
            ),
        ),
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Run the tool and return its exit code."""
    return run_command(
        "kafka-features",
        "This tool manages feature flags in Kafka.",
        COMMANDS,
        arguments,
        _run,
        options=_CONNECTION,
    )


def _run(parsed: ParsedCommand) -> int:
    with open_admin(
        load_properties(parsed.value("command_config")),
        parsed.value("bootstrap_server"),
        controllers=parsed.value("bootstrap_controller"),
    ) as cluster:
        try:
            _RUNNERS[parsed.name](cluster, parsed)
        except FeatureError as error:
            raise terse(str(error)) from error
    return 0


def _describe(cluster: Cluster, parsed: ParsedCommand) -> None:
    node_id = parsed.value("node_id")
    for line in feature_lines(ask_features(cluster, None if node_id is None else int(node_id))):
        print(line)


def ask_features(cluster: Cluster, node_id: int | None) -> Any:
    """Return the ApiVersionsResponse of a node, or of any. Raises ToolError."""
    from ottla.protocol.messages.api_versions import ApiVersionsRequest

    if node_id is not None and node_id < 0:
        raise illegal_argument(f"Invalid node id {node_id}: must be non-negative.")
    request = ApiVersionsRequest(client_software_name="ottla", client_software_version=OTTLA_VERSION)
    with raised_by_futures():
        if node_id is None:
            response = ask_broker_or_controller(cluster, request, "describeFeatures")
        else:
            response = ask_node(cluster, node_id, request, "describeFeatures")
        raise_for(response.error_code)
    return response


def feature_lines(response: Any) -> list[str]:
    """Return a line for each feature that an ApiVersionsResponse tells of, with its supported and finalized levels."""
    finalized = {feature.name: feature.max_version_level for feature in response.finalized_features}
    epoch = str(response.finalized_features_epoch) if response.finalized_features_epoch >= 0 else "-"
    return [
        f"Feature: {feature.name}"
        f"\tSupportedMinVersion: {_level_text(feature.name, feature.min_version)}"
        f"\tSupportedMaxVersion: {_level_text(feature.name, feature.max_version)}"
        f"\tFinalizedVersionLevel: {_level_text(feature.name, finalized.get(feature.name, 0))}"
        f"\tEpoch: {epoch}"
        for feature in sorted(response.supported_features, key=lambda feature: feature.name)
    ]


def _level_text(feature: str, level: int) -> str:
    if feature != METADATA_VERSION:
        return str(level)
    try:
        return metadata_version_of_level(level).name
    except FeatureError:
        return f"UNKNOWN {level}"


def _upgrade(cluster: Cluster, parsed: ParsedCommand) -> None:
    _change_levels(cluster, parsed, UpgradeType.UPGRADE)


def _downgrade(cluster: Cluster, parsed: ParsedCommand) -> None:
    _change_levels(cluster, parsed, _downgrade_type(parsed))


def _downgrade_type(parsed: ParsedCommand) -> UpgradeType:
    return UpgradeType.UNSAFE_DOWNGRADE if parsed.is_set("unsafe") else UpgradeType.SAFE_DOWNGRADE


def _change_levels(cluster: Cluster, parsed: ParsedCommand, upgrade_type: UpgradeType) -> None:
    metadata, release = parsed.value("metadata"), parsed.value("release_version")
    features = parsed.all_values("feature")
    if release is not None and (metadata is not None or features):
        raise terse("Can not specify `release-version` with other feature flags.")
    if release is not None:
        levels = levels_of_release(release, upgrade_type)
    else:
        if metadata is not None:
            print(" `metadata` flag is deprecated and may be removed in a future release.")
        levels = {} if metadata is None else {METADATA_VERSION: _metadata_level(metadata, upgrade_type)}
        for text in features:
            name, level = read_level(text)
            _check_level(level, upgrade_type)
            if name in levels:
                raise ToolError("java.lang.RuntimeException", f"Feature {name} was specified more than once.")
            levels[name] = level
    _update(cluster, parsed, levels, upgrade_type)


def levels_of_release(release: str, upgrade_type: UpgradeType) -> dict[str, int]:
    """Return the levels that go with a release; an upgrade leaves out those of 0. Raises ToolError."""
    try:
        version = metadata_version_from_text(release)
    except FeatureError:
        raise _unknown_version(release) from None
    levels = {METADATA_VERSION: version.level}
    for feature in FEATURES:
        level = default_level(feature, version)
        if upgrade_type is not UpgradeType.UPGRADE or level > 0:
            levels[feature.name] = level
    return levels


def read_level(text: str) -> tuple[str, int]:
    """Return name and level of a text such as `group.version=1`. Raises ToolError."""
    name, equals, level = text.partition("=")
    if not equals:
        raise ToolError(
            "java.lang.RuntimeException", f"Can't parse feature=level string {text}: equals sign not found."
        )
    number = short_from_text(level.strip())
    if number is None:
        raise ToolError(
            "java.lang.RuntimeException",
            f"Can't parse feature=level string {text}: unable to parse {level.strip()} as a short.",
        )
    return name.strip(), number


def _metadata_level(text: str, upgrade_type: UpgradeType) -> int:
    try:
        level = metadata_version_from_text(text).level
    except FeatureError:
        raise _unknown_version(text) from None
    _check_level(level, upgrade_type)
    return level


def _unknown_version(text: str) -> ToolError:
    names = ", ".join(
        version.name for version in METADATA_VERSIONS if version.level <= LATEST_PRODUCTION.level
    )
    return terse(f"Unknown metadata.version {text}. Supported metadata.version are {names}")


def _check_level(level: int, upgrade_type: UpgradeType) -> None:
    """Raise ToolError for a level that Kafka's `FeatureUpdate` does not take."""
    if level == 0 and upgrade_type is UpgradeType.UPGRADE:
        raise illegal_argument(
            "The upgradeType flag should be set to SAFE_DOWNGRADE or UNSAFE_DOWNGRADE when the provided "
            f"maxVersionLevel:{level} is < 1."
        )
    if level < 0:
        raise illegal_argument("Cannot specify a negative version level.")


def _disable(cluster: Cluster, parsed: ParsedCommand) -> None:
    levels: dict[str, int] = {}
    for name in parsed.all_values("feature"):
        if name in levels:
            raise ToolError("java.lang.RuntimeException", f"Feature {name} was specified more than once.")
        levels[name] = 0
    _update(cluster, parsed, levels, _downgrade_type(parsed))


def _update(
    cluster: Cluster, parsed: ParsedCommand, levels: Mapping[str, int], upgrade_type: UpgradeType
) -> None:
    """Ask for new levels and tell what came of each. Raises ToolError where one was refused."""
    if not levels:
        raise terse(f"You must specify at least one feature to {parsed.name}")
    if not all(map(str.strip, levels)):
        raise illegal_argument("Provided feature can not be empty.")
    is_dry_run = parsed.is_set("dry_run")
    errors = _ask_for_levels(cluster, levels, upgrade_type, is_dry_run=is_dry_run)
    for name in sorted(levels):
        print(outcome_line(parsed.name, name, levels[name], errors.get(name), is_dry_run=is_dry_run))
    if errors:
        raise terse(f"{len(errors)} out of {len(levels)} operation(s) failed.")


def _ask_for_levels(
    cluster: Cluster, levels: Mapping[str, int], upgrade_type: UpgradeType, *, is_dry_run: bool
) -> dict[str, ApiError]:
    """Return why features do not get their levels; from version 2 on one reason stands for all of them."""
    from ottla.protocol.messages.update_features import FeatureUpdateKey, UpdateFeaturesRequest

    request = UpdateFeaturesRequest(
        timeout_ms=cluster.config.request_timeout_ms,
        feature_updates=[
            FeatureUpdateKey(feature=name, max_version_level=levels[name], upgrade_type=upgrade_type)
            for name in strings_in_hash_order(levels)
        ],
        validate_only=is_dry_run,
    )
    try:
        response = ask_controller(cluster, request, "updateFeatures", works_with_controllers=True)
        raise_for(response.error_code, response.error_message)
    except ApiError as error:
        return dict.fromkeys(levels, error)
    found = {result.feature: error_of(result.error_code, result.error_message) for result in response.results}
    return {name: error for name, error in found.items() if error is not None}


def outcome_line(command: str, name: str, level: int, error: ApiError | None, *, is_dry_run: bool) -> str:
    """Return what is told of one feature after a change, or after its trial."""
    is_disabling = command == "disable"
    if error is not None:
        wish = f"disable {name}" if is_disabling else f"{command} {name} to {level}"
        return f"{'Can not' if is_dry_run else 'Could not'} {wish}. {error.text or 'null'}"
    done = "disabled." if is_disabling else f"{command}d to {level}."
    return f"{name} {'can be' if is_dry_run else 'was'} {done}"


def _show_version_mapping(_: Cluster, parsed: ParsedCommand) -> None:
    for line in version_mapping_lines(parsed.value("release_version")):
        print(line)


def _show_dependencies(_: Cluster, parsed: ParsedCommand) -> None:
    for text in parsed.all_values("feature"):
        for line in dependency_lines(*read_level(text)):
            print(line)


def dependency_lines(name: str, level: int) -> list[str]:
    """Return what a level of a feature depends on. Raises ToolError and FeatureError for what there is not."""
    if name == METADATA_VERSION:
        try:
            version = metadata_version_of_level(level)
        except FeatureError:
            raise terse(f"Unknown metadata.version {level}") from None
        return [f"{name}={level} ({version.name}) has no dependencies."]
    feature = FEATURES_BY_NAME.get(name)
    if feature is None:
        raise terse(f"Unknown feature: {name}")
    needed = find_level(feature, level, allows_unstable=True).dependencies
    if not needed:
        return [f"{name}={level} has no dependencies."]
    return [f"{name}={level} requires:", *(f"    {_dependency(*each)}" for each in needed.items())]


def _dependency(name: str, level: int) -> str:
    if name == METADATA_VERSION:
        return f"{name}={level} ({metadata_version_of_level(level).name})"
    return f"{name}={level}"


_RUNNERS: dict[str, Callable[[Cluster, ParsedCommand], None]] = {
    "describe": _describe,
    "upgrade": _upgrade,
    "downgrade": _downgrade,
    "disable": _disable,
    "version-mapping": _show_version_mapping,
    "feature-dependencies": _show_dependencies,
}
