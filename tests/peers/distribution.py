"""Where Apache Kafka's own jars come from: fetched once with Maven, kept in a cache beside this file."""

import os
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.support.cached import PeerUnavailableError, cached, fetch, installed, skip_or_fail

PEERS = Path(__file__).parent
CACHE = PEERS / ".cache"
POM = PEERS / "pom.xml"

COMPILE_TIMEOUT_S = 120

RELEASE = "4.1.1"
"""The Apache Kafka that Ottla is compared with."""

EARLIER_RELEASE = "4.0.2"
"""The newest of the releases before, which wrote data directories that Ottla takes over."""


def kafka_libs(release: str = RELEASE) -> Path:
    """Return the directory with the jars of a release of Apache Kafka, fetching them first where they are not cached.

    Raises PeerUnavailableError where Maven is missing or cannot fetch.
    """
    content = POM.read_bytes() + (b"" if release == RELEASE else release.encode())
    return cached(CACHE, "libs", content, partial(_fetch_jars, release))


def kafka_classpath(*more: Path, release: str = RELEASE) -> str:
    """Return the value for Java's `-cp`: `more` directories first, then every jar of a release of Apache Kafka."""
    return os.pathsep.join([*map(str, more), str(kafka_libs(release) / "*")])


def compile_java(sources: Sequence[Path]) -> Path:
    """Return a directory with the classes of `sources`, compiled against Apache Kafka's jars.

    Raises PeerUnavailableError where no compiler is installed, and RuntimeError with the compiler's words
    where it refuses the sources.
    """
    libs = kafka_libs()
    content = libs.name.encode() + b"".join(path.name.encode() + path.read_bytes() for path in sources)

    def build(target: Path) -> None:
        command = [installed("javac"), "-Xlint:all,-processing,-classfile", "-Werror", "--release", "17"]
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

    return cached(CACHE, "classes", content, build)


def require_java(release: str = RELEASE) -> Path:
    """Return `kafka_libs(release)`, or skip the running test and say why; under CI=true that is a failure."""
    try:
        installed("java")
        installed("javac")
        return kafka_libs(release)
    except PeerUnavailableError as missing:
        skip_or_fail("real Apache Kafka", missing)


def _fetch_jars(release: str, target: Path) -> None:
    command = [installed("mvn"), "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
    command += [f"-Dkafka.version={release}", f"-DoutputDirectory={target}", "-DincludeScope=runtime"]
    fetch(command, where=PEERS)
