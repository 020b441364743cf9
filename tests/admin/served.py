"""What Ottla serves, as the table of APIs says: what is not served is left out with both brokers, and listed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from ottla.protocol.api import APIS

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Needs:
    """The APIs behind each method of Admin, and behind parts of its scenario that need more than their methods."""

    methods: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, tuple[str, ...]]

    def left_out(self) -> dict[str, list[str]]:
        """Return the methods and parts that Ottla cannot answer yet, each with the APIs that it waits for."""
        lacking = {name: missing(apis) for name, apis in {**self.methods, **self.parts}.items()}
        return {name: apis for name, apis in lacking.items() if apis}


def load_needs(path: Path = FOLDER / "methods.yaml") -> Needs:
    """Read the table of needs."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Needs(*({name: tuple(apis) for name, apis in table[key].items()} for key in ("needs", "parts")))


def missing(apis: Iterable[str]) -> list[str]:
    """Return those of `apis`, by Kafka's names, that Ottla does not serve; raises KeyError for an unknown one."""
    served = {api.name: api.served for api in APIS.values()}
    return [api for api in apis if not served[api]]
