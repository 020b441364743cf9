import logging
from collections.abc import Iterator

import pytest

from ottla.telemetry.loggers import LOGGERS
from ottla.telemetry.logging import TRACE
from ottla.telemetry.running_levels import RunningLevels


@pytest.fixture(autouse=True)
def _levels_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    _forget_levels()
    yield
    root.setLevel(before)
    _forget_levels()


def _forget_levels() -> None:
    for logger in logging.Logger.manager.loggerDict.values():
        if isinstance(logger, logging.Logger) and logger.name.startswith(
            ("ottla", "kafka", "org.apache", "state")
        ):
            logger.setLevel(logging.NOTSET)


def level_of(name: str) -> int:
    return logging.getLogger(name).getEffectiveLevel()


def test_every_logger_is_there_by_our_names_and_by_kafkas() -> None:
    told = RunningLevels().by_logger()
    assert set(told.values()) == {"INFO"}
    assert {"root", "kafka", "org.apache.kafka", "ottla"} <= told.keys()
    for row in LOGGERS:
        assert {row.name, *row.kafka_names} <= told.keys()
    assert list(told) == sorted(told)


def test_a_logger_that_runs_below_a_part_is_there() -> None:
    logging.getLogger("ottla.storage.test_only")
    logging.getLogger("elsewhere.test_only")
    levels = RunningLevels()
    assert levels.has("ottla.storage.test_only")
    assert not levels.has("elsewhere.test_only")


def test_a_level_under_our_name_acts_and_goes() -> None:
    levels = RunningLevels()
    levels.change({"ottla.groups": "TRACE"})
    assert level_of("ottla.groups") == TRACE
    assert levels.by_logger()["ottla.groups"] == "TRACE"
    levels.change({"ottla.groups": None})
    assert level_of("ottla.groups") == logging.INFO
    assert levels.by_logger()["ottla.groups"] == "INFO"


def test_a_level_under_kafkas_name_reaches_our_logger_of_that_part() -> None:
    levels = RunningLevels()
    levels.change({"org.apache.kafka.coordinator.group": "DEBUG"})
    assert level_of("ottla.groups") == logging.DEBUG
    assert levels.by_logger()["org.apache.kafka.coordinator.group"] == "DEBUG"
    # What is nearer wins, and what is above is there again once it is gone.
    levels.change({"ottla.groups": "ERROR", "org.apache.kafka": "WARN"})
    assert level_of("ottla.groups") == logging.ERROR
    levels.change({"ottla.groups": None, "org.apache.kafka.coordinator.group": None})
    assert level_of("ottla.groups") == logging.WARNING
    assert levels.by_logger()["org.apache.kafka.coordinator.group"] == "WARN"


def test_the_root_is_a_logger_like_the_others() -> None:
    levels = RunningLevels()
    levels.change({"root": "ERROR"})
    assert level_of("ottla.groups") == logging.ERROR
    assert levels.by_logger()["root"] == "ERROR"
    assert levels.by_logger()["org.apache.kafka.coordinator.group"] == "ERROR"


def test_what_the_start_asked_for_counts_until_it_is_changed() -> None:
    levels = RunningLevels({"root": "warn", "kafka.server": "DEBUG"})
    logging.getLogger("ottla.server").setLevel(logging.DEBUG)
    levels.change({"kafka.server": None})
    assert level_of("ottla.server") == logging.WARNING


def test_the_request_logger_speaks_only_when_it_is_named_itself() -> None:
    levels = RunningLevels()
    levels.change({"root": "DEBUG"})
    assert level_of("kafka.request.logger") == logging.WARNING
    levels.change({"kafka.request.logger": "DEBUG"})
    assert level_of("kafka.request.logger") == logging.DEBUG
    levels.change({"kafka.request.logger": None})
    assert level_of("kafka.request.logger") == logging.WARNING


def test_whoever_asked_hears_of_a_change_once_it_acts() -> None:
    levels = RunningLevels()
    heard: list[int] = []
    levels.call_when_changed(lambda: heard.append(level_of("ottla.groups")))
    levels.change({"ottla.groups": "DEBUG"})
    assert heard == [logging.DEBUG]
