"""`ottla install-scripts DIR`: writes a launcher for every script of Kafka, as Kafka's images have them.

With `.sh` behind their names, as in Kafka's own `bin/`; or plain, as Confluent has them, together with its `cub` and
`ub`. What is not there yet has a launcher too, which says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ottla.cli.common import CommandError
from ottla.cli.launching import launcher_text
from ottla.cli.own_arguments import OwnParser
from ottla.cli.tools import CONFLUENT_SCRIPTS, TOOLS

_EXECUTABLE = 0o755


def main(arguments: Sequence[str]) -> int:
    """Write the launchers and return the exit code. Raises CommandError where a file cannot be written."""
    parser = OwnParser("ottla install-scripts", "Write a launcher for every script of Kafka.")
    parser.add_argument("directory", metavar="DIR", help="where the files go; made where it is not there")
    parser.add_argument(
        "--without-suffix", action="store_true", help="names without .sh, and Confluent's cub and ub too"
    )
    options = parser.parse_args(arguments)
    directory = Path(options.directory)
    names = script_names(has_suffix=not options.without_suffix)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for script, file_name in names.items():
            path = directory / file_name
            path.write_text(launcher_text(script), encoding="utf-8")
            path.chmod(_EXECUTABLE)
    except OSError as error:
        raise CommandError(f"cannot write {error.filename}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(str(error)) from error
    print(f"{len(names)} scripts in {directory}")
    return 0


def script_names(*, has_suffix: bool) -> dict[str, str]:
    """Return the names of files by the scripts that they start."""
    scripts = [tool.script for tool in TOOLS if tool.script]
    if has_suffix:
        return {script: f"{script}.sh" for script in scripts if script not in CONFLUENT_SCRIPTS}
    return {script: script for script in scripts}
