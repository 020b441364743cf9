"""Apache Kafka's own message classes, asked through a pipe; `MessageCodec.java` beside this file is the other end."""

import json
import struct
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.peers.distribution import compile_java, kafka_classpath

SOURCE = Path(__file__).parent / "MessageCodec.java"
JVM_OPTIONS = ["-Xmx512M", "-XX:+UseSerialGC", "-Xshare:auto"]
# Two machines' worth of patience: the whole comparison takes well under a minute.
LIFE_LIMIT_S = 300.0


class Refusal(NamedTuple):
    """What Kafka's code threw for an item."""

    words: str


class Parsed(NamedTuple):
    """What Kafka's code read: how many bytes, what they mean, and how it writes the same again."""

    consumed: int
    json_form: Any
    written: bytes


class KafkaCodec:
    """A running JVM that parses and writes batches of messages."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    def parse(self, name: str, version: int, items: Sequence[bytes]) -> list[Parsed | Refusal]:
        """Let Kafka parse each item as a message of this class and version."""
        return [
            answer if isinstance(answer, Refusal) else _parsed(answer)
            for answer in self._ask("P", name, version, items)
        ]

    def parse_garbage(self, name: str, version: int, items: Sequence[bytes]) -> list[Parsed | Refusal]:
        """Let Kafka parse each item, without writing it again: not all that can be read can be written."""
        return [
            answer if isinstance(answer, Refusal) else _parsed(answer)
            for answer in self._ask("G", name, version, items)
        ]

    def write(self, name: str, version: int, json_forms: Sequence[Any]) -> list[bytes | Refusal]:
        """Let Kafka write the message that each JSON form describes."""
        return self._ask("J", name, version, [json.dumps(form).encode() for form in json_forms])

    def add_unknown_tags(self, name: str, version: int, items: Sequence[bytes]) -> list[bytes | Refusal]:
        """Let Kafka parse each item, and write it with tagged fields that nobody knows in every struct."""
        return self._ask("T", name, version, items)

    def versions(self, name: str) -> range:
        """Return the versions that Kafka's class has."""
        answer = json.loads(self._one("V", name))
        return range(answer["lowest"], answer["highest"] + 1)

    def apis(self) -> list[dict[str, Any]]:
        """Return what Kafka knows of every API that has a version."""
        return json.loads(self._one("A", ""))

    def metadata_records(self) -> dict[int, str]:
        """Return the class name of each kind of metadata record by its number."""
        return {item["key"]: item["class"] for item in json.loads(self._one("M", ""))}

    def parse_requests(self, items: Sequence[bytes]) -> list[dict[str, Any] | Refusal]:
        """Let Kafka parse header and body of each request."""
        return [
            answer if isinstance(answer, Refusal) else json.loads(answer)
            for answer in self._ask("R", "", 0, items)
        ]

    def _one(self, operation: str, name: str) -> bytes:
        (answer,) = self._ask(operation, name, 0, [b""])
        assert isinstance(answer, bytes), answer
        return answer

    def _ask(self, operation: str, name: str, version: int, items: Sequence[bytes]) -> list[bytes | Refusal]:
        request = [operation.encode(), struct.pack(">H", len(name)), name.encode()]
        request.append(struct.pack(">hi", version, len(items)))
        for item in items:
            request += [struct.pack(">i", len(item)), item]
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(b"".join(request))
            stdin.flush()
            return [self._answer() for _ in items]
        except (BrokenPipeError, EOFError) as gone:
            self._process.wait()
            raise AssertionError(f"the JVM is gone:\n{self._log.read_text()}") from gone

    def _answer(self) -> bytes | Refusal:
        status, size = struct.unpack(">Bi", self._read(5))
        content = self._read(size)
        return Refusal(content.decode("utf-8", "replace")) if status else content

    def _read(self, size: int) -> bytes:
        stdout = self._process.stdout
        assert stdout is not None
        content = stdout.read(size)
        if len(content) < size:
            raise EOFError
        return content


def _parsed(answer: bytes) -> Parsed:
    consumed, size = struct.unpack_from(">ii", answer)
    return Parsed(consumed, json.loads(answer[8 : 8 + size]), answer[8 + size :])


@contextmanager
def started_codec(directory: Path) -> Iterator[KafkaCodec]:
    """Start a JVM with Kafka's message classes; its words go to a file in `directory`."""
    classpath = kafka_classpath(compile_java([SOURCE]))
    log = directory / "message-codec.log"
    with (
        log.open("wb") as words,
        subprocess.Popen(
            ["java", *JVM_OPTIONS, "-cp", classpath, "MessageCodec"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
        ) as process,
    ):
        watchdog = threading.Timer(LIFE_LIMIT_S, process.kill)
        watchdog.start()
        try:
            yield KafkaCodec(process, log)
        finally:
            watchdog.cancel()
            process.kill()
