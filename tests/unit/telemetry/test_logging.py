import io
import logging
import re
from collections.abc import Iterator

import pytest

from ottla.telemetry.logging import (
    TRACE,
    configure_logging,
    level_name,
    level_number,
    log_for_other_process,
    lowest_level,
)


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_has_kafkas_form() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    logging.getLogger("kafka.server.KafkaRaftServer").info(
        "[KafkaRaftServer nodeId=%d] Kafka Server started", 1
    )
    assert re.fullmatch(
        r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] INFO \[KafkaRaftServer nodeId=1\] Kafka Server started "
        r"\(kafka\.server\.KafkaRaftServer\)\n",
        stream.getvalue(),
    )


@pytest.mark.parametrize(
    ("level", "name"),
    [(logging.WARNING, "WARN"), (logging.CRITICAL, "FATAL"), (logging.ERROR, "ERROR"), (TRACE, "TRACE")],
)
def test_levels_have_kafkas_names(level: int, name: str) -> None:
    stream = io.StringIO()
    configure_logging("trace", stream=stream)
    logging.getLogger("x").log(level, "m")
    assert f"] {name} m (x)" in stream.getvalue()


def test_a_traceback_follows_its_line() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    try:
        raise ValueError("why")
    except ValueError:
        logging.getLogger("x").exception("failed")
    first, second, *_, last = stream.getvalue().splitlines()
    assert first.endswith("ERROR failed (x)")
    assert second == "Traceback (most recent call last):"
    assert last == "ValueError: why"


def test_a_logger_may_have_its_own_level() -> None:
    stream = io.StringIO()
    configure_logging("WARN", {"test.chatty": "DEBUG"}, stream)
    logging.getLogger("test.chatty").debug("heard")
    logging.getLogger("test.quiet").info("unheard")
    logging.getLogger("test.chatty").setLevel(logging.NOTSET)
    assert "heard (test.chatty)" in stream.getvalue()
    assert "unheard" not in stream.getvalue()


def test_an_unknown_level_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'LOUD' is no log level; there are OFF, FATAL"):
        level_number("LOUD")


def test_a_line_of_another_process_is_judged_by_the_levels_here() -> None:
    stream = io.StringIO()
    configure_logging("info", {"x.loud": "trace", "x.quiet": "error"}, stream)
    assert lowest_level() == TRACE
    for name in ("x", "x.loud", "x.quiet"):
        log_for_other_process(name, logging.DEBUG, f"100% {name}")
        log_for_other_process(name, logging.WARNING, f"100% {name}")
    lines = [line.split("] ", 1)[1] for line in stream.getvalue().splitlines()]
    assert lines == ["WARN 100% x (x)", "DEBUG 100% x.loud (x.loud)", "WARN 100% x.loud (x.loud)"]
    for name in ("x.loud", "x.quiet"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (51, "OFF"),
        (50, "FATAL"),
        (30, "WARN"),
        (35, "WARN"),
        (10, "DEBUG"),
        (5, "TRACE"),
        (1, "ALL"),
        (0, "ALL"),
    ],
)
def test_a_level_has_kafkas_name(number: int, name: str) -> None:
    assert level_name(number) == name
