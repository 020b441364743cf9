"""What is mounted into the container, and whether somebody meant it.

A volume that an image declares gets an anonymous volume where nobody mounts one; Docker and Podman give it a name of
64 hexadecimal digits, which stands in the path of its directory. Everything else was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MOUNT_TABLE = "/proc/self/mountinfo"

_ESCAPED = re.compile(r"\\([0-7]{3})")
_ANONYMOUS = re.compile("(?:^|/)[0-9a-f]{64}(?:/|$)")
_ROOT_FIELD = 3
_PLACE_FIELD = 4


@dataclass(frozen=True, slots=True)
class Mount:
    """A place in the container where something is mounted."""

    place: str
    is_anonymous: bool


def read_mounts(table: str) -> tuple[Mount, ...]:
    """Return the mounts of a table in the form of `/proc/self/mountinfo`; the container's root is none."""
    mounts = []
    for line in table.splitlines():
        fields = line.split(" ")
        if len(fields) > _PLACE_FIELD:
            source, place = (_unescaped(fields[number]) for number in (_ROOT_FIELD, _PLACE_FIELD))
            if place != "/":
                mounts.append(Mount(place, _ANONYMOUS.search(source) is not None))
    return tuple(mounts)


def mounted_on_purpose(mounts: Iterable[Mount], path: str) -> bool:
    """Tell whether somebody mounted a path, or what it lies in."""
    return any(
        not mount.is_anonymous and (path == mount.place or path.startswith(f"{mount.place}/"))
        for mount in mounts
    )


def mounted_within(mounts: Iterable[Mount], path: str) -> bool:
    """Tell whether somebody mounted a path, or something below it."""
    return any(
        not mount.is_anonymous and (mount.place == path or mount.place.startswith(f"{path}/"))
        for mount in mounts
    )


def _unescaped(field: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), field)
