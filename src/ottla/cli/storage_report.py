"""What `ottla storage info` says of the directories of a node: Kafka's lines, problem by problem."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ottla.storage.directory_ensemble import StoredProperties, parse_properties
from ottla.storage.log_dirs import META_PROPERTIES_FILE

_SLASHES = re.compile("/{2,}")


class Report(NamedTuple):
    """The lines for standard output, and whether anything is wrong."""

    lines: list[str]
    has_problems: bool


def report_directories(directories: Iterable[str]) -> Report:
    """Look at the directories of a node."""
    found: list[str] = []
    problems: list[str] = []
    first: StoredProperties | None = None
    for directory in sorted(directories):
        shown = _path_text(directory)
        path = Path(directory)
        if not path.is_dir():
            problems.append(f"{shown} is not a directory" if path.exists() else f"{shown} does not exist")
            continue
        found.append(shown)
        stored = _read(path, shown, problems)
        if first is None:
            first = stored
        elif stored is not None and stored.cluster_id != first.cluster_id:
            problems.append("Mismatched cluster IDs between storage directories.")
        elif stored is not None and stored.node_id != first.node_id:
            problems.append("Mismatched node IDs between storage directories.")
    if first is not None and first.version == 0:
        problems.append(
            "The kafka configuration file appears to be for a cluster in KRaft mode, but the directories are formatted "
            "for legacy mode."
        )
    return Report(_lines(found, first, problems), bool(problems))


def _read(path: Path, shown: str, problems: list[str]) -> StoredProperties | None:
    """Read the `meta.properties` of a directory; where that fails, add the problem."""
    file = path / META_PROPERTIES_FILE
    if not file.exists():
        problems.append(f"{shown} is not formatted.")
        return None
    try:
        return parse_properties(file.read_bytes())
    except ValueError as error:
        problems.append(f"Error loading {shown.rstrip('/')}/{META_PROPERTIES_FILE}: {error}")
    except OSError as error:
        problems.append(f"Error loading {shown.rstrip('/')}/{META_PROPERTIES_FILE}: {error.strerror}")
    return None


def _lines(found: list[str], first: StoredProperties | None, problems: list[str]) -> list[str]:
    lines: list[str] = []
    if found:
        lines += ["Found log directory:" if len(found) == 1 else "Found log directories:"]
        lines += [f"  {directory}" for directory in found]
        lines.append("")
    if first is not None:
        texts = ", ".join(f"{name}={text}" for name, text in first.texts().items())
        lines += [f"Found metadata: {{{texts}}}", ""]
    if problems:
        lines += ["Found problem:" if len(problems) == 1 else "Found problems:"]
        lines += [f"  {problem}" for problem in problems]
        lines.append("")
    return lines


def _path_text(directory: str) -> str:
    """Write a path as Java's `Path` prints it: no doubled slashes, none at the end."""
    single = _SLASHES.sub("/", directory)
    return single.rstrip("/") or single[:1]
