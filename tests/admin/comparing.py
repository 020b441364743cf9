"""How two brokers' words are made comparable: names and addresses of their own become symbols, listed fields a kind.

Everything else has to be equal, but for the differences in `explained.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from tests.admin.served import FOLDER
from tests.differential.comparison import (
    Difference,
    Explanation,
    differences,
    load_explanations,
    masked,
    report,
)
from tests.support.broker_process import RunningBroker

ZERO_ID = "AAAAAAAAAAAAAAAAAAAAAA"
UNORDERED = frozenset({"users"})
"""Lists whose order is that of a hash table in Apache Kafka: the users with SCRAM credentials."""

RESOURCE_FIELDS = frozenset({"type", "name", "isDefault"})
"""What a resource is shown with; resources have the order of a hash table, too."""


@dataclass(frozen=True, slots=True)
class Masks:
    """What need not be equal: fields that become symbols, fields of which the kind is compared, words by pattern."""

    symbols: Mapping[str, str]
    fields: Mapping[str, str]
    """Patterns of paths, each with the method of Admin that it belongs to."""
    words: tuple[tuple[re.Pattern[str], str], ...]


def load_masks(path: Path = FOLDER / "masks.yaml") -> Masks:
    """Read the list of what need not be equal."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Masks(
        table["symbols"],
        {f"{item['of']}(*.{item['path']}": item["of"] for item in table["fields"]},
        tuple((re.compile(item["pattern"], re.MULTILINE), item["shown"]) for item in table["words"]),
    )


def addresses(broker: RunningBroker) -> dict[str, str]:
    """Return what stands for a broker's addresses and directories in anything that it, or a tool, says."""
    return {
        str(broker.data_dir): "<data directory>",
        str(broker.port): "<port>",
        str(broker.controller_port): "<controller port>",
    }


@dataclass(slots=True)
class Symbols:
    """What a broker has chosen for itself, and what stands for it."""

    names: Mapping[str, str]
    """The fields whose values it has chosen, each with the reason."""
    found: dict[str, str] = field(default_factory=dict)

    def look_at(self, value: Any, leaf: str = "") -> None:
        """Remember every value of such a field: the first of a name is the first everywhere."""
        if isinstance(value, Mapping):
            for key, item in value.items():
                self.look_at(item, leaf if key == "value" else key.partition("(")[0])
        elif isinstance(value, list):
            for item in value:
                self.look_at(item, leaf)
        elif isinstance(value, str) and value and leaf in self.names and value != ZERO_ID:
            number = 1 + sum(symbol.startswith(f"<{leaf} ") for symbol in self.found.values())
            self.found.setdefault(value, f"<{leaf} {number}>")

    def replace(self, value: Any) -> Any:
        """Return a value in which symbols stand for what was found, also in keys and inside of texts."""
        if isinstance(value, Mapping):
            return {self.replace(key): self.replace(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.replace(item) for item in value]
        if isinstance(value, str):
            for text, symbol in self.found.items():
                value = _put(symbol, text, value)
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return self.found.get(str(value), value)
        return value


def _put(symbol: str, text: str, value: str) -> str:
    """Put a symbol where a text stands; a number is none where it is a part of a longer one."""
    if text.isdecimal() and text in value:
        return re.sub(rf"(?<!\d){text}(?!\d)", symbol, value)
    return value.replace(text, symbol)


def keyed(value: Any, leaf: str = "") -> Any:
    """Return a value in which the entries of a configuration go by their names: one more or less is one difference."""
    if isinstance(value, Mapping):
        return {key: keyed(item, leaf if key == "value" else key) for key, item in value.items()}
    if isinstance(value, list):
        if leaf == "entries" and all(isinstance(item, Mapping) and "name" in item for item in value):
            return {item["name"]: keyed(item) for item in value}
        if all(isinstance(item, Mapping) and item.keys() == RESOURCE_FIELDS for item in value):
            return sorted(value, key=lambda item: (item["type"], item["name"]))
        return sorted(value) if leaf in UNORDERED else [keyed(item) for item in value]
    return value


def compare(name: str, kafka: Any, ottla: Any, masks: Masks) -> Iterator[Difference]:
    """Yield each leaf on which the brokers differ; a mask's path begins with the name of the call."""
    for path, left, right in differences(
        *(masked(value, list(masks.fields), name) for value in (kafka, ottla))
    ):
        yield Difference(name, "words", path, left, right)


def idle_masks(masks: Masks, shown: Mapping[str, Any]) -> list[str]:
    """Return the patterns that fit nothing in what was shown, though their method was called."""
    paths = [path for name, value in shown.items() for path in leaf_paths(value, name)]
    called = {name.partition("(")[0] for name in shown}
    return [
        pattern
        for pattern, method in masks.fields.items()
        if method in called and not any(fnmatchcase(path, pattern) for path in paths)
    ]


def leaf_paths(value: Any, path: str) -> Iterator[str]:
    """Yield the path of a value and of everything in it."""
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    yield path
    for key, item in items:
        yield from leaf_paths(item, f"{path}.{key}")


def unexplained(found: Iterable[Difference], explanations: Iterable[Explanation]) -> list[Difference]:
    """Return the differences that nothing explains; explanations count what they explain."""
    left = []
    for difference in found:
        covering = [item for item in explanations if item.covers(difference)]
        for item in covering:
            item.occurrences += 1
        if not covering:
            left.append(difference)
    return left


def explanations_of(kind: str) -> list[Explanation]:
    """Return the known differences of calls or of commands."""
    return [
        item
        for item in load_explanations(FOLDER / "explained.yaml")
        if item.case.startswith("kafka-") == (kind == "commands")
    ]


def assert_explained(found: Iterable[Difference], kind: str) -> None:
    """Raise AssertionError with what differs and is not explained, or with explanations of nothing."""
    explanations = explanations_of(kind)
    left = unexplained(found, explanations)
    assert not left, "\n" + report(left)
    stale = [item for item in explanations if not item.occurrences]
    assert not stale, "these explain nothing any more:\n" + "\n".join(map(str, stale))
