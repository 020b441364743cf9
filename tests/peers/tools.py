"""Apache Kafka's command-line tools, run in one warm JVM instead of a JVM for each.

A run has its own arguments, standard streams and exit code, and several may go on at once. `ToolServer.java`
beside this file is the other end.
"""

import shutil
import signal
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Self

from tests.peers.distribution import PEERS, compile_java, kafka_classpath
from tests.support.processes import FollowedProcess

TOOLS = {
    "AclCommand": "org.apache.kafka.tools.AclCommand",
    "BrokerApiVersionsCommand": "org.apache.kafka.tools.BrokerApiVersionsCommand",
    "ClientMetricsCommand": "org.apache.kafka.tools.ClientMetricsCommand",
    "ClusterTool": "org.apache.kafka.tools.ClusterTool",
    "ConfigCommand": "kafka.admin.ConfigCommand",
    "ConsoleConsumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "ConsoleProducer": "org.apache.kafka.tools.ConsoleProducer",
    "ConsumerGroupCommand": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "ConsumerPerformance": "org.apache.kafka.tools.ConsumerPerformance",
    "DelegationTokenCommand": "org.apache.kafka.tools.DelegationTokenCommand",
    "DeleteRecordsCommand": "org.apache.kafka.tools.DeleteRecordsCommand",
    "DumpLogSegments": "kafka.tools.DumpLogSegments",
    "FeatureCommand": "org.apache.kafka.tools.FeatureCommand",
    "GetOffsetShell": "org.apache.kafka.tools.GetOffsetShell",
    "GroupsCommand": "org.apache.kafka.tools.GroupsCommand",
    "LeaderElectionCommand": "org.apache.kafka.tools.LeaderElectionCommand",
    "LogDirsCommand": "org.apache.kafka.tools.LogDirsCommand",
    "MetadataQuorumCommand": "org.apache.kafka.tools.MetadataQuorumCommand",
    "MetadataShell": "org.apache.kafka.shell.MetadataShell",
    "ProducerPerformance": "org.apache.kafka.tools.ProducerPerformance",
    "ReassignPartitionsCommand": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
    "StorageTool": "kafka.tools.StorageTool",
    "TopicCommand": "org.apache.kafka.tools.TopicCommand",
}
PROGRAMS = {
    "AdminScenario": "admin.AdminScenario",
    "Exchange": "admin.Exchange",
    "JavaClient": "clients.JavaClient",
    "MetadataFiles": "MetadataFiles",
    "OptionValues": "OptionValues",
}
PROGRAM_SOURCES = sorted(
    path for folder in ("admin", "system") for path in (PEERS.parent / folder / "java").glob("*.java")
)
# The last lets the server turn the end of the JVM into the end of a run; JVMs from 24 on know it no more.
JVM_OPTIONS = [
    "-Xmx512M",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-Djava.security.manager=allow",
]
SERVED_WORDS = "tools are served on port "
START_TIMEOUT_S = 60.0
# Longer than any client's own timeout in the tests, so that the tool has the chance to say what went wrong.
RUN_TIMEOUT_S = 60.0
SHELL_TIMEOUT_S = 15.0
SHELL_ATTEMPTS = 4
FRAME_HEADER = struct.Struct(">ci")


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a finished tool has left."""

    stdout: str
    stderr: str
    exit_code: int

    def checked(self) -> Self:
        """Return this result; raises AssertionError with the tool's words when it did not exit with 0."""
        assert self.exit_code == 0, f"exit code {self.exit_code}\n{self.stdout}\n{self.stderr}"
        return self


class ToolTimeoutError(AssertionError):
    """A tool did not get there in time; the text holds what it has said so far."""


