"""Who a process is, in the words of the program `id`."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable, Iterable


def own_identity() -> str:
    """Return what `id` prints for this process."""
    groups = [os.getegid(), *(group for group in os.getgroups() if group != os.getegid())]
    return identity(os.geteuid(), os.getegid(), groups, user_name, group_name)


def identity(
    user_id: int,
    group_id: int,
    groups: Iterable[int],
    name_of_user: Callable[[int], str | None],
    name_of_group: Callable[[int], str | None],
) -> str:
    """Return what `id` prints for a user, its group and all its groups."""

    def shown(number: int, name_of: Callable[[int], str | None]) -> str:
        name = name_of(number)
        return str(number) if name is None else f"{number}({name})"

    all_groups = ",".join(shown(group, name_of_group) for group in groups)
    return f"uid={shown(user_id, name_of_user)} gid={shown(group_id, name_of_group)} groups={all_groups}"


def user_name(user_id: int) -> str | None:
    """Return a user's name; None for one that has none."""
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return None


def group_name(group_id: int) -> str | None:
    """Return a group's name; None for one that has none."""
    try:
        return grp.getgrgid(group_id).gr_name
    except KeyError:
        return None
