import pytest

from ottla.completion import Completion, gather


def test_callbacks_run_in_order_when_the_value_comes_and_at_once_when_it_is_there() -> None:
    completion: Completion[int] = Completion()
    seen: list[tuple[str, int]] = []
    completion.on_done(lambda done: seen.append(("first", done.result())))
    completion.on_done(lambda done: seen.append(("second", done.result())))
    assert not completion.done
    completion.resolve(7)
    completion.on_done(lambda done: seen.append(("late", done.result())))
    assert seen == [("first", 7), ("second", 7), ("late", 7)]


def test_none_is_a_value() -> None:
    completion: Completion[None] = Completion()
    completion.resolve(None)
    assert completion.done
    assert completion.error is None


def test_an_exception_is_raised_where_the_value_is_asked_for() -> None:
    error = KeyError("x")
    completion: Completion[int] = Completion.failed(error)
    assert completion.error is error
    with pytest.raises(KeyError):
        completion.result()


def test_a_completion_is_completed_once_and_not_asked_too_early() -> None:
    completion: Completion[int] = Completion()
    with pytest.raises(AssertionError):
        completion.result()
    completion.resolve(1)
    with pytest.raises(AssertionError):
        completion.resolve(2)
    with pytest.raises(AssertionError):
        completion.fail(ValueError())
    assert completion.result() == 1


def test_a_mapped_completion_passes_values_on_and_keeps_every_exception() -> None:
    source: Completion[int] = Completion()
    doubled = source.map(lambda value: value * 2)
    broken = source.map(lambda value: value // 0)
    assert not doubled.done
    source.resolve(4)
    assert doubled.result() == 8
    assert isinstance(broken.error, ZeroDivisionError)
    error = ValueError("why")
    assert Completion.failed(error).map(str).error is error


def test_gathering_ends_with_the_last_one_also_when_some_fail() -> None:
    first: Completion[int] = Completion()
    second: Completion[int] = Completion()
    given = [first, Completion.resolved(1), second]
    gathered = gather(given)
    first.fail(ValueError())
    assert not gathered.done
    second.resolve(2)
    assert gathered.result() is given
    assert gather([]).done


def test_one_completion_follows_another_and_every_exception_passes_through() -> None:
    first: Completion[int] = Completion()
    second: Completion[str] = Completion()
    followed = first.then(lambda value: second if value else Completion.failed(ValueError("none")))
    first.resolve(1)
    assert not followed.done
    second.resolve("end")
    assert followed.result() == "end"
    assert isinstance(
        Completion.resolved(0).then(lambda _: Completion.failed(ValueError())).error, ValueError
    )
    assert isinstance(Completion[int].failed(KeyError()).then(Completion.resolved).error, KeyError)
    assert isinstance(Completion.resolved(0).then(lambda value: 1 // value).error, ZeroDivisionError)
