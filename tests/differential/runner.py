"""Runs all cases with both brokers at once, and sums up what came of it.

Cases for new brokers come first. Then come the first halves of those that want a restart, and the restart. Topics
that cases name are created together. Cases run side by side on threads, each with names of its own; those that are
`alone` come last, one after the other.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from time import monotonic, sleep, time
from typing import Any

from ottla.protocol.api import ApiKey
from ottla.protocol.messages.create_topics import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from ottla.protocol.messages.describe_groups import DescribeGroupsRequest
from ottla.protocol.messages.find_coordinator import FindCoordinatorRequest
from ottla.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from ottla.protocol.messages.metadata import MetadataRequest
from tests.differential.case_files import Case
from tests.differential.comparison import Difference, Explanation, Rules, broken, compare
from tests.differential.conversation import Conversation, Outcome, Target
from tests.differential.values import resolve
from tests.peers.kafka_broker import QUICK_PROPERTIES
from tests.support.raw_client import RawClient

# Properties of both brokers: small numbers where a case wants to meet a limit or see a time pass.
PROPERTIES = {
    "offsets.topic.num.partitions": "3",
    "num.partitions": "2",
    "group.min.session.timeout.ms": "1000",
    "group.max.session.timeout.ms": "300000",
    "group.max.size": "4",
    # What the real broker is given anyway, so that it starts quickly; but a busy machine must not have it fenced, which
    # would raise the leader epochs.
    **QUICK_PROPERTIES,
    "broker.session.timeout.ms": "30000",
}
# More cases at once than processors: most of them wait for a broker.
THREADS = 6
# Topics of one request: each is created with its files before the answer.
TOPICS_PER_REQUEST = 100
READY_TIMEOUT_S = 60.0
READY_PAUSE_S = 0.05

_INVALID_NAME_CHARACTERS = str.maketrans({"_": "-", ".": "-"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one case."""

    case: Case
    kafka: Outcome
    ottla: Outcome
    differences: list[Difference]
    broken: str | None


@dataclass(slots=True)
class Summary:
    """What came of all cases."""

    verdicts: list[Verdict]
    unexplained: list[Difference] = field(default_factory=list)
    explained: list[Difference] = field(default_factory=list)
    stale: list[Explanation] = field(default_factory=list)
    asked_again: tuple[str, ...] = ()
    """Cases that differed at first and were run a second time."""
    seconds: float = 0.0

    @property
    def broken(self) -> list[str]:
        """Cases that compare nothing, with the reason."""
        return [f"{item.case.identifier}: {item.broken}" for item in self.verdicts if item.broken]

    def __str__(self) -> str:
        steps = sum(len(item.kafka.answers) for item in self.verdicts)
        return (
            f"{len(self.verdicts)} cases, {steps} answers, {len(self.explained)} explained differences,"
            f" {len(self.unexplained)} unexplained, {len(self.stale)} stale explanations,"
            f" {len(self.broken)} broken cases, {len(self.asked_again)} asked again, {self.seconds:.1f} s"
        )


@dataclass(frozen=True, slots=True)
class NamedCase:
    """A case with the names that belong to it alone, the same with both brokers."""

    case: Case
    names: dict[str, str]


def run_cases(
    cases: Sequence[Case], kafka: Target, ottla: Target, rules: Rules, explanations: Iterable[Explanation]
) -> Summary:
    """Run cases with both brokers and judge them."""
    started = monotonic()
    token = secrets.token_hex(2)
    named = [NamedCase(case, _names(case, f"{token}-{number}")) for number, case in enumerate(cases)]
    now_ms = int(time() * 1000)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda target: _Side(target, now_ms).run(named), (kafka, ottla)))
    verdicts = [
        Verdict(
            item.case, *pair, compare(item.case, *pair, rules, tuple(item.names.values())), broken(pair[0])
        )
        for item in named
        for pair in [[side[item.case.identifier] for side in outcomes]]
    ]
    return _summary(verdicts, explanations, monotonic() - started)


