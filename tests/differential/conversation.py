"""One case with one broker: connections are opened as they are named, steps are taken in order, answers kept.

Nothing here judges; a connection that the broker closes, or a broker that stays silent, is an answer too.
"""

from __future__ import annotations

import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from ottla.protocol.api import APIS
from ottla.protocol.headers import RequestHeader, encode_request_header
from ottla.wire.compiler import encode
from tests.differential.answers import CLOSED, SILENT, plain_answer
from tests.differential.case_files import Case, CaseError, Step, api_named
from tests.differential.requests import build_batches, build_request
from tests.differential.values import at_path, resolve

CLIENT_ID = "differential"
FIRST_CORRELATION_ID = 100
# Longer than any case makes a broker wait on purpose.
ANSWER_TIMEOUT_S = 20.0
# How long a step with `until` may ask again.
UNTIL_TIMEOUT_S = 15.0
# A pause between two questions of `until`, so that the broker can do what is waited for.
UNTIL_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Target:
    """Where one broker listens, and the names that it gave things before the cases began."""

    port: int
    controller_port: int
    names: Mapping[str, Any] = field(default_factory=dict)
    restart: Callable[[], None] | None = None
    """Stops the broker and starts it again; None where it is not this run's to stop, and not new either."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one step."""

    label: str
    step: Step
    api: str
    """Kafka's name of the API, empty where bytes were sent."""
    plain: Any


@dataclass(slots=True)
class Outcome:
    """What one broker answered, and what was captured."""

    answers: list[Answer] = field(default_factory=list)
    captured: list[tuple[str, str, Any]] = field(default_factory=list)
    """Name, last part of the path, and value."""
    failure: str | None = None
    """Why the case could not go on, where it could not."""


