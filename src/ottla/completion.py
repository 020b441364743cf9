"""A result that is there now or will be there later, without asyncio.

A completion is resolved or failed exactly once, on the loop's thread; callbacks run at once, in the
order in which they were added. A handler that must wait returns one, and so does every append.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")


class Completion(Generic[T]):
    """One result of type T, or one exception."""

    __slots__ = ("_callbacks", "_value", "done", "error")

    def __init__(self) -> None:
        self.done = False
        """Whether the value or the exception is there; for others to read, as `error` is."""
        self.error: BaseException | None = None
        """The exception, or None when the result is a value or not there yet."""
        self._value: Any = None
        self._callbacks: list[Callable[[Completion[T]], None]] | None = None

    @classmethod
    def resolved(cls, value: T) -> Completion[T]:
        """Return a completion that already holds its value."""
        completion = cls()
        completion.done = True
        completion._value = value
        return completion

    @classmethod
    def failed(cls, error: BaseException) -> Completion[T]:
        """Return a completion that already holds its exception."""
        completion = cls()
        completion.done = True
        completion.error = error
        return completion

    def result(self) -> T:
        """Return the value, or raise the exception. Asking too early is a bug."""
        if self.error is not None:
            raise self.error
        assert self.done, "the result was asked for before it was there"
        value: T = self._value
        return value

    def resolve(self, value: T) -> None:
        """Store the value and run the callbacks."""
        assert not self.done, "a completion is completed once"
        self.done = True
        self._value = value
        self._run_callbacks()

    def fail(self, error: BaseException) -> None:
        """Store the exception and run the callbacks."""
        assert not self.done, "a completion is completed once"
        self.done = True
        self.error = error
        self._run_callbacks()

    def on_done(self, callback: Callable[[Completion[T]], None]) -> None:
        """Call back with this completion once it is done; at once when it already is."""
        if self.done:
            callback(self)
        elif self._callbacks is None:
            self._callbacks = [callback]
        else:
            self._callbacks.append(callback)

    def map(self, transform: Callable[[T], U]) -> Completion[U]:
        """Return a completion of `transform(value)`; exceptions, also those of `transform`, pass through."""
        mapped: Completion[U] = Completion()

        def forward(source: Completion[T]) -> None:
            try:
                value = transform(source.result())
            except Exception as error:  # noqa: BLE001 - whatever went wrong belongs to whoever waits for the value
                mapped.fail(error)
            else:
                mapped.resolve(value)

        self.on_done(forward)
        return mapped

    def then(self, follow: Callable[[T], Completion[U]]) -> Completion[U]:
        """Return a completion of what `follow(value)` completes with; exceptions pass through, also its own."""
        followed: Completion[U] = Completion()

        def forward(source: Completion[T]) -> None:
            try:
                follow(source.result()).on_done(followed.take)
            except Exception as error:  # noqa: BLE001 - whatever went wrong belongs to whoever waits for the value
                followed.fail(error)

        self.on_done(forward)
        return followed

    def take(self, source: Completion[T]) -> None:
        """Complete with the value or the exception of another completion that is done."""
        if source.error is not None:
            self.fail(source.error)
        else:
            self.resolve(source.result())

    def _run_callbacks(self) -> None:
        callbacks, self._callbacks = self._callbacks, None
        for callback in callbacks or ():
            callback(self)


def gather(completions: list[Completion[T]]) -> Completion[list[Completion[T]]]:
    """Return a completion that is resolved with the given ones when the last of them is done."""
    gathered: Completion[list[Completion[T]]] = Completion()
    waiting = sum(1 for completion in completions if not completion.done)
    if waiting == 0:
        gathered.resolve(completions)
        return gathered

    def one_done(_: Completion[T]) -> None:
        nonlocal waiting
        waiting -= 1
        if waiting == 0:
            gathered.resolve(completions)

    for completion in completions:
        if not completion.done:
            completion.on_done(one_done)
    return gathered
