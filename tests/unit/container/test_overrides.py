from io import StringIO

import pytest

from ottla.container.console import Console, RefusedError
from ottla.container.overrides import take_overrides


def test_words_go_over_the_environment() -> None:
    said = StringIO()
    environment = {"KAFKA_A": "1", "KAFKA_B": "2"}
    take_overrides("/run", ["KAFKA_A=3", "KAFKA_C=a=b", "KAFKA_B"], environment, Console(said, said))
    assert environment == {"KAFKA_A": "3", "KAFKA_B": "2", "KAFKA_C": "a=b"}
    assert said.getvalue() == "===> Overriding env params with args ...\n"


def test_without_words_nothing_is_said() -> None:
    said = StringIO()
    take_overrides("/run", [], {}, Console(said, said))
    assert said.getvalue() == ""


def test_a_word_that_no_variable_can_have_is_refused_as_by_a_shell() -> None:
    out, complaints = StringIO(), StringIO()
    with pytest.raises(RefusedError):
        take_overrides("/etc/kafka/docker/run", ["--help"], {}, Console(out, complaints))
    assert complaints.getvalue() == "/etc/kafka/docker/run: export: `--help': not a valid identifier\n"
