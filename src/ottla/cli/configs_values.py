"""What `kafka-configs` is to set and to take back: `--add-config`, `--add-config-file` and `--delete-config`."""

from __future__ import annotations

import re

from ottla.cli.admin_access import load_properties
from ottla.cli.failures import illegal_argument
from ottla.cli.java_text import java_split
from ottla.cli.jopt import Parsed
from ottla.jvm_order import scala_order, strings_in_hash_order

_OUTSIDE_BRACKETS = r"(?=[^\]]*(?:\[|$))"
"""Kafka's idea of being outside of brackets: the next bracket that comes, if any, opens."""
_KEY = re.compile(r"[a-zA-Z0-9._-]*")


def added_configs(parsed: Parsed) -> dict[str, str]:
    """Return the settings to set, in the order of Scala's map of them. Raises ToolError."""
    configs: dict[str, str] = {}
    if parsed.has("add-config-file"):
        configs |= load_properties(parsed.text("add-config-file"))
    if parsed.has("add-config"):
        configs |= read_added_configs(parsed.text("add-config") or "")
    in_properties = strings_in_hash_order(configs)
    for key in in_properties:
        if not _KEY.fullmatch(key):
            raise illegal_argument(f"Invalid character found for config key: {key}")
    return {key: configs[key] for key in scala_order(in_properties)}


def read_added_configs(text: str) -> dict[str, str]:
    """Return the settings in a text such as `k1=v1,k2=[v1,v2]`; brackets are taken off. Raises ToolError."""
    pairs = [
        java_split(each, r"\s*=\s*" + _OUTSIDE_BRACKETS, keeps_trailing=True)
        for each in java_split(text, "," + _OUTSIDE_BRACKETS)
    ]
    if not all(len(pair) == 2 for pair in pairs):
        raise illegal_argument(
            'requirement failed: Invalid entity config: all configs to be added must be in the format "key=val" or  '
            '"key=[val1,val2]" to group values which contain commas.'
        )
    return {key.strip(): value.replace("[", "").replace("]", "").strip() for key, value in pairs}


def deleted_configs(parsed: Parsed) -> list[str]:
    """Return the settings to take back."""
    return [key.strip() for key in parsed.texts("delete-config")]
