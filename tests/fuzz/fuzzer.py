"""Drives a broker with random connections, and knows what the broker owes whatever it is sent.

The law: every connection ends, closed by the broker once the client has said its last word; every whole request that
its schema allows is answered, in order, with its correlation id and with bytes that can be read, unless it asks for
no answer; nothing that a client sends makes the broker log a bug, keeps another client from being served, or costs
memory that is not given back. What reached lines of the broker that nothing had reached before is kept and varied.
"""

from __future__ import annotations

import random
import struct
import time
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from ottla.protocol.api import APIS, Api, ApiKey, response_class
from ottla.protocol.headers import decode_response_header
from ottla.wire.compiler import decode_message
from ottla.wire.primitives import WireError
from tests.fuzz.conversation import Lane, converse
from tests.fuzz.encoding import joined
from tests.fuzz.ledger import Ledger
from tests.fuzz.line_coverage import LineCoverage
from tests.fuzz.mutation import mutated, mutated_pieces, with_unknown_tags
from tests.fuzz.requests import Harvest, RequestMaker
from tests.fuzz.witness import Witness
from tests.support.live_broker import LiveBroker

MOST_REQUESTS = 8
MOST_LANES = 3
# Connections: what some runs find; each is some KiB.
CORPUS_LIMIT = 4000
# What a finding shows: enough to see how the broker came into the state in which it failed.
JOURNAL_LIMIT = 12
SHOWN_BYTES = 3000

HEAD_BYTES = 8
"""API key, version and correlation id."""

MAY_WAIT = frozenset({ApiKey.FETCH, ApiKey.JOIN_GROUP, ApiKey.SYNC_GROUP})
"""Requests that may wait for others, or for a time of the client's choice."""

MAY_CLOSE = frozenset({ApiKey.DESCRIBE_ACLS, ApiKey.CREATE_ACLS, ApiKey.DELETE_ACLS})
"""Requests that end the connection where a code in them means unknown."""

API_VERSIONS_UNSUPPORTED = 0
"""The version in which ApiVersions of an unknown version is answered (KIP-511)."""


class FoundError(Exception):
    """Something that the broker must not do, with what it takes to do it again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request on a connection."""

    api: Api
    version: int
    content: bytes
    is_sound: bool
    request: Any = None
    """What was encoded, where it is known."""
    claimed: int | None = None
    """The size in front of it, where it lies."""

    @property
    def correlation_id(self) -> int:
        """The number that its answer carries."""
        return int.from_bytes(self.content[4:8], "big")

    @property
    def expects_answer(self) -> bool:
        """Whether a sound request is answered."""
        return self.api.key != ApiKey.PRODUCE or (self.request is not None and self.request.acks != 0)

    def numbered(self, correlation_id: int) -> Sent:
        """Return the same request with another correlation id."""
        content = self.content[:4] + correlation_id.to_bytes(4, "big") + self.content[8:]
        return replace(self, content=content)

    def frame(self) -> bytes:
        """Return it with its size."""
        size = len(self.content) if self.claimed is None else self.claimed
        return (size % (1 << 32)).to_bytes(4, "big") + self.content


Corpus = deque[list[Sent]]
"""Connections that reached something new."""


def new_corpus() -> Corpus:
    """Return an empty one; the oldest go first when it is full."""
    return deque(maxlen=CORPUS_LIMIT)


