import pytest

from ottla.cli import cub
from ottla.cli.kafka_ready import Wish


def test_the_options_are_confluents(monkeypatch: pytest.MonkeyPatch) -> None:
    wishes: list[Wish] = []
    monkeypatch.setattr(cub, "wait_for_brokers", lambda wish: bool(wishes.append(wish)) or len(wishes) == 1)
    arguments = ("kafka-ready", "-b", "a:1,b:2", "-c", "f", "-s", "SSL", "3", "40")
    assert cub.main(arguments) == 0
    assert cub.main(("kafka-ready", "1", "2", "-z", "zoo:2181")) == 1
    assert wishes == [
        Wish(3, 40, "a:1,b:2", "f", "SSL", None),
        Wish(1, 2, None, None, None, "zoo:2181"),
    ]


@pytest.mark.parametrize("action", ["zk-ready", "sr-ready", "ensure-topic"])
def test_what_else_it_did_is_said_not_to_be_there(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cub.main((action, "x")) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_arguments_that_cannot_be_exit_as_argparse_does() -> None:
    with pytest.raises(SystemExit, match="2"):
        cub.main(("kafka-ready", "1", "2"))
    assert cub.main(()) == 1
