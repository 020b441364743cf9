"""Cases as they stand in their files: YAML read, versions swept, and every word that means nothing refused.

A case that says `each` becomes one case per combination of its values, and a step that says `version: all`
one step per version, so that what is run is always a plain list of steps. The format: `cases/README.md`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ottla.protocol.api import APIS, Api

CASES = Path(__file__).parent / "cases"
MAIN_CONNECTION = "main"

APIS_BY_NAME: dict[str, Api] = {api.name: api for api in APIS.values()}

_CASE_WORDS = {
    "case", "about", "each", "topics", "names", "controller", "client_ids", "alone", "new_brokers",
    "before_restart", "steps",
}  # fmt: skip
_STEP_WORDS = {
    "ask", "version", "on", "request", "send", "frame", "read", "pipeline", "capture", "mask", "keep",
    "unordered", "until", "wait", "await", "close",
}  # fmt: skip
_ACTIONS = ("ask", "send", "frame", "pipeline", "await", "close")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML in which `on` is a word: only `true` and `false` are truth values, as in YAML 1.2."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))


class CaseError(Exception):
    """A case file that says something that means nothing; the text names the case and the word."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done on a connection; `action` names it and `content` is its description."""

    action: str
    label: str
    content: Mapping[str, Any]

    @property
    def connection(self) -> str:
        """The connection that it happens on."""
        if self.action in {"await", "close"}:
            return str(self.content[self.action])
        return str(self.content.get("on", MAIN_CONNECTION))


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation, in which `each` has been expanded."""

    identifier: str
    """`folder/file:case`, with the values of `each` in brackets."""
    topics: Mapping[str, Any]
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    controller: tuple[str, ...]
    """The connections that go to the controller listener."""
    client_ids: Mapping[str, str | None]
    alone: bool
    """Whether it must not run beside other cases, because it changes what they see."""
    steps: tuple[Step, ...] = field(repr=False)
    new_brokers: bool = False
    """Whether it asks brokers that have no internal topic yet."""
    before_restart: tuple[Step, ...] = field(default=(), repr=False)
    """What is done before both brokers are stopped and started again."""


def load_cases(folder: Path = CASES) -> list[Case]:
    """Return all cases of a folder in the order of their files; raises CaseError."""
    cases = [case for path in sorted(folder.rglob("*.yaml")) for case in _read_file(folder, path)]
    seen: set[str] = set()
    for case in cases:
        if case.identifier in seen:
            raise CaseError(f"{case.identifier} stands there twice")
        seen.add(case.identifier)
    return cases


def parse_versions(api: Api, text: object) -> list[int]:
    """Return the versions that `all`, `3`, `2-5`, `2+` or a list of them name; raises CaseError."""
    if isinstance(text, int):
        return [text]
    if isinstance(text, list):
        return [version for part in text for version in parse_versions(api, part)]
    words = str(text)
    lowest, highest = api.min_version, api.max_version
    try:
        if words == "all":
            pass
        elif words.endswith("+"):
            lowest = int(words[:-1])
        else:
            low, _, high = words.partition("-")
            lowest, highest = int(low), int(high)
    except ValueError:
        raise CaseError(f"{words!r} names no versions of {api.name}") from None
    return list(range(lowest, highest + 1))


def api_named(name: str) -> Api:
    """Return an API by Kafka's name; raises CaseError."""
    try:
        return APIS_BY_NAME[name]
    except KeyError:
        raise CaseError(f"there is no API {name!r}") from None


def _read_file(folder: Path, path: Path) -> Iterator[Case]:
    place = path.relative_to(folder).with_suffix("").as_posix()
    content = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    if not isinstance(content, list):
        raise CaseError(f"{place} is not a list of cases")
    for item in content:
        identifier = f"{place}:{item.get('case')}"
        try:
            yield from read_case(identifier, item)
        except (CaseError, KeyError, TypeError) as error:
            raise CaseError(f"{identifier}: {error!r}") from error


def read_case(identifier: str, item: Mapping[str, Any]) -> Iterator[Case]:
    """Give the cases that one description stands for; raises CaseError."""
    _check_words(item, _CASE_WORDS)
    each = {name: _values(values) for name, values in item.get("each", {}).items()}
    for combination in itertools.product(*each.values()):
        constants = {name: value for name, (_, value) in zip(each, combination, strict=True)}
        suffix = ",".join(f"{name}={word}" for name, (word, _) in zip(each, combination, strict=True))
        yield Case(
            identifier=f"{identifier}[{suffix}]" if suffix else identifier,
            topics=item.get("topics", {}),
            names=tuple(item.get("names", ())),
            constants=constants,
            controller=tuple(item.get("controller", ())),
            client_ids=item.get("client_ids", {}),
            alone=item.get("alone", False),
            steps=tuple(_steps(item["steps"], constants)),
            new_brokers=item.get("new_brokers", False),
            before_restart=tuple(_steps(item.get("before_restart", []), constants, "before ")),
        )


def _values(values: object) -> list[tuple[str, Any]]:
    """Return words and values of one name under `each`: a list, or the versions of `API versions`."""
    if isinstance(values, list):
        return [pair for item in values for pair in _named_value(item)]
    name, _, versions = str(values).partition(" ")
    return [(str(version), version) for version in parse_versions(api_named(name), versions or "all")]


def _named_value(item: object) -> list[tuple[str, Any]]:
    """Return the word for a value: its key where it has one, else its text."""
    if isinstance(item, Mapping):
        return [(str(word), value) for word, value in item.items()]
    return [(str(item).replace(" ", ""), item)]


def _steps(items: list[Mapping[str, Any]], constants: Mapping[str, Any], prefix: str = "") -> Iterator[Step]:
    for index, item in enumerate(items, start=1):
        number = f"{prefix}{index}"
        _check_words(item, _STEP_WORDS)
        actions = [name for name in _ACTIONS if name in item]
        if len(actions) != 1:
            raise CaseError(f"step {number} says {actions or 'nothing to do'}; a step does one thing")
        action = actions[0]
        if action == "pipeline":
            inner = tuple(_steps(item["pipeline"], constants))
            yield Step(action, f"{number} pipeline", {**item, "pipeline": inner})
        elif action == "ask":
            yield from _ask_steps(number, item, constants)
        else:
            yield Step(action, f"{number} {action}", item)


def _ask_steps(number: str, item: Mapping[str, Any], constants: Mapping[str, Any]) -> Iterator[Step]:
    api = api_named(_constant(item["ask"], constants))
    version = _constant(item.get("version", api.max_version), constants)
    for each in parse_versions(api, version):
        content = {**item, "ask": api.name, "version": each}
        if "on" in item:
            content["on"] = _constant(item["on"], constants)
        yield Step("ask", f"{number} {api.name} v{each}", content)


def _constant(value: Any, constants: Mapping[str, Any]) -> Any:
    """Return the value of a `$name` that `each` gives: APIs and versions are known before anything is asked."""
    return constants[value[1:]] if isinstance(value, str) and value.startswith("$") else value


def _check_words(item: Mapping[str, Any], known: set[str]) -> None:
    unknown = set(item) - known
    if unknown:
        raise CaseError(f"unknown words: {', '.join(sorted(unknown))}")
