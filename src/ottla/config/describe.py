"""What DescribeConfigs tells: every option with its value, where the value comes from, and what it would else be.

The rules are those of Kafka's `ConfigHelper` (facts 6.1). A synonym list goes from the strongest source to the
weakest, and starts with the first entry that bears the described option's own broker name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import dropwhile
from typing import NamedTuple

from ottla.config.broker_options import BROKER_OPTIONS, UNIT_GROUPS
from ottla.config.broker_quota_options import BROKER_QUOTA_OPTIONS
from ottla.config.dynamic import base_name
from ottla.config.option import (
    ConfigError,
    Option,
    OptionType,
    Scope,
    default_value,
    parse_value,
    value_text,
)
from ottla.config.own_options import OWN_OPTIONS
from ottla.config.resolved import BrokerConfig, topic_default
from ottla.config.topic_options import TOPIC_OPTIONS


class ConfigSource(IntEnum):
    """Where a value comes from, by its number in DescribeConfigs."""

    UNKNOWN = 0
    TOPIC = 1
    DYNAMIC_BROKER = 2
    DYNAMIC_DEFAULT_BROKER = 3
    STATIC_BROKER = 4
    DEFAULT = 5
    DYNAMIC_BROKER_LOGGER = 6
    CLIENT_METRICS = 7
    GROUP = 8


class ConfigSynonym(NamedTuple):
    """One of the settings that could supply a value; the first of a list does."""

    name: str
    value: str | None
    source: ConfigSource


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """One described option. A sensitive value is None, here and in the synonyms."""

    name: str
    value: str | None
    read_only: bool
    source: ConfigSource
    sensitive: bool
    synonyms: tuple[ConfigSynonym, ...]
    type: OptionType
    documentation: str | None


class TopicDescriber:
    """Describes topics of one broker: what a topic does not set is the same for all of them, and is made once.

    Clients ask for all options of all topics at a time, sarama's `ListTopics` for one.
    """

    def __init__(self, broker_config: BrokerConfig) -> None:
        self._inherited = {
            name: _entry(
                option,
                name,
                value_text(topic_default(broker_config, option)),
                _inherited_synonyms(broker_config, option),
                read_only=False,
            )
            for name, option in TOPIC_OPTIONS.items()
        }

    def describe(self, overrides: Mapping[str, str]) -> list[ConfigEntry]:
        """Describe all options of a topic, in alphabetical order; internal ones only when the topic sets them.

        An option that is not set has the same entry object each time.
        """
        return [
            self._overridden(option, overrides[name]) if name in overrides else self._inherited[name]
            for name, option in TOPIC_OPTIONS.items()
            if name in overrides or not option.internal
        ]

    def _overridden(self, option: Option, text: str) -> ConfigEntry:
        value = printed(option, text)
        inherited = self._inherited[option.name].synonyms
        synonyms = (ConfigSynonym(option.name, value, ConfigSource.TOPIC), *inherited)
        return _entry(option, option.name, value, synonyms, read_only=False)


def _inherited_synonyms(broker_config: BrokerConfig, option: Option) -> tuple[ConfigSynonym, ...]:
    if not option.synonyms:
        return ()
    return _synonyms(broker_config, option.synonyms, option.synonyms[0])


def describe_created_topic(
    broker_config: BrokerConfig, overrides: Mapping[str, str]
) -> tuple[ConfigEntry, ...]:
    """Describe a topic as the answer to CreateTopics does: by the controller's rules, without synonyms.

    Values are as they were written, only changed in unit, and any setting that decides is the source
    (`KafkaConfigSchema.resolveEffectiveTopicConfigs`).
    """
    entries = []
    for name, option in TOPIC_OPTIONS.items():
        if option.internal and name not in overrides:
            continue
        if name in overrides:
            value: str | None = overrides[name]
            source = ConfigSource.TOPIC
        else:
            source = _first_source(broker_config, option.synonyms)
            value = value_text(
                default_value(option)
                if source is ConfigSource.DEFAULT
                else topic_default(broker_config, option)
            )
        entries.append(ConfigEntry(name, value, False, source, option.sensitive, (), option.type, None))
    return tuple(entries)


def describe_broker_config(broker_config: BrokerConfig) -> tuple[ConfigEntry, ...]:
    """Describe this broker: all options that are not internal, and whatever else is set, in alphabetical order."""
    names = {option.name for option in BROKER_OPTIONS.values() if not option.internal}
    names.update(broker_config.settings, broker_config.dynamic_default, broker_config.dynamic_broker)
    return tuple(_broker_entry(broker_config, name) for name in sorted(names))


def describe_cluster_default(broker_config: BrokerConfig) -> tuple[ConfigEntry, ...]:
    """Describe what is set for all brokers together: only the dynamic defaults, in alphabetical order."""
    return tuple(
        _broker_entry(broker_config, name, only=ConfigSource.DYNAMIC_DEFAULT_BROKER, value=text)
        for name, text in sorted(broker_config.dynamic_default.items())
    )


def _broker_entry(
    broker_config: BrokerConfig, name: str, only: ConfigSource | None = None, value: str | None = None
) -> ConfigEntry:
    option = _described_option(name)
    synonyms = _synonyms(broker_config, broker_synonyms(name), name)
    if only is not None:
        synonyms = tuple(each for each in synonyms if each.source is only)
    if value is None:
        value = _broker_value(broker_config, name)
    is_named = name in BROKER_OPTIONS or name in OWN_OPTIONS
    entry = _entry(
        option,
        name,
        value,
        synonyms,
        read_only=name not in BROKER_OPTIONS or BROKER_OPTIONS[name].scope is Scope.READ_ONLY,
    )
    return entry if is_named else replace(entry, documentation=None)


def _broker_value(broker_config: BrokerConfig, name: str) -> str | None:
    """Return the value in effect; what is in no table of a broker's options is as it was written."""
    if name in BROKER_OPTIONS:
        return value_text(broker_config.values[name])
    for dynamic in (broker_config.dynamic_broker, broker_config.dynamic_default):
        if name in dynamic:
            return dynamic[name]
    return broker_config.settings[name].text


