"""`kafka-run-class.sh CLASS ...`: runs the tool that a Java class is, by the name that it has or had in any version.

`-daemon` lets it go on after the command has ended, with its words in a file; options of a JVM are passed over.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ottla.cli.frame import run_tool
from ottla.cli.launching import ottla_command
from ottla.cli.tools import tool_of_class

_JVM_OPTIONS = ("-D", "-X")


def main(arguments: Sequence[str]) -> int:
    """Run the class that was named and return its exit code."""
    if not arguments:
        print(
            f"USAGE: {script_path('kafka-run-class')} [-daemon] [-name servicename] [-loggc] classname [opts]"
        )
        return 1
    words = list(arguments)
    name = ""
    is_daemon = False
    while words and words[0].startswith("-"):
        flag = words.pop(0)
        if flag == "-name" and words:
            name = words.pop(0)
        elif flag == "-daemon":
            is_daemon = True
        elif flag != "-loggc" and not flag.startswith(_JVM_OPTIONS):
            print(f"Unrecognized option: {flag}", file=sys.stderr)
            return 1
    if not words:
        return main(())
    if is_daemon:
        return start_daemon(name or words[0], ottla_command(["run-class", *words]))
    tool = tool_of_class(words[0])
    if tool is None:
        print(
            f"Error: Could not find or load main class {words[0]}\n"
            f"Caused by: java.lang.ClassNotFoundException: {words[0]}",
            file=sys.stderr,
        )
        return 1
    return run_tool(tool, words[1:])


def script_path(script: str) -> str:
    """Return what a script's own usage line calls it: the path by which it was called, or its name."""
    called = sys.argv[0]
    return called if called.rpartition("/")[2].removesuffix(".sh") == script else f"{script}.sh"


def start_daemon(name: str, command: Sequence[str]) -> int:
    """Start a process that outlives this one, with its output in `NAME.out`; return the exit code.

    The file is in LOG_DIR of the environment, or in `logs` beside the folder of the script that was called.
    """
    folder = os.environ.get("LOG_DIR") or str(Path(sys.argv[0]).absolute().parent.parent / "logs")
    path = Path(folder) / f"{name}.out"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own program
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        print(f"cannot write {path}: {error.strerror}", file=sys.stderr)
        return 1
    # Nobody here waits for its end; without a code Python would warn of a child that was forgotten.
    process.returncode = 0
    return 0
