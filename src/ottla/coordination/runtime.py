"""The one shell of every replicated machine: commands in, records to the log, replies out.

What holds here, for group coordinator shards and the metadata controller alike:

- Commands are handled in the order in which they arrive, one at a time, also those without records.
- At most one append is in flight. Its records are replayed once they are committed, and only then do its
  replies leave. A command that arrives meanwhile waits in a bounded queue, unless its machine says that it may
  overtake: a disk that stalls does not hold up heartbeats and reads.
- What is due by time takes its place among the commands that wait: whoever came before is heard before.
- When an append fails nothing of it was replayed. Whoever waits for it gets the error, everybody else who waits is
  told to ask again, and the machine is made anew from its log.
- An append that completes at once, the usual case, costs no extra turn of the loop and no task.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from ottla.clock import Clock
from ottla.completion import Completion
from ottla.errors import ErrorCode, KafkaError
from ottla.machine import Effects, Machine, Reply
from ottla.tasks import Timer

logger = logging.getLogger("ottla.coordination")

R = TypeVar("R")

RELOAD_DELAY_MS = 1_000
"""Shortest time between two loads that failures caused, so that a full disk does not keep us loading."""


class Command(Protocol):
    """What a machine handles; each command brings the completion that its reply is for."""

    @property
    def reply_to(self) -> Completion[Any]:
        """Where the reply goes, exactly once."""


C = TypeVar("C", bound=Command)


class Scheduler(Protocol):
    """The one thing of `ottla.tasks.Tasks` that the shell uses; tests hand in one that stands still."""

    def call_later(self, delay_ms: float, callback: Callable[[], None]) -> Timer:
        """Run a callback after a delay in ms."""


class LoopTasks(Scheduler, Protocol):
    """What of `ottla.tasks.Tasks` the shell and the log of a machine use together."""

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Run a callback in the next turn of the loop."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """Time and timers for the services above, which are pure and cannot name the clock and the loop themselves."""

    clock: Clock
    tasks: LoopTasks


class MachineLog(Protocol[R]):
    """Where a machine's records live."""

    def append(self, records: list[R]) -> Completion[None]:
        """Append all records or none; done when they are committed. Failures are in the completion."""

    def replay(self, apply: Callable[[R], None]) -> Completion[None]:
        """Apply every committed record in order; may work in slices so that a long log stalls nobody."""


@dataclass(frozen=True, slots=True)
class ShellErrors:
    """How the owner's clients are told of what a machine cannot know about."""

    loading: ErrorCode
    """The machine is being made from its log."""

    closed: ErrorCode
    """The machine was never loaded, could not be loaded, or is closed; or it is being made anew, and those who waited
    for something else than the append that failed should ask again."""

    overloaded: ErrorCode
    """Too many commands wait behind an unfinished append, or one waited too long."""

    append_failed: Callable[[BaseException], KafkaError]
    """What an error of the log means to a client of this machine (facts 1.3 for coordinators)."""


class _State(Enum):
    NEW = "new"
    LOADING = "loading"
    ACTIVE = "active"
    FAILED = "failed"
    CLOSED = "closed"


