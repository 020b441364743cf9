import pytest

from ottla.cli import ub
from ottla.cli.kafka_ready import Wish


def test_the_options_are_confluents(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wishes: list[Wish] = []
    monkeypatch.setattr(ub, "wait_for_brokers", lambda wish: bool(wishes.append(wish)) or len(wishes) == 1)
    assert ub.main(("kafka-ready", "3", "40", "-b", "a:1", "-c", "f", "-s", "SSL")) == 0
    assert ub.main(("kafka-ready", "1", "2", "--zookeeper-connect", "zoo:2181")) == 1
    assert wishes == [Wish(3, 40, "a:1", "f", "SSL", None), Wish(1, 2, None, None, None, "zoo:2181")]
    assert capsys.readouterr().err == "error in executing the command: kafka-ready check failed\n"


def test_what_else_it_did_is_said_not_to_be_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert ub.main(("listeners", "PLAINTEXT://a:1")) == 1
    assert capsys.readouterr().err == "ub listeners is not in Ottla yet\n"


def test_arguments_that_cannot_be_exit_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="1"):
        ub.main(("kafka-ready", "1"))
    assert capsys.readouterr().err.startswith("error in executing the command: ")
    assert ub.main(()) == 0
    assert ub.main(("--help",)) == 0
