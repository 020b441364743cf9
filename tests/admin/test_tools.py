"""Apache Kafka's own command-line tools say the same of Ottla as of Apache Kafka, command by command."""

from __future__ import annotations

import pytest

from tests.admin.brokers import Pair
from tests.admin.commands import Terminal, Words, compare_words, load_commands
from tests.admin.comparing import assert_explained, load_masks
from tests.peers.tools import TOOLS, KafkaTools

pytestmark = pytest.mark.java

TABLE = load_commands()
RUNNABLE = [command for command in TABLE.commands if not command.waits_for]
WAITING = [command for command in TABLE.commands if command.waits_for]


@pytest.fixture(scope="module")
def words(pair: Pair, kafka_tools: KafkaTools, tmp_path_factory: pytest.TempPathFactory) -> list[Words]:
    """Give what each command has said of Apache Kafka and of Ottla."""
    terminal = Terminal(kafka_tools, TABLE, load_masks(), tmp_path_factory.mktemp("files"))
    return terminal.type_for_both(RUNNABLE, pair)


def test_every_tool_says_the_same_of_both_brokers(words: list[Words], said: list[str]) -> None:
    kafka, ottla = words
    said.append(f"Tools of Apache Kafka: {len(RUNNABLE)} commands for both brokers, {len(WAITING)} left out:")
    said += [
        f"  {command.run}: Ottla does not serve {', '.join(command.waits_for)} yet" for command in WAITING
    ]
    assert_explained(compare_words(kafka, ottla), "commands")


def test_apache_kafka_knows_each_command_and_answers_in_time(words: list[Words]) -> None:
    for name, output in words[0].items():
        said = "\n".join([*output["stdout"], *output["stderr"]])
        assert "not a recognized option" not in said, name
        assert "usage:" not in said.lower(), name
        assert "TimeoutException" not in said, name
    assert {output["exit_code"] for output in words[0].values()} == {0, 1}


def test_the_table_names_tools_that_there_are() -> None:
    assert set(TABLE.scripts.values()) <= set(TOOLS)
    assert {command.run.split()[0] for command in TABLE.commands} == set(TABLE.scripts)
