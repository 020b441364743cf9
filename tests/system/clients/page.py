"""The text of docs/clients.md: what is tried with which client, read from the table and the tests themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

from ottla.protocol.api import APIS, ApiKey
from tests.support import raw_wire
from tests.system.clients.pins import pinned_version
from tests.system.clients.table import BEHAVIOURS, CLIENTS, NEEDED_APIS, PLAIN, TEST_MODULES, Client

SYSTEM = Path(__file__).parents[1]


def clients_page() -> str:
    """Return docs/clients.md."""
    return "\n".join(
        [
            "# Clients",
            "",
            "Generated from the tests in `tests/system`; run `python docs/generate.py`. Each client runs in the",
            "version given here, by its own ways, against Ottla on every run of the tests, and against Apache Kafka",
            "4.1.1 with `--broker=kafka`: what it must find is the same.",
            "",
            "| client | language | version |",
            "|--|--|--|",
            *(f"| {client.name} | {client.language} | {pinned_version(client.name)} |" for client in CLIENTS),
            *(
                f"| {name} | {language} | {pinned_version(name)} |"
                for name, (language, _) in TEST_MODULES.items()
            ),
            "",
            "## What each client shows",
            "",
            *_matrix(),
            "",
            "The rows in words:",
            "",
            *(f"- {name}: {words}." for name, words in _served_behaviours().items()),
            "",
            "What is missing from a column, and why:",
            "",
            *_gaps(),
            *_modules(),
            "",
        ]
    )


def _matrix() -> Iterator[str]:
    names = " | ".join(client.name for client in CLIENTS)
    yield f"| behaviour | {names} |"
    yield "|--" * (len(CLIENTS) + 1) + "|"
    for behaviour in _served_behaviours():
        yield f"| {behaviour} | {' | '.join(_cell(client, behaviour) for client in CLIENTS)} |"


def _served_behaviours() -> dict[str, str]:
    return {
        name: words
        for name, words in BEHAVIOURS.items()
        if name not in NEEDED_APIS or APIS[NEEDED_APIS[name]].served
    }


def _cell(client: Client, behaviour: str) -> str:
    variants = client.behaviours.get(behaviour, ())
    return "yes" if variants == PLAIN else ", ".join(variants)


def _gaps() -> Iterator[str]:
    for client in CLIENTS:
        yield from (f"- {client.name}, {what}: {why}." for what, why in client.omitted.items())
        for place, why in client.unspoken.items():
            behaviour, fact = place.split(".")
            yield f"- {client.name}, {behaviour} ({fact.replace('_', ' ')}): {why}."


def _modules() -> Iterator[str]:
    for name, (_, module) in TEST_MODULES.items():
        yield ""
        yield f"## {name}"
        yield ""
        yield f"From `tests/system/{module}`:"
        yield ""
        yield from (f"- {words}" for words in _sentences(SYSTEM / module))


def _sentences(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and _is_served(node):
            yield node.name.removeprefix("test_").replace("_", " ")


def _is_served(test: ast.FunctionDef) -> bool:
    """Tell whether the broker serves what a test calls `require_api` for."""
    for node in ast.walk(test):
        match node:
            case ast.Call(func=ast.Name(id="require_api"), args=[ast.Attribute(attr=api)]):
                if not APIS[ApiKey(getattr(raw_wire, api))].served:
                    return False
    return True
