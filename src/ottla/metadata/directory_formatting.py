"""Formats the directories of a node, as Kafka's `kafka-storage.sh format` does: all that are new, or none.

Nothing is written before everything was looked at. A directory that is there already is only passed over when that was
asked for; one whose `meta.properties` cannot be read is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ottla.metadata.aspects.features import METADATA_VERSION
from ottla.metadata.dynamic_voters import DynamicVoter, quorum_records
from ottla.metadata.format_plan import FormatError, FormatPlan
from ottla.metadata.formatting import format_log_directory
from ottla.storage.directory_ensemble import check_ensemble, load_ensemble
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import MetaProperties
from ottla.types import Uuid, random_uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDirectories:
    """The directories of a node, and whose they are to be."""

    cluster_id: str
    node_id: int
    directories: tuple[str, ...]
    metadata_directory: str
    controller_listener_name: str
    voters: tuple[DynamicVoter, ...] = ()
    """The first voters of a quorum that is recorded in the metadata log; none where the quorum is configured, or
    where this node is to join one."""
    passes_over_formatted: bool = False


def format_directories(
    files: FileSystem, node: NodeDirectories, plan: FormatPlan, *, now_ms: int
) -> Iterator[str]:
    """Format what is new, yielding the lines that tell of it.

    Raises FormatError, and DirectoryMismatchError where a directory is another node's.
    """
    ensemble = load_ensemble(files, node.directories)
    check_ensemble(ensemble, node.cluster_id, node.node_id)
    if ensemble.formatted and not node.passes_over_formatted:
        raise FormatError(
            f"Log directory {next(iter(ensemble.formatted))} is already formatted. Use --ignore-formatted to ignore "
            "this directory and format the others."
        )
    for directory in ensemble.unreadable:
        yield f"I/O error trying to read log directory {directory}. Ignoring..."
    if ensemble.unreadable and not ensemble.new and not ensemble.formatted:
        raise FormatError("No available log directories to format.")
    if not ensemble.new:
        yield "All of the log directories are already formatted."
    for directory in ensemble.new:
        yield (
            f"Formatting {_kind(node, directory)} {directory} with {METADATA_VERSION} {plan.release_version.name}."
        )
        owner = MetaProperties(node.cluster_id, node.node_id, _directory_id(node, directory))
        is_metadata_directory = directory == node.metadata_directory
        quorum = quorum_records(node.voters if is_metadata_directory else (), node.controller_listener_name)
        try:
            format_log_directory(
                files, Path(directory), owner, now_ms=now_ms, records=plan.records, quorum=quorum
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise FormatError(f"Error while writing meta.properties file {directory}: {reason}") from error


def _own_voter(node: NodeDirectories) -> DynamicVoter | None:
    return next((voter for voter in node.voters if voter.node_id == node.node_id), None)


def _kind(node: NodeDirectories, directory: str) -> str:
    """Return Kafka's words for what a directory is for."""
    if directory != node.metadata_directory:
        return "data directory"
    if not node.voters:
        return "metadata directory"
    return "dynamic metadata directory" if _own_voter(node) is None else "dynamic metadata voter directory"


def _directory_id(node: NodeDirectories, directory: str) -> Uuid:
    """Choose an id; that of a voter's metadata log is the one by which the other voters know it."""
    own_voter = _own_voter(node)
    if own_voter is None or directory != node.metadata_directory:
        return random_uuid()
    return own_voter.directory_id
