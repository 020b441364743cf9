"""Every option that is said to act is read by the broker."""

import re

from tests.tidy.limits import ACT_IN_CONFIG, READ_AS
from tests.tidy.sources import ROOT, modules

from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.option import Effect
from ottla.config.own_options import OWN_OPTIONS
from ottla.config.topic_options import TOPIC_OPTIONS


def _attributes_read() -> set[str]:
    """Return what the broker reads: attributes by name, and options that it names in full."""
    read: set[str] = set()
    for path in modules():
        if not path.is_relative_to("src/ottla/config"):
            text = (ROOT / path).read_text(encoding="utf-8")
            read.update(re.findall(r"\.([a-z0-9_]+)\b", text))
            read.update(name.replace(".", "_") for name in re.findall(r'"([a-z0-9]+(?:\.[a-z0-9]+)+)"', text))
    return read


def test_every_acting_topic_option_is_read() -> None:
    read = _attributes_read()
    unread = [
        option.name
        for option in TOPIC_OPTIONS.values()
        if option.status.effect is Effect.ACTING
        and option.attribute not in read
        # It is read as segment.bytes.
        and option.name != "internal.segment.bytes"
    ]
    assert not unread, "\n" + "\n".join(unread)


def test_every_acting_broker_option_is_read() -> None:
    read = _attributes_read()
    supplied_to_topics = {
        name: option.attribute for option in TOPIC_OPTIONS.values() for name in option.synonyms
    }
    unread = []
    for option in BROKER_OPTIONS.values():
        primary = BROKER_OPTIONS[option.supplies] if option.supplies else option
        attributes = {primary.attribute, supplied_to_topics.get(option.name, primary.attribute)}
        attributes.update(READ_AS.get(primary.name, ()))
        acts = option.status.effect is Effect.ACTING and option.name not in ACT_IN_CONFIG
        if acts and not attributes & read:
            unread.append(option.name)
    assert not unread, "\n" + "\n".join(unread)


def test_every_option_of_our_own_is_read() -> None:
    read = _attributes_read()
    assert [option.name for option in OWN_OPTIONS.values() if option.attribute not in read] == []


def test_the_exceptions_are_options_that_act() -> None:
    for name in [*ACT_IN_CONFIG, *READ_AS]:
        assert BROKER_OPTIONS[name].status.effect is Effect.ACTING
