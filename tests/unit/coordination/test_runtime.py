"""The shell of every machine: order, one append in flight, replies after commit, reload after failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.support.manual_time import ManualTime

from ottla.completion import Completion
from ottla.coordination.runtime import RELOAD_DELAY_MS, MachineShell, ShellErrors
from ottla.errors import ErrorCode, KafkaError
from ottla.machine import Effects, Reply


@dataclass
class Add:
    """Add to the sum; a read when zero, a refusal when negative, parked when `park`."""

    amount: int
    park: bool = False
    overtakes: bool = False
    reply_to: Completion[Any] = field(default_factory=Completion)


class Sum:
    """A machine whose hard state is a sum."""

    def __init__(self) -> None:
        self.total = 0
        self.parked: list[Completion[Any]] = []
        self.due_ms: int | None = None
        self.wakes: list[int] = []

    def handle(self, command: Add, now_ms: int) -> Effects[int]:
        if command.amount < 0:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "negative")
        if command.park:
            self.parked.append(command.reply_to)
            self.due_ms = now_ms + command.amount
            return Effects()
        records = [command.amount] if command.amount else []
        return Effects(records, [Reply(command.reply_to, self.total)])

    def may_overtake(self, command: Add) -> bool:
        return command.overtakes

    def replay(self, record: int) -> None:
        self.total += record

    def wake(self, now_ms: int) -> Effects[int]:
        self.wakes.append(now_ms)
        if self.due_ms is None or self.due_ms > now_ms:
            return Effects()
        self.due_ms = None
        replies = [Reply(parked, "woken") for parked in self.parked]
        self.parked.clear()
        return Effects([], replies)

    def next_wakeup_ms(self) -> int | None:
        return self.due_ms

    def abandon(self) -> list[Completion[Any]]:
        return self.parked


class Log:
    """A log in memory that can hold appends back or fail them."""

    def __init__(self) -> None:
        self.records: list[int] = []
        self.appends: list[list[int]] = []
        self.hold = False
        self.error: BaseException | None = None
        self.replay_error: BaseException | None = None
        self.held: list[tuple[list[int], Completion[None]]] = []
        self.held_replays: list[tuple[Callable[[int], None], Completion[None]]] | None = None

    def append(self, records: list[int]) -> Completion[None]:
        self.appends.append(list(records))
        if self.error is not None:
            return Completion.failed(self.error)
        if self.hold:
            completion: Completion[None] = Completion()
            self.held.append((records, completion))
            return completion
        self.records.extend(records)
        return Completion.resolved(None)

    def commit_next(self, error: BaseException | None = None) -> None:
        records, completion = self.held.pop(0)
        if error is not None:
            completion.fail(error)
        else:
            self.records.extend(records)
            completion.resolve(None)

    def replay(self, apply: Callable[[int], None]) -> Completion[None]:
        if self.replay_error is not None:
            return Completion.failed(self.replay_error)
        if self.held_replays is not None:
            completion: Completion[None] = Completion()
            self.held_replays.append((apply, completion))
            return completion
        for record in self.records:
            apply(record)
        return Completion.resolved(None)


class Rig:
    """A shell over a `Sum` with everything in reach."""

    def __init__(self, *, queue_limit: int = 3, write_timeout_ms: int | None = None) -> None:
        self.time = ManualTime()
        self.log = Log()
        self.machines: list[Sum] = []
        self.replayed: list[int] = []
        self.shell: MachineShell[Add, int] = MachineShell(
            "sum",
            self._create,
            self.log,
            self.time,
            self.time,
            queue_limit=queue_limit,
            errors=ShellErrors(
                loading=ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
                closed=ErrorCode.NOT_COORDINATOR,
                overloaded=ErrorCode.COORDINATOR_NOT_AVAILABLE,
                append_failed=lambda error: KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)),
            ),
            write_timeout_ms=write_timeout_ms,
            after_replay=lambda: self.replayed.append(self.machine.total),
        )

    def _create(self) -> Sum:
        self.machines.append(Sum())
        return self.machines[-1]

    @property
    def machine(self) -> Sum:
        return self.machines[-1]

    def send(self, amount: int, *, park: bool = False, overtakes: bool = False) -> Completion[Any]:
        command = Add(amount, park, overtakes)
        self.shell.submit(command)
        return command.reply_to


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.log.records = [5]
    assert rig.shell.load().done
    return rig


def code_of(reply: Completion[Any]) -> ErrorCode:
    assert isinstance(reply.error, KafkaError)
    return reply.error.code


def test_an_inline_append_is_answered_at_once_with_the_state_before_it(rig: Rig) -> None:
    assert rig.send(2).result() == 5
    assert rig.send(0).result() == 7
    assert rig.log.records == [5, 2]


def test_after_replay_runs_after_the_load_and_before_each_reply(rig: Rig) -> None:
    seen: list[list[int]] = []
    command = Add(2)
    command.reply_to.on_done(lambda _: seen.append(list(rig.replayed)))
    rig.shell.submit(command)
    assert seen == [[5, 7]]


def test_a_refusal_reaches_its_sender_only(rig: Rig) -> None:
    assert code_of(rig.send(-1)) is ErrorCode.INVALID_REQUEST
    assert rig.send(1).result() == 5


def test_while_an_append_is_in_flight_later_commands_keep_their_order(rig: Rig) -> None:
    rig.log.hold = True
    first, read, second = rig.send(1), rig.send(0), rig.send(2)
    assert rig.log.appends == [[1]]
    assert not first.done
    assert not read.done
    rig.log.commit_next()
    assert (first.result(), read.result()) == (5, 6)
    assert rig.log.appends == [[1], [2]]
    assert not second.done
    rig.log.commit_next()
    assert second.result() == 6


def test_what_may_overtake_waits_for_no_append_and_finds_what_is_committed(rig: Rig) -> None:
    rig.log.hold = True
    first, waiting = rig.send(1), rig.send(0)
    assert rig.send(0, overtakes=True).result() == 5
    assert code_of(rig.send(-1, overtakes=True)) is ErrorCode.INVALID_REQUEST
    assert not first.done
    rig.log.commit_next()
    assert (first.result(), waiting.result()) == (5, 6)


def test_what_overtakes_passes_a_full_queue_and_may_set_a_deadline(rig: Rig) -> None:
    rig.log.hold = True
    waiting = [rig.send(1) for _ in range(4)]
    parked = rig.send(500, park=True, overtakes=True)
    assert rig.time.pending == [500]
    rig.time.advance(500)
    for _ in waiting:
        rig.log.commit_next()
    assert parked.result() == "woken"


def test_commands_that_came_before_a_deadline_passed_are_heard_before_it_acts(rig: Rig) -> None:
    order: list[str] = []
    rig.send(100, park=True).on_done(lambda _: order.append("deadline"))
    rig.log.hold = True
    rig.send(1)
    rig.send(2).on_done(lambda _: order.append("before"))
    rig.time.advance(100)
    rig.time.advance(1)
    rig.send(3).on_done(lambda _: order.append("after"))
    for _ in range(3):
        rig.log.commit_next()
    assert order == ["before", "deadline", "after"]


def test_a_full_queue_refuses_the_newest(rig: Rig) -> None:
    rig.log.hold = True
    waiting = [rig.send(1) for _ in range(4)]
    assert code_of(rig.send(1)) is ErrorCode.COORDINATOR_NOT_AVAILABLE
    for _ in waiting:
        rig.log.commit_next()
    assert [reply.result() for reply in waiting] == [5, 6, 7, 8]


def test_a_failed_append_interrupts_everybody_and_loads_again(rig: Rig) -> None:
    rig.log.hold = True
    parked = rig.send(500, park=True)
    first, waiting = rig.send(1), rig.send(0)
    rig.log.commit_next(OSError("disk full"))
    assert code_of(first) is ErrorCode.KAFKA_STORAGE_ERROR
    for bystander in (parked, waiting):
        assert code_of(bystander) is ErrorCode.NOT_COORDINATOR
    assert code_of(rig.send(0)) is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    rig.time.advance()
    assert rig.send(0).result() == 5
    assert len(rig.machines) == 2


def test_repeated_failures_load_at_most_once_per_delay(rig: Rig) -> None:
    rig.log.error = OSError("disk full")
    rig.send(1)
    rig.time.advance()
    assert code_of(rig.send(1)) is ErrorCode.KAFKA_STORAGE_ERROR
    rig.time.advance()
    assert rig.shell.is_loading
    rig.time.advance(RELOAD_DELAY_MS)
    assert rig.shell.is_active


def test_a_load_that_fails_after_a_failed_append_is_tried_again_and_told_of_once(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.log.error = rig.log.replay_error = OSError("disk gone")
    rig.send(1)
    rig.time.advance()
    for _ in range(3):
        rig.time.advance(RELOAD_DELAY_MS)
        assert code_of(rig.send(0)) is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    assert caplog.text.count("cannot be loaded again from its log: disk gone") == 1
    rig.log.error = rig.log.replay_error = None
    rig.time.advance(RELOAD_DELAY_MS)
    assert rig.send(0).result() == 5


def test_before_and_while_loading_commands_are_refused() -> None:
    rig = Rig()
    assert code_of(rig.send(0)) is ErrorCode.NOT_COORDINATOR
    rig.log.held_replays = []
    loaded = rig.shell.load()
    assert code_of(rig.send(0)) is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    apply, replayed = rig.log.held_replays[0]
    apply(9)
    replayed.resolve(None)
    assert loaded.done
    assert rig.send(0).result() == 9


def test_a_first_load_that_fails_tells_why_and_may_be_repeated() -> None:
    rig = Rig()
    rig.log.replay_error = OSError("unreadable")
    assert isinstance(rig.shell.load().error, OSError)
    assert code_of(rig.send(0)) is ErrorCode.NOT_COORDINATOR
    rig.log.replay_error = None
    rig.shell.load().result()
    assert rig.send(0).result() == 0


def test_a_machine_is_woken_once_after_its_load_and_then_only_when_due(rig: Rig) -> None:
    assert rig.machine.wakes == [rig.time.now_ms()]
    assert rig.time.pending == []
    parked = rig.send(500, park=True)
    assert rig.time.pending == [500]
    rig.time.advance(499)
    assert not parked.done
    rig.time.advance(1)
    assert parked.result() == "woken"
    assert rig.time.pending == []


def test_a_deadline_that_moved_away_costs_one_early_wake(rig: Rig) -> None:
    rig.send(500, park=True)
    rig.send(800, park=True)
    assert rig.time.pending == [500]
    rig.time.advance(500)
    assert rig.time.pending == [300]


def test_a_wake_waits_for_the_append_in_flight(rig: Rig) -> None:
    parked = rig.send(100, park=True)
    rig.log.hold = True
    rig.send(1)
    rig.time.advance(200)
    assert not parked.done
    rig.log.commit_next()
    assert parked.result() == "woken"


def test_a_command_from_within_a_reply_is_handled_after_it(rig: Rig) -> None:
    nested: list[Completion[Any]] = []
    command = Add(1)
    command.reply_to.on_done(lambda _: nested.append(rig.send(0)))
    rig.shell.submit(command)
    assert nested[0].result() == 6


def test_close_fails_everybody_and_later_commits_change_nothing(rig: Rig) -> None:
    rig.log.hold = True
    parked, first, waiting = rig.send(100, park=True), rig.send(1), rig.send(0)
    rig.shell.close(KafkaError(ErrorCode.NOT_COORDINATOR))
    for reply in (parked, first, waiting):
        assert code_of(reply) is ErrorCode.NOT_COORDINATOR
    rig.log.commit_next()
    assert rig.time.pending == []
    assert code_of(rig.send(0)) is ErrorCode.NOT_COORDINATOR


def test_a_write_that_takes_too_long_is_answered_and_still_committed() -> None:
    rig = Rig(write_timeout_ms=5_000)
    rig.shell.load().result()
    rig.log.hold = True
    first = rig.send(1)
    rig.time.advance(3_000)
    later = rig.send(0)
    rig.time.advance(2_000)
    assert code_of(first) is ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert not later.done
    rig.time.advance(3_000)
    assert code_of(later) is ErrorCode.COORDINATOR_NOT_AVAILABLE
    rig.log.commit_next()
    assert rig.send(0).result() == 1


def test_a_bug_in_wake_loads_the_machine_again(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    parked = rig.send(100, park=True)
    rig.machine.wake = lambda _: 1 // 0  # type: ignore[assignment,return-value]
    rig.time.advance(100)
    assert code_of(parked) is ErrorCode.NOT_COORDINATOR
    assert rig.send(0).result() == 5
    assert "loaded again" in caplog.text


def test_a_bug_in_handle_belongs_to_its_sender(rig: Rig) -> None:
    rig.machine.handle = lambda *_: 1 // 0  # type: ignore[assignment,return-value]
    assert isinstance(rig.send(0).error, ZeroDivisionError)
