"""The directories of a node taken together: which are formatted and for whom, which are new, which cannot be read.

Kafka's `MetaPropertiesEnsemble` and `MetaProperties`, with their texts. Unlike `log_dirs`, which opens a directory to
serve it, this reads every form of `meta.properties` that Kafka still reads, also that of ZooKeeper's days.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ottla.config.option import ConfigError
from ottla.config.sources import read_properties
from ottla.storage.files import FileSystem
from ottla.storage.log_dirs import META_PROPERTIES_FILE
from ottla.types import Uuid, is_reserved_uuid, uuid_to_text

_INTEGER = re.compile(r"[+-]?[0-9]{1,10}", re.ASCII)
_LONGEST_UUID_TEXT = 24
_URL_ALPHABET = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


class DirectoryMismatchError(Exception):
    """What directories say contradicts itself, or the node; the text is Kafka's."""


class StoredProperties(NamedTuple):
    """What a `meta.properties` says; version 0 is that of ZooKeeper's days and may leave everything out."""

    version: int
    cluster_id: str | None
    node_id: int | None
    directory_id: Uuid | None

    def texts(self) -> dict[str, str]:
        """Return the properties as they stand in the file, by name and in the order of names."""
        node_key = "node.id" if self.version else "broker.id"
        found = {
            "cluster.id": self.cluster_id,
            "directory.id": None if self.directory_id is None else uuid_to_text(self.directory_id),
            node_key: None if self.node_id is None else str(self.node_id),
            "version": str(self.version),
        }
        return {name: text for name, text in sorted(found.items()) if text is not None}


@dataclass(slots=True)
class DirectoryEnsemble:
    """The directories by what was found, each group in order."""

    formatted: dict[str, StoredProperties] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    """Those without a `meta.properties`, there or not."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Those whose `meta.properties` cannot be read, with the reason."""


def load_ensemble(files: FileSystem, directories: Iterable[str]) -> DirectoryEnsemble:
    """Look at all directories; a directory that cannot be read is no error yet."""
    ensemble = DirectoryEnsemble()
    for directory in sorted(directories):
        path = Path(directory) / META_PROPERTIES_FILE
        try:
            ensemble.formatted[directory] = parse_properties(files.read_file(path))
        except FileNotFoundError:
            ensemble.new.append(directory)
        except OSError as error:
            ensemble.unreadable[directory] = error.strerror or str(error)
        except ValueError as error:
            ensemble.unreadable[directory] = str(error)
    return ensemble


def parse_properties(content: bytes) -> StoredProperties:
    """Read a `meta.properties`. Raises ValueError with Kafka's text."""
    try:
        settings = read_properties(content.decode("latin-1"), META_PROPERTIES_FILE)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    texts = {name: setting.text for name, setting in settings.items()}
    version_text = texts.get("version", "0")
    if not _is_integer(version_text.strip()):
        raise ValueError(f"Invalid meta.properties version string '{version_text}'")
    version = int(version_text)
    if version not in {0, 1}:
        raise ValueError(f"Unknown meta.properties version number {version}")
    node_id = None
    if version == 1 or "broker.id" in texts:
        node_id = _required_integer(texts, "node.id" if version == 1 else "broker.id")
    directory_id = _directory_id(texts["directory.id"]) if "directory.id" in texts else None
    cluster_id = texts.get("cluster.id")
    if version == 1 and cluster_id is None:
        raise ValueError("cluster.id was not found.")
    return StoredProperties(version, cluster_id, node_id, directory_id)


def check_ensemble(ensemble: DirectoryEnsemble, cluster_id: str, node_id: int) -> None:
    """Raise DirectoryMismatchError unless all formatted directories are this node's, each with an id of its own."""
    owners: dict[Uuid, str] = {}
    for directory, found in ensemble.formatted.items():
        path = f"{directory.rstrip('/')}/{META_PROPERTIES_FILE}"
        if found.cluster_id is not None and found.cluster_id != cluster_id:
            raise DirectoryMismatchError(
                f"Invalid cluster.id in: {path}. Expected {cluster_id}, but read {found.cluster_id}"
            )
        if found.node_id is not None and found.node_id != node_id:
            raise DirectoryMismatchError(
                f"Stored node id {found.node_id} doesn't match previous node id {node_id} in {path}. If you moved your "
                "data, make sure your configured node id matches. If you intend to create a new node, you should "
                "remove all data in your data directories."
            )
        if found.directory_id is None:
            continue
        text = uuid_to_text(found.directory_id)
        if is_reserved_uuid(found.directory_id):
            raise DirectoryMismatchError(f"Invalid reserved directory ID {text} found in {directory}")
        if found.directory_id in owners:
            raise DirectoryMismatchError(
                f"Duplicate directory ID Optional[{text}] found. It was the ID of {owners[found.directory_id]}, but "
                f"also of {directory}"
            )
        owners[found.directory_id] = directory


def _is_integer(text: str) -> bool:
    return _INTEGER.fullmatch(text) is not None and -(1 << 31) <= int(text) < 1 << 31


def _required_integer(texts: Mapping[str, str], name: str) -> int:
    text = texts.get(name)
    if text is None:
        raise ValueError(f"Failed to find {name}")
    if not _is_integer(text):
        raise ValueError(f"Unable to read {name} as a base-10 number.")
    return int(text)


def _directory_id(text: str) -> Uuid:
    try:
        return java_uuid_from_text(text)
    except ValueError as error:
        raise ValueError(f"Unable to read directory.id as a Uuid: {error}") from error


def java_uuid_from_text(text: str) -> Uuid:
    """Parse an identifier as Kafka's `Uuid.fromString` does. Raises ValueError with its text."""
    if len(text) > _LONGEST_UUID_TEXT:
        prefix = text[:_LONGEST_UUID_TEXT]
        raise ValueError(f"Input string with prefix `{prefix}` is too long to be decoded as a base64 UUID")
    body = text.rstrip("=")
    stranger = _URL_ALPHABET.sub("", body)
    if stranger:
        raise ValueError(f"Illegal base64 character {ord(stranger[0]):x}")
    try:
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except binascii.Error as error:
        raise ValueError("Last unit does not have enough valid bits") from error
    if len(raw) != 16:
        raise ValueError(
            f"Input string `{text}` decoded as {len(raw)} bytes, which is not equal to the expected 16 bytes of a "
            "base64-encoded UUID"
        )
    return Uuid(raw)
