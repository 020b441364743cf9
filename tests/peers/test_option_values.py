"""What Apache Kafka makes of values of every option, and of settings together: Ottla takes and refuses the same."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.broker_quota_options import BROKER_QUOTA_OPTIONS
from ottla.config.client_metrics_options import CLIENT_METRICS_OPTIONS
from ottla.config.group_options import GROUP_OPTIONS
from ottla.config.option import ConfigError, Option, OptionType, parse_value, value_text
from ottla.config.own_options import OWN_OPTIONS
from ottla.config.topic_options import TOPIC_OPTIONS
from tests.peers.tools import KafkaTools
from tests.unit.config.test_broker import BASE, ROWS, changed
from tests.unit.config.test_rejections import BAD

pytestmark = pytest.mark.java

TABLES: dict[str, dict[str, Option]] = {
    "broker": BROKER_OPTIONS,
    "quota": BROKER_QUOTA_OPTIONS,
    "topic": TOPIC_OPTIONS,
    "group": GROUP_OPTIONS,
    "client-metrics": CLIENT_METRICS_OPTIONS,
}

TEXTS: tuple[str | None, ...] = (
    *(None, "", " ", ",", "a", "a,b", "a,,b", " a , b ", "*", "1:1", "1:1,2:3"),
    *("host:1", "1@host:1", "1@host:1,x", "true", " TRUE ", "yes", "0", "1", " 7 ", "+7", "007", "-1", "-2"),
    *("9", "10", "1.5", ".5", "5.", "1e3", "1d", "NaN", "Infinity", "0x10", "1_000", "0.0001"),
    *("32767", "32768", "2147483647", "2147483648", "-2147483649", "9223372036854775807"),
    *("9223372036854775808", "9" * 70, "1048576", "1e400", "-0", "-0.0"),
    *("\N{ARABIC-INDIC DIGIT ONE}2", "\N{FULLWIDTH DIGIT SEVEN}"),
    *("\N{MATHEMATICAL BOLD DIGIT ONE}", "\N{SUPERSCRIPT TWO}"),
    *("delete", "compact", "delete,compact", "Delete", "gzip", "GZIP", "none", "producer", "LogAppendTime"),
    *("latest", "by_duration:PT1S", "by_duration:P1DT2H", "by_duration:-PT1S", "by_duration:"),
    *("earliest ", "broker", "broker,controller", "PLAINTEXT", "plaintext", "read_committed"),
    *("READ_COMMITTED", "requested"),
)
"""Values that are asked of every option: of each type, at the edges of the numbers, and each validator's own words."""


def kind_of(option: Option) -> str:
    (kind,) = [kind for kind, table in TABLES.items() if table.get(option.name) is option]
    return kind


def asked(tools: KafkaTools, questions: Iterable[Any]) -> list[dict[str, Any]]:
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    done = tools.run("OptionValues", [], lines).checked()
    return [json.loads(line) for line in done.stdout.splitlines()]


def ours(option: Option, text: str | None) -> dict[str, str | None]:
    try:
        value = parse_value(option, text)
    except ConfigError as error:
        return {"refused": str(error)}
    is_hidden = option.sensitive and value is not None
    return {"value": "[hidden]" if is_hidden else value_text(value)}


def agrees(answer: dict[str, str | None], own: dict[str, str | None]) -> bool:
    """Tell whether both say the same; where Kafka trips over a null, Ottla refuses it in words of its own."""
    return answer == own or ("failed" in answer and own.get("refused") is not None)


def test_kafka_refuses_what_each_validator_excludes_with_the_same_words(kafka_tools: KafkaTools) -> None:
    bad = [each for each in BAD if each.option.name not in OWN_OPTIONS]
    questions = [{"kind": kind_of(each.option), "name": each.option.name, "text": each.text} for each in bad]
    answers = asked(kafka_tools, questions)
    assert len(bad) > 900
    assert [answer.get("refused") for answer in answers] == [each.reason for each in bad]


def test_kafka_takes_and_refuses_any_value_as_ottla_does(kafka_tools: KafkaTools) -> None:
    pairs = [
        (kind, option, text)
        for kind, table in TABLES.items()
        for option in table.values()
        for text in TEXTS
        # A name of a class is looked up by Kafka; there are none here.
        if not (option.type is OptionType.CLASS and text is not None)
    ]
    questions = [{"kind": kind, "name": option.name, "text": text} for kind, option, text in pairs]
    answers = asked(kafka_tools, questions)
    differing = [
        (option.name, text, answer, ours(option, text))
        for (_, option, text), answer in zip(pairs, answers, strict=True)
        if not agrees(answer, ours(option, text))
    ]
    assert differing == []


def test_kafka_takes_and_refuses_settings_together_as_ottla_does(kafka_tools: KafkaTools) -> None:
    """The rows by which Ottla's own reading of settings is judged: Kafka reads each of them so."""
    settings = [
        {name: text for name, text in {**BASE, **changed(changes)}.items() if text is not None}
        for changes, _, _ in ROWS
    ]
    answers = asked(kafka_tools, [{"settings": each} for each in settings])
    differing = [
        (changes, expected, answer)
        for (changes, outcome, expected), answer in zip(ROWS, answers, strict=True)
        if answer.get("refused", "").removeprefix("requirement failed: ")
        != (expected if outcome == "err" else "")
    ]
    assert differing == []
