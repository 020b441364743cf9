"""The contract of every replicated machine: group coordinator, metadata controller and those to come.

A machine is pure: it gets commands and the time, and gives back effects. Only `replay` changes hard state,
so that the state after a restart is the state before it. The shell in `coordination.runtime` appends the
records to the machine's log, replays them, and only then releases the replies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from ottla.completion import Completion

R = TypeVar("R")
C_contra = TypeVar("C_contra", contravariant=True)


@dataclass(slots=True)
class Reply:
    """An answer that may go out once the records of the same effects are committed."""

    to: Completion[Any]
    value: object = None
    error: BaseException | None = None

    def release(self) -> None:
        """Hand the answer to whoever waits for it."""
        if self.error is not None:
            self.to.fail(self.error)
        else:
            self.to.resolve(self.value)


@dataclass(slots=True)
class Effects(Generic[R]):
    """What a machine wants done: records appended in one batch, then replies released in order."""

    records: list[R] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)


class Machine(Protocol[C_contra, R]):
    """A state machine over a log of records of type R, driven by commands of type C."""

    def handle(self, command: C_contra, now_ms: int) -> Effects[R]:
        """Validate a command against the current state; never changes hard state.

        A command carries the completion that its reply is for; the machine may keep it (a parked JoinGroup)
        and release it in later effects. Raises KafkaError to refuse the command as a whole.
        """

    def may_overtake(self, command: C_contra) -> bool:
        """Tell whether a command may be handled while records are on their way to the log.

        Such a command appends nothing, and what it finds and does is right before those records as well as after them.
        """

    def replay(self, record: R) -> None:
        """Apply a committed record. Never fails on a record that `handle` or `wake` produced."""

    def wake(self, now_ms: int) -> Effects[R]:
        """Do what is due: expire sessions, complete rebalances, snapshot."""

    def next_wakeup_ms(self) -> int | None:
        """Return when `wake` is next due, in the same time as `now_ms`; None while nothing waits."""

    def abandon(self) -> list[Completion[Any]]:
        """Give up every parked reply, because the machine is about to be reloaded or stopped."""