@dataclass(slots=True)
class Counts:
    """What was done so far."""

    connections: int = 0
    requests: int = 0
    mutated: int = 0
    answers: int = 0
    abandoned: int = 0
    """Connections left behind with a request that waits, for a member that never joins or for a time of its choice."""
    corpus: int = 0
    by_api: dict[str, int] = field(default_factory=dict)

    def add(self, other: Counts) -> None:
        """Add up two runs."""
        for name in ("connections", "requests", "mutated", "answers", "abandoned", "corpus"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name, count in other.by_api.items():
            self.by_api[name] = self.by_api.get(name, 0) + count


@dataclass(slots=True)
class Fuzzer:
    """Random connections to one broker, all of them made from one seed."""

    broker: LiveBroker
    seed: str
    coverage: LineCoverage
    witness: Witness
    ledger: Ledger
    corpus: Corpus
    counts: Counts = field(default_factory=Counts)
    harvest: Harvest = field(default_factory=Harvest)
    journal: deque[str] = field(default_factory=lambda: deque(maxlen=JOURNAL_LIMIT))
    _correlation_id: int = 0

    def run(self, rounds: int) -> None:
        """Hold that many rounds of conversations. Raises FoundError."""
        for number in range(rounds):
            self.round(random.Random(f"{self.seed}/{number}"))

    def round(self, rng: random.Random) -> None:
        """Open one or some connections side by side and judge what came back. Raises FoundError."""
        listener = "controller" if rng.random() < 0.1 else "broker"
        port = self.broker.controller_port if listener == "controller" else self.broker.port
        topic_ids = self.ledger.topic_ids(self.broker)
        self.harvest.spared = self.witness.topic_id
        self.harvest.live_ids = [each for each in topic_ids.values() if each != self.witness.topic_id]
        spoken = [self._compose(rng, listener) for _ in range(rng.choice((1, 1, 1, 2, MOST_LANES)))]
        lanes = []
        for sent in spoken:
            stream = b"".join(each.frame() for each in sent)
            leaves_rudely = rng.random() < 0.05
            owed = 0 if leaves_rudely else len(_owed(sent))
            must_end = owed == len(sent)
            lanes.append(Lane(port, deque(_cut(rng, stream)), owed, must_end, leaves_rudely))
            self.journal.append(f"{listener}, {owed} answers owed: {stream[:SHOWN_BYTES].hex()}")
        before = self.coverage.found
        try:
            converse(lanes)
            still_there = self.ledger.topic_ids(self.broker)
            for sent, lane in zip(spoken, lanes, strict=True):
                self._judge(sent, lane, {n: i for n, i in topic_ids.items() if still_there.get(n) == i})
            self._judge_broker()
        except (FoundError, TimeoutError) as error:
            raise FoundError(
                f"{error!r}; seed {self.seed}; the {len(lanes)} last of these were open:\n"
                + "\n".join(self.journal)
            ) from error
        if self.coverage.found > before:
            self.corpus.extend(spoken)
            self.counts.corpus += len(spoken)
        self.counts.connections += len(spoken)

    def _judge_broker(self) -> None:
        if self.broker.bugs.lines:
            raise FoundError(f"the broker logged {self.broker.bugs.lines}")
        problem = self.witness.look(self.counts.connections)
        if problem:
            raise FoundError(problem)

    def _compose(self, rng: random.Random, listener: str) -> list[Sent]:
        """Return the requests of one connection: new ones, or a variation of some that reached something."""
        if self.corpus and rng.random() < 0.4:
            known = rng.choice(self.corpus)
            sent = [self._varied(rng, each, listener) for each in known]
            if rng.random() < 0.3:
                other = rng.choice(self.corpus)
                sent = sent[: rng.randint(1, len(sent))] + [
                    self._varied(rng, each, listener) for each in other
                ]
            sent = sent[:MOST_REQUESTS]
        else:
            sent = []
            for _ in range(rng.randint(1, MOST_REQUESTS)):
                sent.append(self._next(rng, listener))
                if sent[-1].api.key in MAY_WAIT and rng.random() < 0.9:
                    break
        for each in sent:
            self.counts.requests += 1
            self.counts.mutated += not each.is_sound
            self.counts.by_api[each.api.name] = self.counts.by_api.get(each.api.name, 0) + 1
        return sent

    def _next(self, rng: random.Random, listener: str) -> Sent:
        maker = self._maker(rng)
        api, version = maker.choose(listener)
        request = maker.request(api, version)
        pieces = maker.pieces(api, version, self._next_id(), request)
        choice = rng.random()
        if choice < 0.2:
            pieces = with_unknown_tags(rng, pieces)
        if choice < 0.65:
            return Sent(api, version, joined(pieces), True, request)
        if choice < 0.85:
            return Sent(api, version, mutated_pieces(rng, pieces), False, request)
        content = joined(pieces)
        if choice < 0.88:
            strange = rng.choice((-1, 0, 7, 20, 99, api.key, api.max_version + 1, 32767))
            at = rng.choice((0, 2))
            content = content[:at] + (strange % 65536).to_bytes(2, "big") + content[at + 2 :]
            return Sent(api, version, content, False, request)
        return Sent(api, version, mutated(rng, content), False, request, _claimed(rng, len(content)))

    def _varied(self, rng: random.Random, sent: Sent, listener: str) -> Sent:
        if len(sent.content) < HEAD_BYTES:
            return sent
        choice = rng.random()
        is_sound = sent.is_sound and listener in sent.api.listeners
        if choice < 0.3:
            return replace(sent.numbered(self._next_id()), is_sound=is_sound)
        if choice < 0.8 and sent.request is not None:
            # One that was damaged is whole again.
            is_sound = listener in sent.api.listeners
            maker = self._maker(rng)
            request = maker.varied(sent.request, sent.version)
            pieces = maker.pieces(sent.api, sent.version, self._next_id(), request)
            return Sent(sent.api, sent.version, joined(pieces), is_sound, request)
        return Sent(sent.api, sent.version, mutated(rng, sent.content), False, None, sent.claimed)

    def _maker(self, rng: random.Random) -> RequestMaker:
        return RequestMaker(rng, self.harvest, time.time_ns() // 1_000_000)

    def _next_id(self) -> int:
        self._correlation_id += 1
        return self._correlation_id

    def _judge(self, sent: list[Sent], lane: Lane, topic_ids: dict[str, Any]) -> None:
        """Take apart the answers that had to come, and then those that came besides."""
        owed = _owed(sent)[: lane.owed]
        answers = _split(bytes(lane.received))
        if len(answers) < len(owed):
            missing = owed[len(answers)]
            raise FoundError(f"{missing.api.name} v{missing.version} was not answered")
        for each, answer in zip(owed, answers, strict=False):
            if int.from_bytes(answer[:4], "big") != each.correlation_id:
                raise FoundError(f"{each.api.name} v{each.version} got the answer to another request")
            decoded = self._read(each.api.key, each.version, answer)
            self.harvest.take(decoded)
            if each.api.key == ApiKey.PRODUCE:
                self.ledger.acknowledge(each.request, decoded, topic_ids)
        for answer in answers[len(owed) :]:
            heads = {each.content[:HEAD_BYTES] for each in sent if each.content[4:HEAD_BYTES] == answer[:4]}
            if len(heads) == 1:  # damage may give one number to two
                self._read(*struct.unpack_from(">hh", heads.pop()), answer)
        if not lane.has_ended and not lane.leaves_rudely:
            self.counts.abandoned += 1
            if lane.must_end:
                raise FoundError("the connection was not closed")

    def _read(self, key: int, version: int, content: bytes) -> Any:
        api = APIS.get(key)
        if api is None or not api.served:
            raise FoundError(f"an API that is not served was answered: {key} v{version}")
        if not api.min_version <= version <= api.max_version:
            if key != ApiKey.API_VERSIONS:
                raise FoundError(f"{api.name} v{version} was answered, which is not there")
            version = API_VERSIONS_UNSUPPORTED
        self.counts.answers += 1
        try:
            _, start = decode_response_header(key, version, content)
            return decode_message(response_class(ApiKey(key)), version, content[start:])
        except WireError as error:
            raise FoundError(f"the answer to {api.name} v{version} cannot be read: {error}") from error


def _owed(sent: list[Sent]) -> list[Sent]:
    """Return the first requests, as far as it is known that each of them is answered soon."""
    for index, each in enumerate(sent):
        if not each.is_sound or not each.expects_answer or each.api.key in MAY_WAIT | MAY_CLOSE:
            return sent[:index]
    return sent


def _claimed(rng: random.Random, size: int) -> int | None:
    if rng.random() < 0.85:
        return None
    return size + rng.choice((1, -1, 2**31, -(2**31), 2**24, 100, -100, 100 * 2**20))


def _cut(rng: random.Random, stream: bytes) -> list[bytes]:
    """Return the stream in the pieces in which it is sent; the last may be left out."""
    if rng.random() < 0.6 or len(stream) < 2:
        return [stream]
    most = rng.choice((1, 2, 8, 60))
    # Among them the bytes of a size, and those just behind it.
    places = {
        rng.choice((rng.randrange(1, len(stream)), min(rng.randrange(1, 6), len(stream) - 1)))
        for _ in range(most)
    }
    bounds = [0, *sorted(places), len(stream)]
    return [stream[start:end] for start, end in pairwise(bounds)]


def _split(received: bytes) -> list[bytes]:
    """Return the contents of the whole frames; the last may be cut by the end of the connection.

    Raises FoundError where the stream goes on with something that is no answer.
    """
    answers = []
    position = 0
    while len(received) >= position + 4:
        size = int.from_bytes(received[position : position + 4], "big", signed=True)
        if size < 4:
            raise FoundError(f"the stream goes on with what is no answer: {received[position:][:100].hex()}")
        if position + 4 + size > len(received):
            break
        answers.append(received[position + 4 : position + 4 + size])
        position += 4 + size
    return answers
