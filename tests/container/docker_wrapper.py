"""Apache's own `kafka.docker.KafkaDockerWrapper`, in one JVM for as many environments as there are."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.peers.distribution import compile_java, kafka_classpath

SOURCE = Path(__file__).parent / "java" / "DockerWrapperServer.java"
END_TIMEOUT_S = 30


class DockerWrapper:
    """The JVM; a context manager."""

    def __init__(self) -> None:
        classes = compile_java([SOURCE])
        command = ["java", "-Xmx128M", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        self._process = subprocess.Popen(
            [*command, "-cp", kafka_classpath(classes), "DockerWrapperServer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(END_TIMEOUT_S)
        self._process.stdout.close()

    def prepare(self, defaults: Path, mounted: Path, made: Path, environment: Mapping[str, str]) -> bytes:
        """Return the `server.properties` that an environment makes in `made`."""
        request = b"".join(map(_packed, (str(defaults), str(mounted), str(made))))
        request += struct.pack(">i", len(environment))
        for name, value in environment.items():
            request += _packed(name) + _packed(value)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(request)
        self._process.stdin.flush()
        outcome = self._process.stdout.read(1)
        if outcome != b"\0":
            (size,) = struct.unpack(">i", self._process.stdout.read(4))
            raise AssertionError(self._process.stdout.read(size).decode())
        return (made / "server.properties").read_bytes()


def _packed(text: str) -> bytes:
    content = text.encode()
    return struct.pack(">i", len(content)) + content
