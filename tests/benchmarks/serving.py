"""A benchmark's own broker: its module again, with `--serve`, in a process that it tells what to do in lines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from tests.support.broker_process import ottla_environment


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[tuple[IO[str], IO[str]]]:
    """Give the standard input and output of `python -m MODULE ARGUMENT …`; at the end of the block it ends as well."""
    environment = ottla_environment()
    environment["PYTHONPATH"] += ":."
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as served:
        assert served.stdin is not None
        assert served.stdout is not None
        try:
            yield served.stdin, served.stdout
        finally:
            served.stdin.close()
            served.wait()