class Connection:
    """One socket; answers come in the order of the requests that were sent."""

    def __init__(self, port: int, client_id: str | None) -> None:
        self.client_id = client_id
        self.expected: deque[tuple[int, int]] = deque()
        self.next_correlation_id = FIRST_CORRELATION_ID
        self._socket = socket.create_connection(("localhost", port), timeout=ANSWER_TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._closed = False

    def send(self, content: bytes) -> None:
        """Send bytes; a connection that the other side has closed already swallows them."""
        try:
            self._socket.sendall(content)
        except OSError:
            self._closed = True

    def request_frame(self, api_key: int, version: int, body: bytes) -> bytes:
        """Return a request with its size and header and the next correlation id."""
        header = RequestHeader(api_key, version, self.next_correlation_id, self.client_id or "")
        self.next_correlation_id += 1
        encoded = encode_request_header(header)
        if self.client_id is None:
            encoded = encoded[:8] + b"\xff\xff" + encoded[10:]
        content = encoded + body
        return struct.pack(">i", len(content)) + content

    def read_frame(self, timeout_s: float = ANSWER_TIMEOUT_S) -> bytes | str:
        """Return the content of the next frame, or the word for its absence."""
        if self._closed:
            return CLOSED
        self._socket.settimeout(timeout_s)
        try:
            (size,) = struct.unpack(">i", self._read(4))
            return self._read(size)
        except TimeoutError:
            return SILENT
        except (ConnectionError, EOFError):
            self._closed = True
            return CLOSED

    def read_answer(self) -> Any:
        """Return the next answer as plain values."""
        if not self.expected:
            raise CaseError("an answer is awaited where no request was sent")
        api_key, version = self.expected.popleft()
        frame = self.read_frame()
        return frame if isinstance(frame, str) else plain_answer(api_key, version, frame)

    def close(self) -> None:
        """Close the socket."""
        self._closed = True
        self._socket.close()

    def _read(self, size: int) -> bytes:
        received = bytearray()
        while len(received) < size:
            chunk = self._socket.recv(size - len(received))
            if not chunk:
                raise EOFError
            received += chunk
        return bytes(received)


class Conversation:
    """Takes the steps of a case with one broker."""

    def __init__(self, case: Case, target: Target, names: Mapping[str, Any]) -> None:
        self.case = case
        self.target = target
        self.names: dict[str, Any] = {**target.names, **names}
        self.outcome = Outcome()
        self._connections: dict[str, Connection] = {}

    def run(self) -> Outcome:
        """Take every step; a step that the other side made impossible ends the case, and the outcome says so."""
        return self._take_all(self.case.steps)

    def run_before_restart(self) -> Outcome:
        """Take the steps that come before the brokers are stopped; what was captured is kept for the others."""
        return self._take_all(self.case.before_restart)

    def _take_all(self, steps: Iterable[Step]) -> Outcome:
        if self.outcome.failure is not None:
            return self.outcome
        try:
            for step in steps:
                self._take(step)
        except LookupError as error:
            self.outcome.failure = str(error)
        except OSError as error:
            self.outcome.failure = f"{type(error).__name__}: {error}"
        except Exception as error:
            error.add_note(f"in the case {self.case.identifier}")
            raise
        finally:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()
        return self.outcome

    def _take(self, step: Step) -> None:
        connection = self._connection(step.connection)
        if step.action == "close":
            connection.close()
            del self._connections[step.connection]
        elif step.action == "await":
            api_key, version = connection.expected[0] if connection.expected else (-1, -1)
            api = APIS[api_key].name if api_key in APIS else ""
            self._keep(step, connection.read_answer(), api, f"{step.label} {api} v{version}")
        elif step.action == "pipeline":
            connection.send(b"".join(self._bytes_of(inner, connection) for inner in step.content["pipeline"]))
            for inner in step.content["pipeline"]:
                if inner.content.get("read", True):
                    self._keep(inner, self._read(inner, connection))
        elif "until" in step.content:
            self._ask_until(step, connection)
        else:
            connection.send(self._bytes_of(step, connection))
            if step.content.get("wait", True) and step.content.get("read", True):
                self._keep(step, self._read(step, connection))

    def _ask_until(self, step: Step, connection: Connection) -> None:
        wanted = resolve(step.content["until"], self.names)
        deadline = monotonic() + UNTIL_TIMEOUT_S
        correlation_id = connection.next_correlation_id
        while True:
            connection.next_correlation_id = (
                correlation_id  # however often it is asked, the answers are alike
            )
            connection.send(self._bytes_of(step, connection))
            answer = self._read(step, connection)
            if isinstance(answer, str) or _has(answer, wanted):
                break
            if monotonic() > deadline:
                raise LookupError(f"{step.label}: {wanted} did not come; the last answer was {answer}")
            _pause(connection)
        self._keep(step, answer)

    def _bytes_of(self, step: Step, connection: Connection) -> bytes:
        content = step.content
        if step.action == "send":
            return _joined(resolve(content["send"], self.names))
        if step.action == "frame":
            return self._raw_frame(resolve(content["frame"], self.names))
        api = api_named(content["ask"])
        message = build_request(api.name, resolve(content.get("request", {}), self.names), self.names["now"])
        if content.get("read", True):
            connection.expected.append((api.key, content["version"]))
        return connection.request_frame(api.key, content["version"], encode(message, content["version"]))

    def _raw_frame(self, description: Mapping[str, Any]) -> bytes:
        """Return a frame whose header is put together field by field: nothing about it need be true."""
        client_id = CLIENT_ID.encode()
        key, version = description["api_key"], description["api_version"]
        content = struct.pack(">hhih", key, version, description.get("correlation_id", 1), len(client_id))
        content += client_id
        if key in APIS and APIS[key].is_flexible(version):
            content += description.get("tags", b"\0")
        content += _joined(description.get("body", b""))
        return struct.pack(">i", description.get("size", len(content))) + content

    def _read(self, step: Step, connection: Connection) -> Any:
        if step.action == "ask":
            return connection.read_answer()
        frame = connection.read_frame()
        form = step.content.get("read")
        if isinstance(frame, bytes) and isinstance(form, list):
            return plain_answer(api_named(form[0]).key, form[1], frame)
        return frame if isinstance(frame, str) else {"bytes": frame.hex()}

    def _keep(self, step: Step, answer: Any, api: str | None = None, label: str | None = None) -> None:
        form = step.content.get("read")
        if isinstance(form, list):
            api, label = form[0], f"{step.label} {form[0]} v{form[1]}"
        elif api is None:
            api = str(step.content.get("ask", ""))
        self.outcome.answers.append(Answer(label or step.label, step, api, answer))
        for name, path in step.content.get("capture", {}).items():
            value = at_path(answer, resolve(path, self.names))
            self.names[name] = value
            self.outcome.captured.append((name, path.rpartition(".")[2], value))

    def _connection(self, name: str) -> Connection:
        if name not in self._connections:
            port = self.target.controller_port if name in self.case.controller else self.target.port
            client_id = resolve(self.case.client_ids.get(name, CLIENT_ID), self.names)
            self._connections[name] = Connection(port, client_id)
        return self._connections[name]


def _joined(parts: Any) -> bytes:
    """Return the bytes of a list of bytes, texts and batches."""
    if isinstance(parts, list):
        return b"".join(_joined(part) for part in parts)
    if isinstance(parts, str):
        return parts.encode()
    if isinstance(parts, Mapping):
        return build_batches(parts["batch"], 0) or b""
    assert isinstance(parts, bytes)
    return parts


def _has(answer: Any, wanted: Mapping[str, Any]) -> bool:
    try:
        return all(at_path(answer, path) == value for path, value in wanted.items())
    except LookupError:
        return False


def _pause(connection: Connection) -> None:
    """Let a moment pass in which the broker may close the connection but is asked nothing."""
    connection.read_frame(UNTIL_PAUSE_S)
