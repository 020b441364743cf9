"""The init scripts of `bitnami/kafka`: what is mounted for the first start of a volume (container facts B.7).

They run before the broker, once for a volume; a marker on it remembers that they did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ottla.container.bitnami_environment import VOLUME_DIRECTORY
from ottla.container.bitnami_log import BitnamiLog
from ottla.container.container_files import ContainerFiles

SCRIPTS_DIRECTORY = "/docker-entrypoint-initdb.d"
MARKER = f"{VOLUME_DIRECTORY}/.user_scripts_initialized"


@dataclass(frozen=True, slots=True)
class ScriptRunner:
    """How a script is run; both return its exit code."""

    execute: Callable[[str], int]
    source: Callable[[str], int]
    """For a script that nobody made executable: a shell reads it."""
    is_executable: Callable[[str], bool]


def run_init_scripts(files: ContainerFiles, log: BitnamiLog, runner: ScriptRunner) -> None:
    """Run the scripts of a new volume. Raises RefusedError where one of them fails."""
    names = files.names(SCRIPTS_DIRECTORY)
    if files.exists(MARKER) or not any(name.endswith(".sh") for name in names):
        return
    log.info(f"Loading user's custom files from {SCRIPTS_DIRECTORY}")
    for name in names:
        path = f"{SCRIPTS_DIRECTORY}/{name}"
        log.debug(f"Executing {path}")
        if not name.endswith(".sh"):
            log.warning(f"Skipping {path}, supported formats are: .sh")
        elif runner.is_executable(path):
            if runner.execute(path) != 0:
                raise log.refuse(f"Failed executing {path}")
        else:
            log.warning(
                f"Sourcing {path} as it is not executable by the current user, any error may cause "
                "initialization to fail"
            )
            if runner.source(path) != 0:
                raise log.refuse(f"Failed executing {path}")
    files.write(MARKER, "")
