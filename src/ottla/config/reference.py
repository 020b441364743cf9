"""The option tables as text: the configuration page, and the sample files with every option in them.

The texts are generated, never edited: `python docs/generate.py` writes them, and a test keeps them fresh.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from ottla.config.broker_options import BROKER_AREAS, BROKER_OPTIONS
from ottla.config.broker_quota_options import BROKER_QUOTA_OPTIONS
from ottla.config.client_metrics_options import CLIENT_METRICS_OPTIONS
from ottla.config.group_options import GROUP_OPTIONS
from ottla.config.option import Effect, Option, Required
from ottla.config.own_options import OWN_OPTIONS
from ottla.config.sources import EMBEDDED_SETTINGS
from ottla.config.topic_options import TOPIC_OPTIONS
from ottla.version import KAFKA_VERSION

_SAMPLE_WIDTH = 110


def configuration_page() -> str:
    """Return docs/configuration.md."""
    acting = sum(option.status.effect is Effect.ACTING for option in BROKER_OPTIONS.values())
    parts = [
        "# Configuration",
        "Generated from the option tables; change those and run `python docs/generate.py`.",
        _INTRODUCTION.format(
            count=len(BROKER_OPTIONS), acting=acting, topic_count=len(TOPIC_OPTIONS), kafka=KAFKA_VERSION
        ),
        "## Broker options that act",
    ]
    for title, options in BROKER_AREAS.items():
        rows = [option for option in options if option.status.effect is Effect.ACTING and not option.internal]
        if rows:
            parts += [f"### {title}", _broker_table(rows)]
    parts += [
        "### Internal options\n\nFor tests and repairs; DescribeConfigs shows them only when they are set.",
        _broker_table(each for each in BROKER_OPTIONS.values() if each.internal and _acts(each)),
        "## Ottla's own options",
        _OWN_INTRODUCTION,
        _broker_table(OWN_OPTIONS.values()),
        "## Topic options that act",
        "A topic follows the broker option, live, until it has a value of its own.",
        _topic_table(option for option in TOPIC_OPTIONS.values() if _acts(option)),
        "## Options that refuse the start",
        "Losing one of these silently would be dangerous, so only the default is accepted.",
        _reason_table(each for each in BROKER_OPTIONS.values() if each.status.effect is Effect.REFUSED),
        "## Options without effect",
        "They are accepted, checked and described, and the start names those that are set. They do nothing because:",
        _reason_list(each for each in BROKER_OPTIONS.values() if each.status.effect is Effect.INERT),
        "Of a topic's options, these:",
        _reason_list(each for each in TOPIC_OPTIONS.values() if each.status.effect is Effect.INERT),
        "Of what can be set for groups, for subscriptions to client metrics, and for brokers without any file, all:",
        _reason_list(
            [*GROUP_OPTIONS.values(), *CLIENT_METRICS_OPTIONS.values(), *BROKER_QUOTA_OPTIONS.values()]
        ),
    ]
    return "\n\n".join(parts) + "\n"


_OWN_INTRODUCTION = """\
Apache Kafka does not know these and leaves them alone, so the file can be given to both. A name that begins with
`ottla.` and is none of them refuses the start. `--metrics-port` and `--log-level` of the command line are short for
`ottla.metrics.port` and `ottla.log.level`."""

_INTRODUCTION = """\
Ottla takes Apache Kafka {kafka}'s own configuration: the same {count} broker options and {topic_count} topic options,
with the same defaults, checks and error texts. {acting} broker options act; this page also says why each of the
others does not.

- `ottla` alone starts one node on localhost:9092, reachable from this machine only, its data in `./ottla-data`.
- `ottla --config FILE` reads a `.properties` file by Java's rules (Latin-1, escapes, continued lines), or a `.yaml`
  file with the same keys, flat or nested. Kafka's rules and defaults apply: `process.roles`, `node.id` and a quorum
  must be there.
- Variables of the environment go over the file: `OTTLA_NUM_PARTITIONS=3` sets `num.partitions` (one underscore is a
  dot, two are an underscore, three a dash). `--data DIR` takes the place of `log.dirs`, and `--override KEY=VALUE` goes
  over everything else.
- Keys that Kafka {kafka} does not know are named in one warning and have no effect, as in Kafka.
- `kafka-configs.sh` and every admin client change what is not read-only while the broker runs: of a topic, a group,
  this broker (`--entity-type brokers --entity-name 1`) or all (`--entity-default`), and a subscription to client
  metrics. Texts, sources and synonyms are Kafka's.