def runnable(cases: Sequence[Case], *targets: Target) -> list[Case]:
    """Return the cases that these brokers can be asked: some want new ones, or have them restarted."""
    if all(target.restart is not None for target in targets):
        return list(cases)
    return [case for case in cases if not case.new_brokers and not case.before_restart]


class _Side:
    """One broker in a run, and the conversations with it."""

    def __init__(self, target: Target, now_ms: int) -> None:
        self._target = target
        self._now_ms = now_ms
        self._ids: dict[str, Any] = {}
        self._conversations: dict[str, Conversation] = {}

    def run(self, named: Sequence[NamedCase]) -> dict[str, Outcome]:
        """Run all cases and return what came of each."""
        new = [item for item in named if item.case.new_brokers]
        old = [item for item in named if item.case.before_restart]
        others = [item for item in named if not item.case.new_brokers and not item.case.before_restart]
        outcomes = {item.case.identifier: self._conversation(item).run() for item in new}
        if len(named) > len(new):
            self._create_topics(old)
            with ThreadPoolExecutor(THREADS) as pool:
                self._restart_between(pool, old)
                self._create_topics(others)
                together = [item for item in named if not item.case.alone and not item.case.new_brokers]
                for item, outcome in zip(together, pool.map(self._run, together), strict=True):
                    outcomes[item.case.identifier] = outcome
            outcomes |= {item.case.identifier: self._run(item) for item in named if item.case.alone}
        return outcomes

    def _restart_between(self, pool: ThreadPoolExecutor, old: Sequence[NamedCase]) -> None:
        if not old:
            return
        list(pool.map(lambda item: self._conversation(item).run_before_restart(), old))
        assert self._target.restart is not None, "these brokers cannot be restarted"
        self._target.restart()
        with RawClient(self._target.port) as client:
            _wait_until_served(client, _creatables(old))
            _wait_for_coordinator(client)

    def _run(self, item: NamedCase) -> Outcome:
        return self._conversation(item).run()

    def _conversation(self, item: NamedCase) -> Conversation:
        """Return the conversation of a case; it is begun when it is first asked for."""
        found = self._conversations.get(item.case.identifier)
        if found is not None:
            return found
        target = self._target
        names: dict[str, Any] = {**item.names, **item.case.constants, "now": self._now_ms}
        captured = [(name, name, value) for name, value in target.names.items()]
        for topic in item.case.topics:
            names[f"{topic}.id"] = self._ids[item.names[topic]]
            captured.append((f"{topic}.id", "topic_id", names[f"{topic}.id"]))
        conversation = self._conversations[item.case.identifier] = Conversation(item.case, target, names)
        conversation.outcome.captured = captured
        return conversation

    def _create_topics(self, named: Sequence[NamedCase]) -> None:
        """Create the topics of cases, and wait until they and the group coordinator are served."""
        topics = _creatables(named)
        with RawClient(self._target.port) as client:
            for start in range(0, len(topics), TOPICS_PER_REQUEST):
                request = CreateTopicsRequest(topics=topics[start : start + TOPICS_PER_REQUEST])
                response = client.ask(ApiKey.CREATE_TOPICS, 7, request)
                for topic in response.topics:
                    assert topic.error_code == 0, f"{topic.name}: {topic.error_message}"
                    self._ids[topic.name] = topic.topic_id
            _wait_until_served(client, topics)
            _wait_for_coordinator(client)


def judge_cases(
    cases: Sequence[Case], kafka: Target, ottla: Target, rules: Rules, explanations: Iterable[Explanation]
) -> Summary:
    """Run cases, and those that differ a second time, one by one.

    On a busy machine a session may expire between two steps with one broker and not with the other; what really
    differs, differs again. Brokers are new only once, so what differs there is not asked again.
    """
    known = list(explanations)
    first = run_cases(cases, kafka, ottla, rules, known)
    new = {case.identifier for case in cases if case.new_brokers}
    doubtful = {difference.case for difference in first.unexplained} - new
    if not doubtful:
        return first
    again = [replace(case, alone=True) for case in cases if case.identifier in doubtful]
    second = run_cases(again, kafka, ottla, rules, known)
    kept = [verdict for verdict in first.verdicts if verdict.case.identifier not in doubtful]
    return Summary(
        verdicts=[*kept, *second.verdicts],
        unexplained=[item for item in first.unexplained if item.case in new] + second.unexplained,
        explained=[item for item in first.explained if item.case not in doubtful] + second.explained,
        stale=[item for item in known if not item.occurrences],
        asked_again=tuple(sorted(doubtful)),
        seconds=first.seconds + second.seconds,
    )


