"""Programs of clients that go on until they are told to end: producers of numbers, and members of groups.

Each tells what it meets line by line, and ends when its standard input does, also when the test dies. A JVM that
is killed in the test cannot be shared, so each Java program has its own.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.peers.distribution import compile_java, kafka_classpath
from tests.support.cached import installed
from tests.support.processes import FollowedProcess
from tests.system.clients.programs import SYSTEM, go_program

JVM_OPTIONS = ("-Xmx128M", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
LOG_CONFIGURATION = SYSTEM / "java" / "log4j2.properties"


def _python(name: str) -> list[str]:
    return [sys.executable, str(SYSTEM / "python" / name)]


def _java(name: str) -> list[str]:
    classes = compile_java([SYSTEM / "java" / f"{name}.java"])
    options = [*JVM_OPTIONS, f"-Dlog4j2.configurationFile={LOG_CONFIGURATION}"]
    return [installed("java"), *options, "-cp", kafka_classpath(classes), f"clients.{name}"]


PRODUCERS: Mapping[str, Callable[[str, str], list[str]]] = {
    "librdkafka": lambda bootstrap, topic: [*_python("librdkafka_numbered.py"), bootstrap, topic],
    "Java": lambda bootstrap, topic: [*_java("NumberedProducer"), bootstrap, topic],
    "sarama": lambda bootstrap, topic: [str(go_program()), "sarama", "numbered", "-", bootstrap, topic],
}
"""The commands of idempotent producers, for an address and a topic."""

MEMBERS: Mapping[str, Callable[[], list[str]]] = {
    "aiokafka": lambda: _python("aiokafka_member.py"),
    "franz-go": lambda: [str(go_program()), "franz-go", "member"],
    "Java": lambda: _java("GroupMember"),
    "kafka-python": lambda: _python("kafka_python_member.py"),
    "sarama": lambda: [str(go_program()), "sarama", "member"],
}
"""The commands of members, which an assignor, an address, a name, a session timeout and an instance follow."""


def started_producer(
    client: str, bootstrap: str, topic: str, log_path: Path, *, partitions: int, window: int, linger_ms: int
) -> FollowedProcess:
    """Start a producer of numbers with at most `window` records unanswered; raises PeerUnavailableError."""
    command = PRODUCERS[client](bootstrap, topic)
    return _started([*command, str(partitions), str(window), str(linger_ms)], log_path)


def started_member(
    client: str,
    bootstrap: str,
    name: str,
    log_path: Path,
    *,
    assignor: str,
    session_timeout_ms: int,
    instance_id: str | None = None,
) -> FollowedProcess:
    """Start a member of the group `name`, which reads the topic `name`; raises PeerUnavailableError."""
    arguments = [assignor, bootstrap, name, str(session_timeout_ms), instance_id or "-"]
    return _started([*MEMBERS[client](), *arguments], log_path)


def _started(command: list[str], log_path: Path) -> FollowedProcess:
    child = FollowedProcess(command, log_path, {"PYTHONPATH": ""}, keep_stdin=True)
    child.start()
    return child
