"""The tables of environments: what each image makes of its variables, as data in `environments/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import yaml

from ottla.config.sources import read_properties
from ottla.container import apache, bitnami, confluent
from ottla.container.bitnami_environment import complete_environment
from ottla.container.bitnami_log import bitnami_log
from ottla.container.configuration import Configuration
from ottla.container.console import Console
from ottla.container.container_files import ContainerFiles
from ottla.container.run_bitnami import printed_by

TABLES = Path(__file__).parent / "environments"
DEFAULT_FILE = (
    Path(__file__).parents[2] / "docker" / "rootfs" / "etc" / "kafka" / "docker" / "server.properties"
)
DIRECTORIES = ("/opt/kafka/config", "/etc/kafka/docker", "/etc/kafka/secrets", "/opt/bitnami/kafka/config")
NAMED_VALUE = "x"


@dataclass(frozen=True, slots=True)
class Row:
    """An environment with its files, and what comes of it: properties or refusals."""

    says: str
    environment: Mapping[str, str]
    files: Mapping[str, str]
    unwritable: str | None
    properties: Mapping[str, str] | None
    refused: tuple[str, ...]
    said: str | None
    arguments: tuple[str, ...] | None
    differs: str | None


@dataclass(frozen=True, slots=True)
class Translated:
    """What a dialect made of a row."""

    configuration: Configuration
    properties: Mapping[str, str]
    said: str


def rows(table: str) -> list[Row]:
    """Return the rows of a table, those of its names and ignored variables first."""
    content = yaml.safe_load((TABLES / f"{table}.yaml").read_text(encoding="utf-8"))
    bases = content["bases"]
    named = [
        {
            "says": f"{variable} is {option}",
            "base": "combined",
            "environment": {variable: NAMED_VALUE},
            "properties": {option: NAMED_VALUE},
        }
        for variable, option in content.get("names", {}).items()
    ]
    ignored = [
        {
            "says": f"{variable} is no option",
            "base": "combined",
            "environment": {variable: NAMED_VALUE},
            "properties": {},
        }
        for variable in content.get("ignored", [])
    ]
    found = [_row(each, bases) for each in (*named, *ignored, *content["rows"])]
    assert len({row.says for row in found}) == len(found), "two rows say the same"
    return found


def _row(given: Mapping[str, Any], bases: Mapping[str, Any]) -> Row:
    base = bases[given["base"]] if "base" in given else {"environment": {}, "properties": {}}
    properties = given.get("properties")
    if properties == "default":
        properties = _as_dict(DEFAULT_FILE.read_text(encoding="utf-8"))
    refused = given.get("refused", ())
    assert (properties is None) != (not refused), given["says"]
    return Row(
        says=given["says"],
        environment=_overlaid(base["environment"], given["environment"]),
        files=given.get("files", {}),
        unwritable=given.get("unwritable"),
        properties=None if properties is None else _overlaid(base["properties"], properties),
        refused=(refused,) if isinstance(refused, str) else tuple(refused),
        said=given.get("said"),
        arguments=tuple(given["arguments"]) if "arguments" in given else None,
        differs=given.get("differs"),
    )


def _overlaid(base: Mapping[str, str], more: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in {**base, **more}.items() if value is not None}


def _as_dict(text: str) -> dict[str, str]:
    settings = read_properties(text.encode("utf-8").decode("latin-1"), "configuration")
    return {name: setting.text for name, setting in settings.items()}


def lay_out(row: Row, root: Path) -> ContainerFiles:
    """Make the files of a row below a root, with what the image has of itself."""
    files = ContainerFiles(root)
    for directory in DIRECTORIES:
        files.place(directory).mkdir(parents=True)
    files.write(apache.DEFAULT_FILE, DEFAULT_FILE.read_text(encoding="utf-8"))
    for path, text in row.files.items():
        files.place(path).parent.mkdir(parents=True, exist_ok=True)
        files.write(path, text)
    if row.unwritable is not None:
        # A test that runs as root may write everywhere, but not into what is not there.
        files.place(row.unwritable).rename(files.place(f"{row.unwritable}-away"))
    return files


def translate(table: str, row: Row, files: ContainerFiles) -> Translated:
    """Have the dialect of a table make a configuration of a row. Raises RefusedError."""
    said = StringIO()
    console = Console(said, said)
    environment = dict(row.environment)
    if table == "bitnami":
        # A mounted secret is read by its path in the container.
        log = bitnami_log({"BITNAMI_COLOR": "no"}, console, lambda: "12:00:00.00")
        complete_environment(
            environment, files, log, lambda command: printed_by(command, {"PATH": "/usr/bin:/bin"}, log)
        )
        configuration = bitnami.configure(environment, files, log)
    elif table == "apache":
        apache.set_defaults(environment, console)
        configuration = apache.configure(environment, files, console)
    else:
        if table == "confluent_local":
            confluent.set_local_defaults(environment, console)
        configuration = confluent.configure(environment, files, console)
    return Translated(configuration, _as_dict(configuration.text), said.getvalue())
