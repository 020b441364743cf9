"""Takes possession of the data directory: formats a new one, opens an old one, refuses what is not Kafka's."""

from __future__ import annotations

import logging
from pathlib import Path

from ottla.clock import Clock
from ottla.config.resolved import BrokerConfig
from ottla.metadata.formatting import FILE_NAME, FIRST_SNAPSHOT, format_log_directory
from ottla.metadata.log_entries import QuorumRecord
from ottla.server.start_error import StartError
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import (
    LOCK_FILE,
    META_PROPERTIES_FILE,
    LogDirectory,
    LogDirectoryError,
    MetaProperties,
    read_meta_properties,
)
from ottla.types import CLUSTER_METADATA_TOPIC, Uuid, random_uuid, uuid_to_text

logger = logging.getLogger("ottla.server")

METADATA_LOG = f"{CLUSTER_METADATA_TOPIC}-0"

_NOBODYS_FILES = frozenset({LOCK_FILE, "lost+found", ".DS_Store"})
"""What a directory may hold that counts as empty: our own lock, and what systems put there by themselves."""

_UNFINISHED_FORMAT = frozenset({FILE_NAME, f"{FILE_NAME}.tmp", f"{META_PROPERTIES_FILE}.tmp"})
"""What a format leaves that was interrupted before its last step; it is done again from the start."""


def open_data_directory(files: FileSystem, config: BrokerConfig, clock: Clock) -> LogDirectory:
    """Lock the data directory of the configuration, formatting it first when it is new or empty.

    Raises StartError when it belongs to somebody else, cannot be read, or holds other things.
    """
    path = Path(config.data_directory)
    try:
        if read_meta_properties(files, path) is None:
            _format(files, path, config, clock)
        elif not config.controller_quorum_voters and not (path / METADATA_LOG).exists():
            raise StartError(
                f"{path} was formatted for a node that joins a quorum, and only a quorum of this node is supported: "
                "set controller.quorum.voters, or format it anew with --standalone"
            )
        return LogDirectory.open(files, path, node_id=config.node_id)
    except LogDirectoryError as error:
        raise StartError(str(error)) from error
    except OSError as error:
        raise StartError(f"the data directory {path} cannot be used: {error.strerror or error}") from error


def _format(files: FileSystem, path: Path, config: BrokerConfig, clock: Clock) -> None:
    strangers = []
    if path.exists():
        known = _NOBODYS_FILES | _UNFINISHED_FORMAT
        strangers = [
            entry.name
            for entry in files.list_directory(path)
            if entry.name not in known and not _is_unfinished_quorum(files, path / entry.name)
        ]
    if strangers:
        raise StartError(
            f"{path} is not a data directory: it has no meta.properties but holds {strangers[0]!r}; "
            "name an empty or new directory with --data or log.dirs"
        )
    directory_id = random_uuid()
    owner = MetaProperties(
        cluster_id=uuid_to_text(random_uuid()), node_id=config.node_id, directory_id=directory_id
    )
    format_log_directory(
        files, path, owner, now_ms=clock.now_ms(), quorum=_first_quorum(config, directory_id)
    )
    logger.info("Formatted %s for the new cluster %s", path, owner.cluster_id)


def _is_unfinished_quorum(files: FileSystem, path: Path) -> bool:
    """Tell whether this is a metadata log as an interrupted format leaves it: voters at most, and no record."""
    if path.name != METADATA_LOG:
        return False
    left = {FIRST_SNAPSHOT.file_name, f"{FIRST_SNAPSHOT.file_name}.tmp"}
    return all(entry.name in left for entry in files.list_directory(path))


def _first_quorum(config: BrokerConfig, directory_id: Uuid) -> list[QuorumRecord]:
    """Record this node as the only voter where the configuration names none, as `format --standalone` does."""
    if config.controller_quorum_voters:
        return []
    # Loaded late: only a first start needs them, and few of those.
    from ottla.config.storage_settings import storage_settings  # noqa: PLC0415
    from ottla.metadata.dynamic_voters import DynamicVoter, quorum_records  # noqa: PLC0415

    settings = storage_settings(config.settings)
    assert settings.controller_address is not None, "this node is a controller"
    host, port = settings.controller_address
    voter = DynamicVoter(config.node_id, host, port, directory_id)
    return quorum_records([voter], settings.controller_listener_name)