def _summary(verdicts: list[Verdict], explanations: Iterable[Explanation], seconds: float) -> Summary:
    summary = Summary(verdicts, seconds=seconds)
    known = list(explanations)
    for verdict in verdicts:
        for difference in verdict.differences:
            covering = [item for item in known if item.covers(difference)]
            for item in covering:
                item.occurrences += 1
            (summary.explained if covering else summary.unexplained).append(difference)
    summary.stale = [item for item in known if not item.occurrences]
    return summary


def _names(case: Case, prefix: str) -> dict[str, str]:
    return {
        name: f"{prefix}-{name.translate(_INVALID_NAME_CHARACTERS)}" for name in [*case.topics, *case.names]
    }


def _creatables(named: Sequence[NamedCase]) -> list[CreatableTopic]:
    """Return the topics of cases as they are created."""
    return [
        _creatable(item.names[name], resolve(item.case.topics[name], item.case.constants))
        for item in named
        for name in item.case.topics
    ]


def _creatable(name: str, description: Any) -> CreatableTopic:
    if isinstance(description, int):
        description = {"partitions": description}
    configs = description.get("configs", {})
    return CreatableTopic(
        name=name,
        num_partitions=description.get("partitions", 1),
        replication_factor=1,
        configs=[CreatableTopicConfig(name=key, value=str(value)) for key, value in configs.items()],
    )


def _wait_until_served(client: RawClient, topics: Sequence[CreatableTopic]) -> None:
    """Ask for the end of every partition until there is none that is not served yet."""
    waited_for = {topic.name: topic.num_partitions for topic in topics}
    deadline = monotonic() + READY_TIMEOUT_S
    while waited_for:
        request = ListOffsetsRequest(
            replica_id=-1,
            topics=[
                ListOffsetsTopic(
                    name=name,
                    partitions=[ListOffsetsPartition(partition_index=i, timestamp=-1) for i in range(count)],
                )
                for name, count in waited_for.items()
            ],
        )
        response = client.ask(ApiKey.LIST_OFFSETS, 6, request)
        waited_for = {
            topic.name: waited_for[topic.name]
            for topic in response.topics
            if any(partition.error_code for partition in topic.partitions)
        }
        assert monotonic() < deadline, f"not served: {sorted(waited_for)}"
        sleep(READY_PAUSE_S)


def _wait_for_coordinator(client: RawClient) -> None:
    """Have the group coordinator's topic created, and wait until each of its partitions is loaded."""
    # Enough names to meet each of the few partitions.
    groups = [f"group-{number}" for number in range(40)]
    deadline = monotonic() + READY_TIMEOUT_S
    while True:
        found = client.ask(ApiKey.FIND_COORDINATOR, 4, FindCoordinatorRequest(coordinator_keys=groups))
        described = client.ask(ApiKey.DESCRIBE_GROUPS, 0, DescribeGroupsRequest(groups=groups))
        if not any(item.error_code for item in [*found.coordinators, *described.groups]):
            return
        assert monotonic() < deadline, f"no group coordinator: {found}, {described}"
        sleep(READY_PAUSE_S)


def target_of(port: int, controller_port: int, restart: Callable[[], None] | None = None) -> Target:
    """Return the target on two ports, with the name that its cluster has."""
    with RawClient(port) as client:
        cluster_id = client.ask(ApiKey.METADATA, 9, MetadataRequest(topics=[])).cluster_id
    return Target(port, controller_port, {"cluster_id": cluster_id, "port": port}, restart)
