"""The little that the images' scripts know about listener strings."""

from __future__ import annotations

import re

_HOST = re.compile("://[^:]*:")
_PORT = re.compile(r":([0-9]+)\s*$")


def bound_everywhere(advertised_listeners: str) -> str:
    """Return what to listen on for these advertised listeners: the same names and ports, on every address."""
    return _HOST.sub("://0.0.0.0:", advertised_listeners)


def listener_names(listeners: str) -> tuple[str, ...]:
    """Return the names of listeners, as they are written."""
    return tuple(entry.partition("://")[0].strip() for entry in listeners.split(",") if entry.strip())


def listener_ports(listeners: str) -> frozenset[int]:
    """Return the ports of listeners, as far as they have any."""
    found = (_PORT.search(entry) for entry in listeners.split(","))
    return frozenset(int(match[1]) for match in found if match is not None)
