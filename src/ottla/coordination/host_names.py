"""Which names of hosts can be resolved: the system is asked beside the loop, since it may have to ask a name server.

One name after another, so that a request with many of them holds up nobody but its own connection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from ottla.completion import Completion
from ottla.tasks import Tasks


def find_unknown_hosts(names: Iterable[str], tasks: Tasks) -> Completion[frozenset[str]]:
    """Return those that are neither addresses nor names that can be resolved; at once where all are addresses."""
    doubtful = [name for name in names if not _is_address(name)]
    if not doubtful:
        return Completion.resolved(frozenset())
    found: Completion[frozenset[str]] = Completion()

    async def look_up() -> None:
        unknown = set()
        for name in doubtful:
            try:
                await tasks.loop.getaddrinfo(name, None)
            except (OSError, ValueError):  # a name that is no name at all is a ValueError
                unknown.add(name)
        found.resolve(frozenset(unknown))

    tasks.spawn("look up hosts", look_up())
    return found


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