- The samples in `config/` hold every option with its default."""


_SAMPLE_AREAS = {**BROKER_AREAS, "Ottla's own options": tuple(OWN_OPTIONS.values())}


def server_properties() -> str:
    """Return config/server.properties: what plain `ottla` uses, and all other options as comments."""
    lines = _sample_head("ottla --config config/server.properties")
    for title, options in _SAMPLE_AREAS.items():
        lines += ["", f"# ---- {title}"]
        for option in _documented_first(options):
            lines += ["", *_comment(_described(option)), _property_line(option)]
    return "\n".join(lines) + "\n"


def ottla_yaml() -> str:
    """Return config/ottla.yaml: the same as config/server.properties, in YAML."""
    lines = _sample_head("ottla --config config/ottla.yaml")
    for title, options in _SAMPLE_AREAS.items():
        lines += ["", f"# ---- {title}"]
        for option in _documented_first(options):
            lines += ["", *_comment(_described(option)), _yaml_line(option)]
    return "\n".join(lines) + "\n"


def _acts(option: Option) -> bool:
    return option.status.effect is Effect.ACTING


def _documented_first(options: Iterable[Option]) -> list[Option]:
    return sorted(options, key=lambda option: (not _acts(option), option.name))


def _sample_head(command: str) -> list[str]:
    return [
        f"# Every broker option of Apache Kafka {KAFKA_VERSION}, as Ottla has it, and its own: `{command}`.",
        "# Lines that are set are what plain `ottla` uses; a commented line shows the default.",
        "# Generated from the option tables by `python docs/generate.py`.",
    ]


def _comment(text: str) -> list[str]:
    return [
        f"# {line}"
        for line in textwrap.wrap(text, _SAMPLE_WIDTH, break_long_words=False, break_on_hyphens=False)
    ]


def _described(option: Option) -> str:
    if option.status.effect is Effect.REFUSED:
        return f"Only the default is accepted: {option.status.reason}."
    accepted = f" Accepted: {option.check.text}." if option.check is not None and _acts(option) else ""
    default = " No default." if option.default is None else ""
    return option.documentation + accepted + default


def _default_text(option: Option) -> str:
    return "" if option.default is None or isinstance(option.default, Required) else option.default


def _property_line(option: Option) -> str:
    setting = EMBEDDED_SETTINGS.get(option.name)
    if setting is not None:
        return f"{option.name}={setting.text}"
    return f"#{option.name}={_default_text(option)}"


def _yaml_line(option: Option) -> str:
    setting = EMBEDDED_SETTINGS.get(option.name)
    text = _default_text(option) if setting is None else setting.text
    # Single quotes keep every value the text that it is; no default contains one.
    return f"{'#' if setting is None else ''}{option.name}: '{text}'"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _shown_default(option: Option) -> str:
    if isinstance(option.default, Required):
        return "required"
    if option.default is None:
        return "none"
    return _code(option.default) or "empty"


def _accepted(option: Option) -> str:
    return option.type.name.lower() + (f", {_code(option.check.text)}" if option.check is not None else "")


def _broker_table(options: Iterable[Option]) -> str:
    rows = [
        (
            _code(option.name),
            _shown_default(option),
            _accepted(option),
            option.scope.value,
            option.doc,
        )
        for option in options
    ]
    return _table(("option", "default", "accepted", "change", "meaning"), rows)


def _topic_table(options: Iterable[Option]) -> str:
    rows = [
        (_code(option.name), _accepted(option), ", ".join(map(_code, option.synonyms)), option.doc)
        for option in options
    ]
    return _table(("option", "accepted", "follows", "meaning"), rows)


def _reason_table(options: Iterable[Option]) -> str:
    rows = [(_code(option.name), _shown_default(option), option.status.reason) for option in options]
    return _table(("option", "default", "why"), rows)


def _reason_list(options: Iterable[Option]) -> str:
    by_reason: dict[str, list[str]] = {}
    for option in options:
        by_reason.setdefault(option.status.reason, []).append(_code(option.name))
    return "\n".join(_reason_items(by_reason))


def _reason_items(by_reason: dict[str, list[str]]) -> Iterator[str]:
    for reason, names in sorted(by_reason.items()):
        yield from textwrap.wrap(
            f"- {reason}: {', '.join(names)}",
            140,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(heads)} |", "|" + "--|" * len(heads)]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join(lines)
