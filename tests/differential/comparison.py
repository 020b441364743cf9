"""Judges two outcomes of one case: what differs, field by field, once what may differ is made the same.

A value that both brokers chose for themselves and that the case captured (a topic id, a member id, a producer id)
becomes a symbol wherever it occurs, so that it still has to occur in the same places. A masked field keeps its
kind: null, negative, zero or positive, empty or not. Nothing else is forgiven here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from ottla.types import ZERO_UUID, uuid_to_text
from tests.differential.answers import SILENT
from tests.differential.case_files import Case
from tests.differential.conversation import Answer, Outcome

FOLDER = Path(__file__).parent
ABSENT = "(absent)"
# Enough to see what they have in common.
MOST_SHOWN_ALIKE = 6
MOST_SHOWN_OF_A_CASE = 8


@dataclass(frozen=True, slots=True)
class Difference:
    """One field on which the brokers disagree."""

    case: str
    step: str
    path: str
    kafka: Any
    ottla: Any

    def __str__(self) -> str:
        return (
            f"{self.case}\n    step {self.step}, {self.path}\n"
            f"        Kafka: {_shown(self.kafka)}\n        Ottla: {_shown(self.ottla)}"
        )


@dataclass(slots=True)
class Explanation:
    """A difference that is known, where it occurs, and why it is there."""

    case: str
    reason: str
    step: str = "*"
    path: str = "*"
    occurrences: int = 0

    def covers(self, difference: Difference) -> bool:
        """Tell whether this explains the difference."""
        pairs = (
            (self.case, difference.case),
            (self.step, difference.step),
            (self.path, difference.path),
        )
        return all(matches(value, pattern) for pattern, value in pairs)


@dataclass(frozen=True, slots=True)
class Rules:
    """What may differ in any case: fields by API and pattern, and arrays whose order says nothing."""

    masks: Mapping[str, list[str]] = field(default_factory=dict)
    unordered: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    keyed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Arrays that are compared by the key of their elements, so that one more or less is one difference."""


def load_rules(path: Path = FOLDER / "rules.yaml") -> Rules:
    """Read the rules that hold for all cases."""
    return Rules(**yaml.safe_load(path.read_text(encoding="utf-8")))


def load_explanations(path: Path = FOLDER / "explained.yaml") -> list[Explanation]:
    """Read the list of explained differences."""
    return [Explanation(**item) for item in yaml.safe_load(path.read_text(encoding="utf-8")) or []]


def report(found: Sequence[Difference]) -> str:
    """Return differences as text; one that occurs in many versions or sweeps of a case is shown once."""
    groups: dict[tuple[str, ...], list[Difference]] = {}
    for item in found:
        case = item.case.partition("[")[0]
        step = item.step.partition(" v")[0]
        groups.setdefault((case, step, item.path, _shown(item.kafka), _shown(item.ottla)), []).append(item)
    lines = []
    counts: dict[str, int] = {}
    for (case, *_), alike in groups.items():
        counts[case] = counts.get(case, 0) + 1
        if counts[case] > MOST_SHOWN_OF_A_CASE:
            continue
        others = [f"{item.case[len(item.case.partition('[')[0]) :]} {item.step}" for item in alike[1:]]
        more = f"\n        and {len(others)} more: {'; '.join(others[:MOST_SHOWN_ALIKE])}" if others else ""
        lines.append(f"{alike[0]}{more}")
    hidden = {case: count - MOST_SHOWN_OF_A_CASE for case, count in counts.items()}
    lines += [f"{case}: {count} more that are not shown" for case, count in hidden.items() if count > 0]
    return "\n".join(lines)


def matches(value: str, pattern: str) -> bool:
    """Tell whether a pattern with `*` fits; brackets mean themselves, since case names have them."""
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def compare(
    case: Case, kafka: Outcome, ottla: Outcome, rules: Rules, own: tuple[str, ...]
) -> list[Difference]:
    """Return the fields on which two outcomes of a case differ; `own` are the names that belong to the case."""
    judged_kafka = judged(kafka, rules, own)
    judged_ottla = judged(ottla, rules, own)
    found = [
        Difference(case.identifier, label, path, left, right)
        for (label, left_answer), (other_label, right_answer) in zip(judged_kafka, judged_ottla, strict=False)
        if label == other_label
        for path, left, right in differences(left_answer, right_answer)
    ]
    if kafka.failure != ottla.failure and not found:
        found.append(Difference(case.identifier, "end", "failure", kafka.failure, ottla.failure))
    elif len(judged_kafka) != len(judged_ottla) and not found:
        found.append(Difference(case.identifier, "end", "steps", len(judged_kafka), len(judged_ottla)))
    return found


def broken(kafka: Outcome) -> str | None:
    """Return why a case asks nothing worth comparing: Kafka itself could not finish it, or stayed silent."""
    if kafka.failure is not None:
        return f"Apache Kafka does not finish this case: {kafka.failure}"
    silent = [answer.label for answer in kafka.answers if answer.plain == SILENT]
    return (
        f"Apache Kafka stays silent at {silent[0]}; say `read: false` where that is meant" if silent else None
    )