@dataclass(slots=True)
class ToolRun:
    """A tool that goes on: its output is read as it comes. Leaving the context abandons it."""

    connection: socket.socket
    _output: dict[bytes, bytearray] = field(default_factory=lambda: {b"o": bytearray(), b"e": bytearray()})
    _exit_code: int | None = None
    _received: bytearray = field(default_factory=bytearray)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def type(self, text: str) -> None:
        """Send `text` to the tool's standard input."""
        self._send(b"i", text.encode())

    def end_input(self) -> None:
        """Say that no more standard input comes."""
        self._send(b"z", b"")

    def wait_for_output(self, words: str, timeout_s: float = RUN_TIMEOUT_S) -> None:
        """Return when standard output contains `words`; raises ToolTimeoutError."""
        deadline = monotonic() + timeout_s
        while words not in self._text(b"o"):
            assert self._exit_code is None, f"ended without {words!r}\n{self.said()}"
            self._read_frame(deadline)

    def result(self, timeout_s: float = RUN_TIMEOUT_S) -> ToolResult:
        """Wait for the tool's end and return what it left; raises ToolTimeoutError."""
        deadline = monotonic() + timeout_s
        while self._exit_code is None:
            self._read_frame(deadline)
        return ToolResult(self._text(b"o"), self._text(b"e"), self._exit_code)

    def interrupt(self, timeout_s: float = RUN_TIMEOUT_S) -> ToolResult:
        """End the tool as a terminal's interrupt does and return what it left; raises ToolTimeoutError."""
        self.connection.shutdown(socket.SHUT_WR)
        return self.result(timeout_s)

    def said(self) -> str:
        """Return both outputs so far, for messages."""
        return f"stdout:\n{self._text(b'o')}\nstderr:\n{self._text(b'e')}"

    def _text(self, stream: bytes) -> str:
        return self._output[stream].decode(errors="replace")

    def _send(self, kind: bytes, content: bytes) -> None:
        # A tool that has ended reads no more; what it has left is still to be read.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.connection.sendall(FRAME_HEADER.pack(kind, len(content)) + content)

    def _read_frame(self, deadline: float) -> None:
        kind, size = FRAME_HEADER.unpack(self._read(FRAME_HEADER.size, deadline))
        content = self._read(size, deadline)
        if kind == b"x":
            self._exit_code = int(content)
        else:
            self._output[kind] += content

    def _read(self, size: int, deadline: float) -> bytes:
        while len(self._received) < size:
            self.connection.settimeout(max(deadline - monotonic(), 0.001))
            try:
                chunk = self.connection.recv(1 << 16)
            except TimeoutError:
                raise ToolTimeoutError(f"the tool has not ended in time\n{self.said()}") from None
            assert chunk, f"the tools' JVM has gone\n{self.said()}"
            self._received += chunk
        content = bytes(self._received[:size])
        del self._received[:size]
        return content


@dataclass(slots=True)
class KafkaTools:
    """The JVM with the tools, and with programs of ours that use Kafka's Java clients."""

    child: FollowedProcess
    port: int

    def start(self, tool: str, arguments: Sequence[str]) -> ToolRun:
        """Start `tool`, a name in TOOLS or PROGRAMS or a class, and return while it goes on."""
        run = ToolRun(socket.create_connection(("127.0.0.1", self.port), START_TIMEOUT_S))
        words = [(TOOLS | PROGRAMS).get(tool, tool).encode(), *(argument.encode() for argument in arguments)]
        request = struct.pack(">i", len(words[0])) + words[0] + struct.pack(">i", len(words) - 1)
        for word in words[1:]:
            request += struct.pack(">i", len(word)) + word
        run.connection.sendall(request)
        return run

    def run(
        self, tool: str, arguments: Sequence[str], stdin: str | None = None, timeout_s: float = RUN_TIMEOUT_S
    ) -> ToolResult:
        """Run `tool` with `stdin` as its standard input to its end; raises ToolTimeoutError."""
        with self.start(tool, arguments) as run:
            if stdin:
                run.type(stdin)
            run.end_input()
            return run.result(timeout_s)

    def read_snapshot(self, snapshot: Path, *command: str) -> ToolResult:
        """Return what a command of Apache Kafka's metadata shell says of a snapshot; raises ToolTimeoutError.

        The shell is asked again where it has waited for ever or has said nothing: of some dozens of runs one does not
        notice that it has read everything (seen in `waitUntilCaughtUp`, with its reader at rest), or looks before. It
        locks the directory around the snapshot's, so that every attempt has a copy of its own.
        """
        for _ in range(SHELL_ATTEMPTS - 1):
            with suppress(ToolTimeoutError):
                result = self._ask_shell(snapshot, command, SHELL_TIMEOUT_S)
                if result.stdout:
                    return result
        return self._ask_shell(snapshot, command, RUN_TIMEOUT_S)

    def _ask_shell(self, snapshot: Path, command: Sequence[str], timeout_s: float) -> ToolResult:
        with TemporaryDirectory() as folder:
            copied = Path(folder, "data", snapshot.parent.name, snapshot.name)
            copied.parent.mkdir(parents=True)
            shutil.copy(snapshot, copied)
            return self.run(
                "MetadataShell", ["--snapshot", str(copied), *command], timeout_s=timeout_s
            ).checked()

    def close(self) -> None:
        """End the JVM."""
        self.child.signal(signal.SIGKILL)
        self.child.end(START_TIMEOUT_S)


def start_tools(work_dir: Path) -> KafkaTools:
    """Start the JVM that runs tools and programs; its own log goes to `work_dir`."""
    classes = compile_java([*sorted(PEERS.glob("*.java")), *PROGRAM_SOURCES])
    command = ["java", *JVM_OPTIONS, f"-Dlog4j2.configurationFile={PEERS / 'log4j2-tools.properties'}"]
    command += ["-cp", kafka_classpath(classes), "ToolServer"]
    child = FollowedProcess(command, work_dir / "tools.log", keep_stdin=True)
    child.start()
    line = child.wait_for_line(SERVED_WORDS, START_TIMEOUT_S)
    return KafkaTools(child, int(line.removeprefix(SERVED_WORDS)))
