"""Where Apache Kafka's own jars come from: fetched once with Maven, kept in a cache beside this file.

Several processes may ask at once: one fetches under a file lock, the others wait for it, and a cache
directory appears under its final name only when it is complete. Its name carries a hash of what it was made
from, so a changed `pom.xml` or Java source never meets an old cache.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

PEERS = Path(__file__).parent
CACHE = PEERS / ".cache"
POM = PEERS / "pom.xml"

# A cold fetch of 56 MB takes seconds on a good line; ten minutes is a line that is not worth waiting for.
FETCH_TIMEOUT_S = 600
COMPILE_TIMEOUT_S = 120


class PeerUnavailableError(Exception):
    """A program that the comparison needs is missing, or the jars cannot be fetched; the text says which."""


def kafka_libs() -> Path:
    """Return the directory with Apache Kafka 4.1.1's jars, fetching them first where they are not cached.

    Raises PeerUnavailableError where Maven is missing or cannot fetch.
    """
    return _cached("libs", POM.read_bytes(), _fetch_jars)


def kafka_classpath(*more: Path) -> str:
    """Return the value for Java's `-cp`: `more` directories first, then every jar of Apache Kafka."""
    return os.pathsep.join([*map(str, more), str(kafka_libs() / "*")])


def compile_java(sources: Sequence[Path]) -> Path:
    """Return a directory with the classes of `sources`, compiled against Apache Kafka's jars.

    Raises PeerUnavailableError where no compiler is installed, and RuntimeError with the compiler's words
    where it refuses the sources.
    """
    libs = kafka_libs()
    content = libs.name.encode() + b"".join(path.name.encode() + path.read_bytes() for path in sources)

    def build(target: Path) -> None:
        command = [_program("javac"), "-Xlint:all,-processing,-classfile", "-Werror", "--release", "17"]
        command += ["-proc:none", "-cp", str(libs / "*"), "-d", str(target), *map(str, sources)]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMPILE_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"javac failed:\n{done.stdout}{done.stderr}")

    return _cached("classes", content, build)


def require_java() -> Path:
    """Return `kafka_libs()`, or skip the running test and say why; under CI=true that is a failure."""
    try:
        _program("java")
        _program("javac")
        return kafka_libs()
    except PeerUnavailableError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI=true wants the real Apache Kafka: {missing}", pytrace=False)
        pytest.skip(f"no real Apache Kafka here: {missing}")


def _fetch_jars(target: Path) -> None:
    command = [_program("mvn"), "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
    command += [f"-DoutputDirectory={target}", "-DincludeScope=runtime"]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=FETCH_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        words = (done.stdout + done.stderr).strip().splitlines()
        raise PeerUnavailableError(f"Maven cannot fetch Apache Kafka: {words[0] if words else 'no message'}")


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise PeerUnavailableError(f"`{name}` is not installed")
    return path


def _cached(kind: str, content: bytes, build: Callable[[Path], None]) -> Path:
    ready = CACHE / f"{kind}-{hashlib.sha256(content).hexdigest()[:12]}"
    if ready.is_dir():
        return ready
    CACHE.mkdir(exist_ok=True)
    with _exclusive(CACHE / f"{kind}.lock"):
        if not ready.is_dir():
            unfinished = Path(tempfile.mkdtemp(prefix=f"{kind}-unfinished-", dir=CACHE))
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
