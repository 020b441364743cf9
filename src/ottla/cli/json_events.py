"""Lines of JSON in which the verifiable tools tell what they do: time and name first, then what belongs to it."""

from __future__ import annotations

import sys

from ottla.cli.producer_statistics import now_ms
from ottla.wire.json_form import JsonValue, json_text


def print_event(name: str, **fields: JsonValue) -> None:
    """Print an event that happened now, its fields in the order in which they are given."""
    sys.stdout.write(json_text({"timestamp": now_ms(), "name": name, **fields}) + "\n")
