"""What tests fetch or build once and keep: made under a lock, named by what it was made from.

Several processes may ask at once: one makes it, the others wait for it, and a folder appears under its final name
only when it is complete. The name carries a hash of its sources, so changed sources never meet an old build.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

# A cold fetch takes seconds on a good line; ten minutes is a line that is not worth waiting for.
FETCH_TIMEOUT_S = 600


class PeerUnavailableError(Exception):
    """A program that the tests need is missing, or what it needs cannot be fetched; the text says which."""


def installed(name: str) -> str:
    """Return the path of a program; raises PeerUnavailableError where it is not installed."""
    path = shutil.which(name)
    if path is None:
        raise PeerUnavailableError(f"`{name}` is not installed")
    return path


def fetch(command: Sequence[str], *, where: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run a command that needs a registry; raises PeerUnavailableError with its first words when it fails."""
    done = subprocess.run(
        list(command),
        cwd=where,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=FETCH_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        words = (done.stdout + done.stderr).strip().splitlines()
        raise PeerUnavailableError(f"`{command[0]}` cannot fetch: {words[0] if words else 'no message'}")


def skip_or_fail(what: str, missing: PeerUnavailableError) -> NoReturn:
    """Skip the running test and say why; under CI=true that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI=true wants {what}: {missing}", pytrace=False)
    pytest.skip(f"no {what} here: {missing}")


def cached(folder: Path, kind: str, content: bytes, build: Callable[[Path], None]) -> Path:
    """Return the folder that `build` makes of `content`, building it where it is not there yet."""
    ready = folder / f"{kind}-{hashlib.sha256(content).hexdigest()[:12]}"
    if ready.is_dir():
        return ready
    folder.mkdir(exist_ok=True)
    with _exclusive(folder / f"{kind}.lock"):
        if not ready.is_dir():
            unfinished = Path(tempfile.mkdtemp(prefix=f"{kind}-unfinished-", dir=folder))
            try:
                build(unfinished)
                unfinished.rename(ready)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    return ready


@contextlib.contextmanager
def _exclusive(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
