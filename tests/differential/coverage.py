"""Coverage of a run: which errors, and which texts beside them, Apache Kafka really answered with, API by API.

`coverage.yaml` is the table of what has to be reached. It is complete in both directions: what a run of all cases
reached stands in it, and what stands in it was reached. An error that one node cannot be brought to is listed with
the reason, and one that is reached after all is a mistake there too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ottla.errors import ErrorCode
from ottla.protocol.api import APIS
from tests.differential.comparison import FOLDER, matches
from tests.differential.conversation import Outcome

CODE_FIELD = "error_code"
TEXT_FIELD = "error_message"


@dataclass(slots=True)
class Reached:
    """What came back: names of errors and texts, each by Kafka's name of the API."""

    errors: dict[str, set[str]] = field(default_factory=dict)
    texts: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiCoverage:
    """What has to be reached of one API."""

    errors: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    """Texts beside errors; `*` stands for what differs from case to case."""
    unreachable: Mapping[str, str] = field(default_factory=dict)
    """Errors that the API can answer with, but not one node, with the reason."""


def reached_by(outcomes: Iterable[Outcome]) -> Reached:
    """Collect the errors and texts of all answers."""
    reached = Reached()
    for outcome in outcomes:
        for answer in outcome.answers:
            if not answer.api:
                continue
            for name, value in _leaves(answer.plain):
                if name.endswith(CODE_FIELD):
                    reached.errors.setdefault(answer.api, set()).add(ErrorCode(value).name)
                elif name.endswith(TEXT_FIELD) and value:
                    reached.texts.setdefault(answer.api, set()).add(value)
    return reached


def load_coverage(path: Path = FOLDER / "coverage.yaml") -> dict[str, ApiCoverage]:
    """Read the table of what has to be reached, by API."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        api: ApiCoverage(**{word: value or () for word, value in row.items()}) for api, row in table.items()
    }


def gaps(table: Mapping[str, ApiCoverage], reached: Reached) -> list[str]:
    """Return what is wrong with the table or with the run, one sentence each."""
    served = {api.name for api in APIS.values() if api.served}
    found = [f"{api}: served, but not in the table" for api in sorted(served - set(table))]
    found += [f"{api}: in the table, but not served" for api in sorted(set(table) - served)]
    for api, row in table.items():
        found += [f"{api}: {problem}" for problem in _gaps_of(row, reached, api)]
    return found


def _gaps_of(row: ApiCoverage, reached: Reached, api: str) -> Iterator[str]:
    errors, texts = reached.errors.get(api, set()), reached.texts.get(api, set())
    for name in row.errors:
        if name not in errors:
            yield f"{name} was not reached"
    for name in sorted(errors.difference(row.errors)):
        word = (
            "was reached, and is listed as unreachable" if name in row.unreachable else "is not in the table"
        )
        yield f"{name} {word}"
    for pattern in row.texts:
        if not any(matches(text, pattern) for text in texts):
            yield f"the text {pattern!r} was not reached"
    for text in sorted(texts):
        if not any(matches(text, pattern) for pattern in row.texts):
            yield f"the text {text!r} is not in the table"
    unknown = {*row.errors, *row.unreachable}.difference(code.name for code in ErrorCode)
    yield from (f"there is no error {name}" for name in sorted(unknown))


def totals(table: Mapping[str, ApiCoverage], reached: Reached) -> str:
    """Return how much was reached, in one line."""
    pairs = [(api, name) for api, row in table.items() for name in row.errors]
    met = sum(name in reached.errors.get(api, ()) for api, name in pairs)
    texts = sum(len(row.texts) for row in table.values())
    unreachable = sum(len(row.unreachable) for row in table.values())
    return (
        f"{met} of {len(pairs)} pairs of API and error reached, {unreachable} cannot be reached on one node,"
        f" {texts} texts"
    )


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, name)
    else:
        yield name, value