def _described_option(name: str) -> Option | None:
    """Return the option that tells a setting's type: that of the name, or the one a listener's setting stands for."""
    for synonym in (name, base_name(name)):
        if synonym is not None:
            for table in (BROKER_OPTIONS, OWN_OPTIONS, BROKER_QUOTA_OPTIONS):
                if synonym in table:
                    return table[synonym]
    return None


def _entry(
    option: Option | None,
    name: str,
    value: str | None,
    synonyms: tuple[ConfigSynonym, ...],
    *,
    read_only: bool,
) -> ConfigEntry:
    """Put an entry together; a name that is no option might be a secret, and is treated as one."""
    return ConfigEntry(
        name=name,
        value=None if option is None or option.sensitive else value,
        read_only=read_only,
        source=synonyms[0].source if synonyms else ConfigSource.DEFAULT,
        sensitive=option is None or option.sensitive,
        synonyms=synonyms,
        type=OptionType.UNKNOWN if option is None else option.type,
        documentation=None if option is None else option.documentation,
    )


def broker_synonyms(name: str) -> tuple[str, ...]:
    """Return the broker options that decide together about this one, the strongest first.

    `DynamicBrokerConfig.brokerConfigSynonyms` groups the units of a time, and puts a listener's setting before that of
    all listeners; all else stands alone.
    """
    for group in UNIT_GROUPS:
        if name in group:
            return group
    base = base_name(name)
    return (name,) if base is None else (name, base)


def _synonyms(
    broker_config: BrokerConfig, names: tuple[str, ...], described: str
) -> tuple[ConfigSynonym, ...]:
    """Collect the settings under these names; those before the described one belong to others and are dropped."""
    option = _described_option(described)
    hidden = option is None or option.sensitive
    static = {name: setting.text for name, setting in broker_config.settings.items()}
    sources = (
        (ConfigSource.DYNAMIC_BROKER, broker_config.dynamic_broker),
        (ConfigSource.DYNAMIC_DEFAULT_BROKER, broker_config.dynamic_default),
        (ConfigSource.STATIC_BROKER, static),
        (ConfigSource.DEFAULT, _default_texts(names)),
    )
    found = (
        ConfigSynonym(name, None if hidden else texts[name], source)
        for source, texts in sources
        for name in names
        if name in texts
    )
    return tuple(dropwhile(lambda each: each.name != described, found))


def _default_texts(names: tuple[str, ...]) -> dict[str, str]:
    defaults = ((name, BROKER_OPTIONS[name].default) for name in names if name in BROKER_OPTIONS)
    return {name: default for name, default in defaults if isinstance(default, str)}


def _first_source(broker_config: BrokerConfig, names: tuple[str, ...]) -> ConfigSource:
    for source, settings in (
        (ConfigSource.DYNAMIC_BROKER, broker_config.dynamic_broker),
        (ConfigSource.DYNAMIC_DEFAULT_BROKER, broker_config.dynamic_default),
        (ConfigSource.STATIC_BROKER, broker_config.settings),
    ):
        if any(name in settings for name in names):
            return source
    return ConfigSource.DEFAULT


def printed(option: Option, text: str) -> str | None:
    """Return a setting as it is described: as parsed, or as it was written where it no longer parses."""
    try:
        return value_text(parse_value(option, text))
    except ConfigError:
        return text