class MachineShell(Generic[C, R]):
    """Runs one machine over one log.

    `queue_limit` bounds the commands that wait behind an unfinished append. `write_timeout_ms`, when given,
    bounds how long a client waits for one; the records may still be committed afterwards. `after_replay` is
    called when a batch of records, or the whole log, has been replayed and before any reply leaves.
    """

    def __init__(
        self,
        name: str,
        create_machine: Callable[[], Machine[C, R]],
        log: MachineLog[R],
        clock: Clock,
        tasks: Scheduler,
        *,
        queue_limit: int,
        errors: ShellErrors,
        write_timeout_ms: int | None = None,
        after_replay: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self._create_machine = create_machine
        self._log = log
        self._clock = clock
        self._tasks = tasks
        self._queue_limit = queue_limit
        self._errors = errors
        self._write_timeout_ms = write_timeout_ms
        self._after_replay = after_replay
        self._state = _State.NEW
        self._machine: Machine[C, R] | None = None
        self._waiting: deque[tuple[C, int]] = deque()
        self._in_flight: list[Reply] | None = None
        self._in_flight_since_ms = 0
        self._running = False
        self._wake_due_since_ms: int | None = None
        self._wake_timer: Timer | None = None
        self._wake_timer_due_ms = 0
        self._write_timer: Timer | None = None
        self._reload_timer: Timer | None = None
        self._loaded_after_failure_ms: int | None = None
        self._reload_failure: str | None = None

    @property
    def is_active(self) -> bool:
        """Whether commands are handled now."""
        return self._state is _State.ACTIVE

    @property
    def is_loading(self) -> bool:
        """Whether the machine is being made from its log."""
        return self._state is _State.LOADING

    @property
    def machine(self) -> Machine[C, R] | None:
        """The machine while commands are handled, to be looked at and never to be changed; None otherwise."""
        return self._machine

    def load(self) -> Completion[None]:
        """Make the machine from its log; done when commands are handled.

        Fails with what the log or the replay failed with; commands are refused until a load succeeds.
        """
        assert self._state in (_State.NEW, _State.FAILED), f"{self.name} is loaded once"
        return self._start_load()

    def submit(self, command: C) -> None:
        """Handle a command, now or after those before it. Its `reply_to` is completed in every case."""
        if self._state is not _State.ACTIVE:
            code = self._errors.loading if self._state is _State.LOADING else self._errors.closed
            command.reply_to.fail(KafkaError(code))
        elif self._overtakes(command):
            self._handle_beside_append(command)
        elif len(self._waiting) >= self._queue_limit:
            command.reply_to.fail(KafkaError(self._errors.overloaded))
        else:
            self._waiting.append((command, self._clock.now_ms()))
            self._run()

    def close(self, error: KafkaError) -> None:
        """Stop for good; everybody who waits gets the error. An append in flight may still reach the log."""
        if self._state is _State.CLOSED:
            return
        self._state = _State.CLOSED
        self._give_up(error)
        if self._reload_timer is not None:
            self._reload_timer.cancel()
            self._reload_timer = None

    def _run(self) -> None:
        """Handle what waits until an append is in flight; a call from within a reply changes nothing."""
        if self._running:
            return
        self._running = True
        try:
            while self._in_flight is None and self._machine is not None:
                if self._wake_is_next():
                    self._wake_due_since_ms = None
                    effects = self._wake(self._machine)
                elif self._waiting:
                    command, _ = self._waiting.popleft()
                    effects = self._handle(self._machine, command)
                else:
                    break
                if effects is not None:
                    self._perform(self._machine, effects)
        finally:
            self._running = False
        self._arm_wake_timer()
        self._arm_write_timer()

    def _wake_is_next(self) -> bool:
        due_since_ms = self._wake_due_since_ms
        return due_since_ms is not None and not (self._waiting and self._waiting[0][1] <= due_since_ms)

    def _overtakes(self, command: C) -> bool:
        return (
            self._in_flight is not None and self._machine is not None and self._machine.may_overtake(command)
        )

    def _handle_beside_append(self, command: C) -> None:
        assert self._machine is not None, "only a machine has an append in flight"
        effects = self._handle(self._machine, command)
        if effects is not None:
            assert not effects.records, "what overtakes appends nothing"
            _release(effects.replies)
        self._arm_wake_timer()

    def _handle(self, machine: Machine[C, R], command: C) -> Effects[R] | None:
        try:
            return machine.handle(command, self._clock.now_ms())
        except Exception as error:  # noqa: BLE001 - a refusal or a bug, it belongs to whoever sent the command
            command.reply_to.fail(error)
            return None

    def _wake(self, machine: Machine[C, R]) -> Effects[R] | None:
        try:
            return machine.wake(self._clock.now_ms())
        except Exception:  # a bug without a client to tell: the log is the only state to trust
            logger.exception(
                "%s failed while it did what was due; it is loaded again from its log", self.name
            )
            self._reload()
            return None

    def _perform(self, machine: Machine[C, R], effects: Effects[R]) -> None:
        if not effects.records:
            _release(effects.replies)
            return
        self._in_flight = effects.replies
        self._in_flight_since_ms = self._clock.now_ms()
        self._log.append(effects.records).on_done(partial(self._appended, machine, effects))

    def _appended(self, machine: Machine[C, R], effects: Effects[R], appended: Completion[None]) -> None:
        if machine is not self._machine:
            return  # closed meanwhile, and everybody was told
        self._in_flight = None
        if appended.error is not None:
            logger.warning(
                "%s could not append %d records: %s", self.name, len(effects.records), appended.error
            )
            _fail(effects.replies, self._errors.append_failed(appended.error))
            self._reload()
        else:
            self._replay(machine, effects)
        self._run()

    def _replay(self, machine: Machine[C, R], effects: Effects[R]) -> None:
        try:
            for record in effects.records:
                machine.replay(record)
            if self._after_replay is not None:
                self._after_replay()
        except Exception as error:  # a bug, and the state is now half of what the log says
            logger.exception(
                "%s could not replay its own records; it is loaded again from its log", self.name
            )
            _fail(effects.replies, self._errors.append_failed(error))
            self._reload()
        else:
            _release(effects.replies)

    def _start_load(self) -> Completion[None]:
        self._state = _State.LOADING
        machine = self._create_machine()
        loaded: Completion[None] = Completion()
        self._log.replay(machine.replay).on_done(partial(self._replayed_log, machine, loaded))
        return loaded

    def _replayed_log(
        self, machine: Machine[C, R], loaded: Completion[None], replayed: Completion[None]
    ) -> None:
        if self._state is _State.CLOSED:
            loaded.fail(KafkaError(self._errors.closed))
            return
        if replayed.error is not None:
            self._state = _State.FAILED
            loaded.fail(replayed.error)
            return
        self._state = _State.ACTIVE
        self._machine = machine
        self._wake_due_since_ms = self._clock.now_ms()  # it comes from its log and was not told the time yet
        if self._after_replay is not None:
            self._after_replay()
        loaded.resolve(None)
        self._run()

    def _reload(self) -> None:
        self._state = _State.LOADING
        self._give_up(KafkaError(self._errors.closed))
        last = self._loaded_after_failure_ms
        delay_ms = 0 if last is None else max(0, last + RELOAD_DELAY_MS - self._clock.now_ms())
        self._reload_timer = self._tasks.call_later(min(delay_ms, RELOAD_DELAY_MS), self._load_again)

    def _load_again(self) -> None:
        self._reload_timer = None
        self._loaded_after_failure_ms = self._clock.now_ms()
        self._start_load().on_done(self._loaded_again)

    def _loaded_again(self, loaded: Completion[None]) -> None:
        error = loaded.error
        if error is None:
            self._reload_failure = None
            logger.info("%s was loaded again from its log", self.name)
        elif self._state is not _State.CLOSED:
            # A disk that stays broken is worth one line, not one a second.
            if str(error) != self._reload_failure:
                self._reload_failure = str(error)
                bug = None if isinstance(error, OSError | KafkaError) else error
                logger.error("%s cannot be loaded again from its log: %s", self.name, error, exc_info=bug)
            self._state = _State.LOADING
            self._reload_timer = self._tasks.call_later(RELOAD_DELAY_MS, self._load_again)

    def _give_up(self, error: KafkaError) -> None:
        """Drop the machine and tell everybody who waits for it."""
        machine, self._machine = self._machine, None
        in_flight, self._in_flight = self._in_flight, None
        waiting, self._waiting = self._waiting, deque()
        self._wake_due_since_ms = None
        for timer in (self._wake_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._wake_timer = self._write_timer = None
        _fail(in_flight or [], error)
        for parked in machine.abandon() if machine is not None else ():
            if not parked.done:
                parked.fail(error)
        for command, _ in waiting:
            command.reply_to.fail(error)

    def _arm_wake_timer(self) -> None:
        if self._wake_due_since_ms is not None:
            return  # it is due already and waits for the append in flight, which ends in `_run`
        due_ms = self._machine.next_wakeup_ms() if self._machine is not None else None
        if self._wake_timer is not None:
            if due_ms is not None and self._wake_timer_due_ms <= due_ms:
                return  # deadlines mostly move away; the timer finds out when it fires
            self._wake_timer.cancel()
            self._wake_timer = None
        if due_ms is not None:
            self._wake_timer_due_ms = due_ms
            self._wake_timer = self._tasks.call_later(
                max(0, due_ms - self._clock.now_ms()), self._on_wake_timer
            )

    def _on_wake_timer(self) -> None:
        self._wake_timer = None
        self._wake_due_since_ms = self._clock.now_ms()
        self._run()

    def _arm_write_timer(self) -> None:
        if self._write_timeout_ms is None or self._in_flight is None or self._write_timer is not None:
            return
        since_ms = self._waiting[0][1] if self._waiting and not self._in_flight else self._in_flight_since_ms
        delay_ms = since_ms + self._write_timeout_ms - self._clock.now_ms()
        self._write_timer = self._tasks.call_later(max(0, delay_ms), self._on_write_timer)

    def _on_write_timer(self) -> None:
        """Tell those who waited too long behind an append; the append itself goes on."""
        self._write_timer = None
        if self._in_flight is None or self._write_timeout_ms is None:
            return
        expired_ms = self._clock.now_ms() - self._write_timeout_ms
        error = KafkaError(self._errors.overloaded)
        if self._in_flight_since_ms <= expired_ms:
            expired, self._in_flight[:] = list(self._in_flight), []
            _fail(expired, error)
        while self._waiting and self._waiting[0][1] <= expired_ms:
            self._waiting.popleft()[0].reply_to.fail(error)
        if self._in_flight or self._waiting:
            self._arm_write_timer()


def _release(replies: list[Reply]) -> None:
    for reply in replies:
        reply.release()


def _fail(replies: list[Reply], error: KafkaError) -> None:
    for reply in replies:
        if not reply.to.done:
            reply.to.fail(error)