def judged(outcome: Outcome, rules: Rules, own: tuple[str, ...]) -> list[tuple[str, Any]]:
    """Return the answers of an outcome with symbols, filters, order and masks applied."""
    symbols = _Symbols(outcome.captured)
    return [(answer.label, _prepare(answer, symbols, rules, own)) for answer in outcome.answers]


def differences(kafka: Any, ottla: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield path and both values of each leaf that differs."""
    if isinstance(kafka, Mapping) and isinstance(ottla, Mapping):
        for name in [*kafka, *(name for name in ottla if name not in kafka)]:
            below = f"{path}.{name}" if path else name
            yield from differences(kafka.get(name, ABSENT), ottla.get(name, ABSENT), below)
    elif isinstance(kafka, list) and isinstance(ottla, list):
        for index in range(max(len(kafka), len(ottla))):
            below = f"{path}.{index}" if path else str(index)
            left = kafka[index] if index < len(kafka) else ABSENT
            right = ottla[index] if index < len(ottla) else ABSENT
            yield from differences(left, right, below)
    elif kafka != ottla or type(kafka) is not type(ottla):
        yield path or "answer", kafka, ottla


class _Symbols:
    """What the captured values of one outcome are called."""

    def __init__(self, captured: list[tuple[str, str, Any]]) -> None:
        self._texts: dict[str, str] = {}
        self._numbers: dict[tuple[str, int], str] = {}
        counts: dict[str, int] = {}
        for name, leaf, value in captured:
            counts[name] = counts.get(name, 0) + 1
            symbol = f"<{name}>" if counts[name] == 1 else f"<{name}#{counts[name]}>"
            if isinstance(value, bytes) and value != ZERO_UUID:
                self._texts.setdefault(uuid_to_text(value), symbol)  # type: ignore[arg-type]
            elif isinstance(value, str) and value:
                self._texts.setdefault(value, symbol)
            elif isinstance(value, int) and not isinstance(value, bool) and value >= 0:
                self._numbers.setdefault((leaf, value), symbol)

    def replace(self, value: Any, leaf: str = "") -> Any:
        """Return a value in which every captured one is a symbol, and identifiers are text."""
        if isinstance(value, Mapping):
            return {name: self.replace(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self.replace(item, leaf) for item in value]
        if isinstance(value, bytes):
            value = uuid_to_text(value)  # type: ignore[arg-type]
        if isinstance(value, str):
            for text, symbol in self._texts.items():
                value = value.replace(text, symbol)
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return self._numbers.get((leaf, value), value)
        return value


def _prepare(answer: Answer, symbols: _Symbols, rules: Rules, own: tuple[str, ...]) -> Any:
    plain = symbols.replace(answer.plain)
    api, step = answer.api, answer.step
    for path, key in step.content.get("keep", {}).items():
        _edit_lists(plain, path.split("."), lambda items, key=key: _own_items(items, key, own))
    unordered = {**rules.unordered.get(api, {}), **step.content.get("unordered", {})}
    for path, key in unordered.items():
        _edit_lists(
            plain, path.split("."), lambda items, key=key: sorted(items, key=lambda i: _order(i, key))
        )
    for path, key in rules.keyed.get(api, {}).items():
        _edit_lists(plain, path.split("."), lambda items, key=key: {str(item[key]): item for item in items})
    patterns = [*rules.masks.get("*", []), *rules.masks.get(api, []), *step.content.get("mask", [])]
    return masked(plain, patterns)


def _own_items(items: list[Any], key: str, own: tuple[str, ...]) -> list[Any]:
    return [item for item in items if (item.get(key) if key else item) in own]


def _order(item: Any, key: str) -> str:
    return json.dumps([item.get(key), item] if key else item, default=str)


def _edit_lists(value: Any, path: list[str], edit: Any) -> None:
    """Replace the lists at a dotted path, in which `*` stands for every element."""
    if not isinstance(value, Mapping | list):
        return
    first, rest = path[0], path[1:]
    if first == "*" and isinstance(value, list):
        for item in value:
            _edit_lists(item, rest, edit)
    elif isinstance(value, dict) and first in value:
        if rest:
            _edit_lists(value[first], rest, edit)
        elif isinstance(value[first], list):
            value[first] = edit(value[first])


def masked(value: Any, patterns: list[str], path: str = "") -> Any:
    """Return a value in which each field that a pattern fits is only its kind, such as null or positive."""
    if path and any(fnmatchcase(path, pattern) for pattern in patterns):
        return _kind(value)
    if isinstance(value, Mapping):
        return {
            name: masked(item, patterns, f"{path}.{name}" if path else name) for name, item in value.items()
        }
    if isinstance(value, list):
        return [masked(item, patterns, f"{path}.{i}" if path else str(i)) for i, item in enumerate(value)]
    return value


def _kind(value: Any) -> str:
    if value is None:
        return "<null>"
    if isinstance(value, bool):
        return "<bool>"
    if isinstance(value, int | float):
        return "<negative>" if value < 0 else "<positive>" if value else "<zero>"
    return f"<{type(value).__name__}>" if value else f"<empty {type(value).__name__}>"


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 600 else f"{text[:600]}... ({len(text)} characters)"
