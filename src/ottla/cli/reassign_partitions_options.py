"""The options of kafka-reassign-partitions, and which of them go with which action."""

from __future__ import annotations

from typing import NamedTuple

from ottla.cli.jopt import LONG, OPTIONAL, REQUIRED, Opt, Parsed

_PURPOSE = "This tool helps to move topic partitions between replicas."

OPTIONS = (
    Opt("verify", "Tell whether what --reassignment-json-file says is done, and lift the throttles if so."),
    Opt("generate", "Propose where to move the partitions of topics, without doing it."),
    Opt("execute", "Begin to move partitions to where --reassignment-json-file says."),
    Opt("cancel", "Take moves back that go on."),
    Opt("list", "List the moves that go on."),
    Opt("bootstrap-server", "Brokers to connect to.", OPTIONAL, "host:port"),
    Opt("command-config", "A file with settings of the client.", REQUIRED, "Admin client property file"),
    Opt(
        "reassignment-json-file",
        'Where partitions are to be: {"partitions": [{"topic": "foo", "partition": 1, "replicas": [1, 2], '
        '"log_dirs": ["any", "any"]}], "version": 1}.',
        REQUIRED,
        "manual assignment json file path",
    ),
    Opt(
        "topics-to-move-json-file",
        'Topics to propose moves for: {"topics": [{"topic": "foo"}], "version": 1}.',
        REQUIRED,
        "topics to reassign json file path",
    ),
    Opt("broker-list", "Brokers to propose moves to, as in 0,1,2.", REQUIRED, "brokerlist"),
    Opt("bootstrap-controller", "Controllers to connect to, for --cancel and --list.", OPTIONAL, "host:port"),
    Opt("disable-rack-aware", "Propose moves without regard to racks."),
    Opt("throttle", "Most bytes/s between brokers.", REQUIRED, "throttle", LONG, -1),
    Opt(
        "replica-alter-log-dirs-throttle",
        "Most bytes/s between the directories of a broker.",
        REQUIRED,
        "replicaAlterLogDirsThrottle",
        LONG,
        -1,
    ),
    Opt(
        "timeout",
        "How long to wait for moves between directories to begin, in ms.",
        REQUIRED,
        "timeout",
        LONG,
        10000,
    ),
    Opt("additional", "Begin these moves beside others that go on."),
    Opt("preserve-throttles", "Leave the throttles as they are."),
    Opt("disallow-replication-factor-change", "Refuse moves that would change the number of replicas."),
)


class Action(NamedTuple):
    """What has to be given with an action, and what may be."""

    needed: tuple[str, ...]
    permitted: tuple[str, ...]
    """`bootstrap` stands for the address that is given, of brokers or controllers."""


ACTIONS = {
    "generate": Action(
        ("topics-to-move-json-file", "broker-list"),
        ("bootstrap-server", "command-config", "disable-rack-aware"),
    ),
    "execute": Action(
        ("reassignment-json-file",),
        (
            "additional",
            "bootstrap-server",
            "command-config",
            "throttle",
            "replica-alter-log-dirs-throttle",
            "timeout",
            "disallow-replication-factor-change",
        ),
    ),
    "verify": Action(
        ("reassignment-json-file",), ("bootstrap-server", "command-config", "preserve-throttles")
    ),
    "cancel": Action(
        ("reassignment-json-file",), ("bootstrap", "command-config", "preserve-throttles", "timeout")
    ),
    "list": Action((), ("bootstrap", "command-config")),
}


def check_options(parsed: Parsed) -> str:
    """Return the action. Raises UsageError for options that do not go together, as Kafka's tool looks for them."""
    parsed.check_help_and_version(_PURPOSE)
    chosen = [name for name in ACTIONS if parsed.has(name)]
    if len(chosen) != 1:
        names = ", ".join(f"--{name}" for name in ACTIONS)
        raise parsed.usage_error(f"Command must include exactly one action: {names}")
    (name,) = chosen
    has_servers, has_controllers = parsed.has("bootstrap-server"), parsed.has("bootstrap-controller")
    if has_servers and has_controllers:
        raise parsed.usage_error("Please don't specify both --bootstrap-server and --bootstrap-controller")
    if not has_servers and not has_controllers:
        raise parsed.usage_error("Please specify either --bootstrap-server or --bootstrap-controller")
    action = ACTIONS[name]
    parsed.check_required(*action.needed)
    permitted = {name, *action.needed, *action.permitted}
    if "bootstrap" in permitted:
        permitted.add("bootstrap-server" if has_servers else "bootstrap-controller")
    for given in parsed.given:
        if given not in permitted:
            raise parsed.usage_error(f'Option "[{given}]" can\'t be used with action "[{name}]"')
    return name
