"""Whose the data is: a start as root hands the data directories to the user that the image serves as, and becomes it.

Docker makes the source of a bind mount as root where it is missing, and a volume may come from another image with
another user. A start that is root is there for that alone; one that is not leaves everything as it is.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ottla.config.option import ConfigError
from ottla.config.sources import read_properties
from ottla.container import apache, bitnami_environment, confluent
from ottla.container.container_files import ContainerFiles
from ottla.container.dialect import Dialect


@dataclass(frozen=True, slots=True)
class Account:
    """The user that a dialect's image serves as."""

    user_id: int
    group_id: int
    home: str


ACCOUNTS: Mapping[Dialect, Account] = {
    Dialect.APACHE: Account(1000, 1000, "/home/appuser"),
    Dialect.BITNAMI: Account(1001, 0, "/"),
    Dialect.CONFLUENT: Account(1000, 1000, "/home/appuser"),
    Dialect.CONFLUENT_LOCAL: Account(1000, 1000, "/home/appuser"),
}

_LOG_DIRECTORY_VARIABLES: Mapping[Dialect, tuple[str, ...]] = {
    Dialect.APACHE: ("KAFKA_LOG_DIRS", "KAFKA_LOG_DIR", "KAFKA_METADATA_LOG_DIR"),
    Dialect.BITNAMI: (
        "KAFKA_CFG_LOG_DIRS",
        "KAFKA_LOG_DIRS",
        "KAFKA_LOGS_DIRS",
        "KAFKA_CFG_LOG_DIR",
        "KAFKA_CFG_METADATA_LOG_DIR",
    ),
    Dialect.CONFLUENT: ("KAFKA_LOG_DIRS", "KAFKA_LOG_DIR", "KAFKA_DATA_DIRS", "KAFKA_METADATA_LOG_DIR"),
    Dialect.CONFLUENT_LOCAL: ("KAFKA_LOG_DIRS", "KAFKA_LOG_DIR", "KAFKA_DATA_DIRS"),
}
_DATA_DIRECTORIES: Mapping[Dialect, tuple[str, ...]] = {
    Dialect.APACHE: ("/tmp/kraft-combined-logs", "/tmp/kafka-logs", confluent.DATA_DIRECTORY),  # noqa: S108
    Dialect.BITNAMI: (bitnami_environment.VOLUME_DIRECTORY, bitnami_environment.DATA_DIRECTORY),
    Dialect.CONFLUENT: (confluent.DATA_DIRECTORY,),
    Dialect.CONFLUENT_LOCAL: ("/tmp/kraft-combined-logs", confluent.DATA_DIRECTORY),  # noqa: S108
}
"""Where the images have data without being told."""

_MOUNTED_FILES: Mapping[Dialect, tuple[str, ...]] = {
    Dialect.APACHE: (apache.MOUNTED_FILE, apache.CONFIG_FILE),
    Dialect.BITNAMI: (f"{bitnami_environment.VOLUME_DIRECTORY}/config/server.properties",),
    Dialect.CONFLUENT: (),
    Dialect.CONFLUENT_LOCAL: (),
}
"""Configuration files that may name other data directories."""


def data_directories(
    dialect: Dialect, environment: Mapping[str, str], files: ContainerFiles
) -> tuple[str, ...]:
    """Return every directory that may get data: the image's own, and those that were named; never `/` itself."""
    named: list[str] = []
    for variable in _LOG_DIRECTORY_VARIABLES[dialect]:
        named += environment.get(variable, "").split(",")
    for path in _MOUNTED_FILES[dialect]:
        named += _named_in_file(files, path)
    directories = [*_DATA_DIRECTORIES[dialect], *(name.strip().rstrip("/") for name in named)]
    return tuple(dict.fromkeys(each for each in directories if each.startswith("/") and each.strip("/")))


def _named_in_file(files: ContainerFiles, path: str) -> list[str]:
    if not files.is_file(path):
        return []
    try:
        settings = read_properties(files.text(path), path)
    except (ConfigError, OSError):
        # Whoever reads it for the start says what is wrong with it.
        return []
    named = (settings[name].text for name in ("log.dirs", "log.dir", "metadata.log.dir") if name in settings)
    return [directory for text in named for directory in text.split(",")]


def take_over(directories: Iterable[str], account: Account, files: ContainerFiles) -> tuple[str, ...]:
    """Make missing directories and hand those with a foreign owner to an account; return the ones that changed hands.

    One that anybody could make, in `/tmp` say, is left to whoever needs it.

    What cannot be changed, on a volume that is read-only say, stays; the start will say what it misses.
    """
    changed = []
    for directory in directories:
        place = files.place(directory)
        try:
            if place.is_dir():
                if not _is_foreign(place, account):
                    continue
            elif _is_open_to_all(place.parent):
                continue
            else:
                place.mkdir(parents=True)
            for path in _tree(place):
                os.chown(path, account.user_id, account.group_id, follow_symlinks=False)
        except OSError:
            continue
        changed.append(directory)
    return tuple(changed)


def _is_open_to_all(directory: Path) -> bool:
    return directory.is_dir() and bool(directory.stat().st_mode & stat.S_IWOTH)


def _is_foreign(directory: Path, account: Account) -> bool:
    """Tell whether a directory, or anything at its top, has another owner; looking deeper would cost a walk a start."""
    return any(path.lstat().st_uid != account.user_id for path in (directory, *directory.iterdir()))


def _tree(directory: Path) -> Iterator[Path]:
    yield directory
    for folder, folder_names, file_names in os.walk(directory):
        for name in (*folder_names, *file_names):
            yield Path(folder, name)


def become(account: Account, environment: dict[str, str]) -> None:
    """Give up root for good."""
    os.setgroups([])
    os.setgid(account.group_id)
    os.setuid(account.user_id)
    environment["HOME"] = account.home
