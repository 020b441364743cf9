"""Cases by chance: what administrators may ask, with names, options and values that get far.

Apache Kafka says what is right, as for every case, so that nothing has to be known here but how to ask. A case that
differs is printed as it would stand in a case file, and becomes one there. Settings of brokers are only validated,
since other cases run beside; levels of loggers are left out, since the loggers are each broker's own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.broker_quota_options import BROKER_QUOTA_OPTIONS
from ottla.config.client_metrics_options import CLIENT_METRICS_OPTIONS
from ottla.config.group_options import GROUP_OPTIONS
from ottla.config.option import Option, OptionType, Scope
from ottla.config.topic_options import TOPIC_OPTIONS
from tests.differential.case_files import Case, api_named, read_case

Description = dict[str, Any]
Draw = Callable[[random.Random], Description]

TOPIC, BROKER, CLIENT_METRICS, GROUP = 2, 4, 16, 32

STEPS = 8
TOPICS = {"t": 3, "u": {"partitions": 1, "configs": {"cleanup.policy": "compact"}}}
NAMES = ["g", "m", "user", "other", "new", "marker"]
TOPIC_NAMES = ["$t", "$t", "$t", "$u", "$u", "$new"]
WRONG_TOPIC_NAMES = ["", "a b", "..", "__consumer_offsets", "x" * 250]

# Numbers and words at which Java's parsers and Kafka's checks part from others.
VALUES = (
    "", " ", " 5 ", "5.0", "0x10", "+5", "-5", "1e3", "1_000", "00012", "-0", ".5", "1.", "1d", "NaN", "Infinity",
    "\uff15", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "2147483647", "2147483648",
    "TRUE", "tRue", " false ", "yes", "delete", "compact", "compact, delete", "compact,,delete", ",", "delete,delete",
    "none", "producer", "gzip", "ZSTD", "CreateTime", "LogAppendTime", "createtime", "*", "0:1", "0:1,1:2", "1:1:1",
    "a,b", "a\nb", "a=b", "\u00e9", "x" * 300, "-2", "-1", "0", "1", "2", "10", "1000", "1048576",
)  # fmt: skip
NUMBERS = ("-2", "-1", "0", "1", "2", "5", "14", "100", "1024", "60000", "1048576", "3600000")
PATTERNS = (
    "client_id=a", "client_id=[", "client_software_name=x,client_software_version=1.*", "rack=1", "client_id",
    "client_id=a=b", "client_id=(?<n>a)", "client_id=\\pL", "",
)  # fmt: skip
UNUSABLE = (
    "listener",
    "connection",
    "log.dir",
    "ssl",
    "sasl",
    "password",
    "reporters",
    "quorum.voters",
    "principal.builder",
)
"""Parts of names of broker options that two brokers of one test cannot have alike, or that name Java's classes."""
BROKER_NAMES = [
    *(name for name in BROKER_OPTIONS if not any(part in name for part in UNUSABLE)),
    *BROKER_QUOTA_OPTIONS,
]
DYNAMIC_NAMES = [
    name
    for name in BROKER_NAMES
    if name in BROKER_QUOTA_OPTIONS or BROKER_OPTIONS[name].scope is not Scope.READ_ONLY
]
OPTIONS: Mapping[int, Mapping[str, Option]] = {
    TOPIC: TOPIC_OPTIONS,
    BROKER: BROKER_OPTIONS,
    CLIENT_METRICS: CLIENT_METRICS_OPTIONS,
    GROUP: GROUP_OPTIONS,
}
RESOURCES = {
    TOPIC: ["$t", "$t", "$u", "$new", "", "a b"],
    BROKER: ["", "1", "1", "2", "x", "-1", "01"],
    CLIENT_METRICS: ["$m", "$m", ""],
    GROUP: ["$g", "$g", ""],
}
QUOTAS = ("producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate",
          "connection_creation_rate", "no_such_rate", "")  # fmt: skip
FEATURES = ("metadata.version", "kraft.version", "transaction.version", "group.version", "share.version",
            "eligible.leader.replicas.version", "no.such.version")  # fmt: skip
LEVELS = {
    "metadata.version": (0, -1, 6, 7, 20, 23, 26, 27, 28),
    # Not 1: version 0 cannot only validate, and Kafka raises this one even where it refuses another one beside it.
    "kraft.version": (0, 2, -1, 100),
}
"""Levels asked for of the features that have levels of their own."""


def draw_cases(seed: str, count: int) -> Iterator[tuple[Case, Description]]:
    """Give so many cases, each with its description as it would stand in a file."""
    for number in range(count):
        description = _case(random.Random(f"{seed}/{number}"), f"seed-{seed}-{number}")
        (case,) = read_case(f"chance:{description['case']}", description)
        yield case, description


def _case(rng: random.Random, name: str) -> Description:
    steps: list[Description] = []
    apis = list(APIS)
    for number in range(STEPS):
        api_name = rng.choices(apis, [APIS[each][0] for each in apis])[0]
        _, changes, draw = APIS[api_name]
        api = api_named(api_name)
        version = rng.randint(api.min_version, api.max_version)
        step = {"ask": api_name, "version": version, "request": draw(rng)}
        if api_name in TOPIC_IDS:
            step["mask"] = [TOPIC_IDS[api_name]]
        steps.append(step)
        if changes:
            steps += _seen_by_the_broker(number)
    return {"case": name, "topics": TOPICS, "names": NAMES, "steps": steps}


def _seen_by_the_broker(number: int) -> list[Description]:
    """Return steps that wait until what came before is seen: the broker takes changes in their order."""
    entity = [{"entity_type": "user", "entity_name": "$marker"}]
    ops = [{"key": "producer_byte_rate", "value": float(number + 1)}]
    component = {"entity_type": "user", "match_type": 0, "match": "$marker"}
    return [
        {"ask": "AlterClientQuotas", "request": {"entries": [{"entity": entity, "ops": ops}]}},
        {
            "ask": "DescribeClientQuotas",
            "until": {"entries.0.values.0.value": float(number + 1)},
            "request": {"components": [component], "strict": True},
        },
    ]


def _some(rng: random.Random, weights: Sequence[int], draw: Callable[[random.Random], Any]) -> list[Any]:
    """Return as many drawn things as the weights of 0, 1, 2, … let come."""
    count = rng.choices(range(len(weights)), weights)[0]
    return [draw(rng) for _ in range(count)]


def _once(items: Sequence[Description], key: str) -> list[Description]:
    """Leave out what is named a second time, which Apache Kafka answers in an order that is any."""
    return list({str(item[key]): item for item in items}.values())


def _topic(rng: random.Random) -> str:
    return rng.choice(TOPIC_NAMES) if rng.random() < 0.93 else rng.choice(WRONG_TOPIC_NAMES)


def _partition(rng: random.Random) -> int:
    return rng.choice((0, 0, 0, 1, 2, 50, -1))


def _option_name(rng: random.Random, kind: int) -> str:
    if rng.random() < 0.08:
        return rng.choice(("no.such", ""))
    if kind == BROKER:
        return rng.choice(DYNAMIC_NAMES if rng.random() < 0.8 else BROKER_NAMES)
    return rng.choice(list(OPTIONS[kind]))


def _option_value(rng: random.Random, kind: int, name: str) -> str:
    if name == "match":
        return rng.choice(PATTERNS)
    option = OPTIONS[kind].get(name)
    if option is None or rng.random() < 0.5:
        return rng.choice(VALUES)
    if option.type in (OptionType.INT, OptionType.LONG, OptionType.SHORT):
        return rng.choice(NUMBERS)
    if option.type is OptionType.DOUBLE:
        return rng.choice(("0", "0.5", "1", "1.0", "-1", "2"))
    return rng.choice(("true", "false") if option.type is OptionType.BOOLEAN else VALUES)


def _configs(rng: random.Random, kind: int, *, operations: bool) -> list[Description]:
    found = []
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        name = _option_name(rng, kind)
        entry: Description = {"name": name, "value": _option_value(rng, kind, name)}
        if operations:
            entry["config_operation"] = rng.choice((0, 0, 0, 1, 2, 3) if rng.random() < 0.95 else (4, -1))
        if rng.random() < (0.5 if entry.get("config_operation") == 1 else 0.05):
            entry["value"] = None
        found.append(entry)
    return found


def _alterations(rng: random.Random, *, operations: bool) -> Description:
    kinds = [rng.choice((TOPIC, TOPIC, BROKER, CLIENT_METRICS, GROUP)) for _ in range(rng.choice((1, 1, 2)))]
    resources = [
        {
            "resource_type": kind,
            "resource_name": rng.choice(RESOURCES[kind]),
            "configs": _configs(rng, kind, operations=operations),
        }
        for kind in kinds
    ]
    return {
        "validate_only": BROKER in kinds or rng.random() < 0.2,
        "resources": list(
            {(each["resource_type"], each["resource_name"]): each for each in resources}.values()
        ),
    }


def _describe_configs(rng: random.Random) -> Description:
    def resource(rng: random.Random) -> Description:
        kind = rng.choice((TOPIC, TOPIC, CLIENT_METRICS, GROUP, BROKER))
        keys = None if kind != BROKER and rng.random() < 0.6 else [_option_name(rng, kind) for _ in range(4)]
        return {
            "resource_type": kind,
            "resource_name": rng.choice(RESOURCES[kind]),
            "configuration_keys": keys,
        }

    return {"resources": _some(rng, (0, 3, 1), resource), "include_synonyms": rng.random() < 0.7}


def _assignments(rng: random.Random) -> list[list[int]]:
    return _some(rng, (1, 2, 2, 1), lambda rng: rng.choice(([1], [1], [1], [2], [], [1, 1], [1, 2], [-1])))


def _create_topics(rng: random.Random) -> Description:
    def topic(rng: random.Random) -> Description:
        described: Description = {"name": _topic(rng), "configs": _configs(rng, TOPIC, operations=False)}
        if rng.random() < 0.3:
            numbered = enumerate(_assignments(rng))
            assignments = [{"partition_index": index, "broker_ids": ids} for index, ids in numbered]
            return {**described, "num_partitions": -1, "replication_factor": -1, "assignments": assignments}
        partitions = rng.choice((1, 1, 2, 3, -1, 0, -2, 10))
        return {
            **described,
            "num_partitions": partitions,
            "replication_factor": rng.choice((1, 1, 1, -1, 0, 2, -2)),
        }

    return {
        "topics": _once(_some(rng, (0, 3, 2, 1), topic), "name"),
        "timeout_ms": rng.choice((30_000, 30_000, 30_000, 0)),
        "validate_only": rng.random() < 0.3,
    }


def _create_partitions(rng: random.Random) -> Description:
    def topic(rng: random.Random) -> Description:
        assignments = None if rng.random() < 0.6 else [{"broker_ids": ids} for ids in _assignments(rng)]
        return {
            "name": _topic(rng),
            "count": rng.choice((0, -1, 1, 2, 3, 4, 5, 11)),
            "assignments": assignments,
        }

    return {
        "topics": _once(_some(rng, (0, 3, 1), topic), "name"),
        "timeout_ms": 30_000,
        "validate_only": rng.random() < 0.3,
    }


def _delete_topics(rng: random.Random) -> Description:
    names = sorted({_topic(rng) for _ in range(rng.choice((1, 1, 2)))})
    return {"topics": [{"name": name} for name in names], "topic_names": names, "timeout_ms": 30_000}


def _alter_quotas(rng: random.Random) -> Description:
    def part(rng: random.Random) -> Description:
        kind = rng.choice(("user", "client-id", "user", "ip", "no-such", ""))
        return {
            "entity_type": kind,
            "entity_name": rng.choice(("$user", "$other", None, "1.2.3.4", "", "a b")),
        }

    def op(rng: random.Random) -> Description:
        value = rng.choice((0.0, 1.0, -1.0, 0.5, 1.5, 1024.0, 1e20, 1e308))
        return {"key": rng.choice(QUOTAS), "value": value, "remove": rng.random() < 0.3}

    entry = {"entity": _once(_some(rng, (1, 6, 3), part), "entity_type"), "ops": _some(rng, (1, 4, 2, 1), op)}
    # Nobody's own: a quota without a name would be met by other cases.
    is_shared = all(each["entity_name"] in (None, "1.2.3.4") for each in entry["entity"])
    return {"entries": [entry], "validate_only": is_shared or rng.random() < 0.15}


def _describe_quotas(rng: random.Random) -> Description:
    def component(rng: random.Random) -> Description:
        match = rng.choice(("$user", "$other", None, ""))
        return {
            "entity_type": rng.choice(("user", "user", "client-id", "no-such")),
            "match_type": 0,
            "match": match,
        }

    return {"components": _some(rng, (0, 3, 2), component), "strict": rng.random() < 0.4}


def _alter_credentials(rng: random.Random) -> Description:
    def name(rng: random.Random) -> Description:
        mechanism = rng.choice((1, 2, 1, 2, 0, 3, -1))
        return {"name": rng.choice(("$user", "$user", "$other", "")), "mechanism": mechanism}

    def upsertion(rng: random.Random) -> Description:
        iterations = rng.choice((4096, 8192, 16384, 4095, 16385, 0, -1))
        password = rng.choice(("p" * 32, "p", ""))
        return {
            **name(rng),
            "iterations": iterations,
            "salt": rng.choice(("s", "")),
            "salted_password": password,
        }

    return {"deletions": _some(rng, (2, 1, 1), name), "upsertions": _some(rng, (1, 2, 2), upsertion)}


def _describe_credentials(rng: random.Random) -> Description:
    names = [{"name": rng.choice(("$user", "$other", "$new", ""))} for _ in range(rng.choice((1, 2, 3)))]
    return {"users": names}


def _update_features(rng: random.Random) -> Description:
    def update(rng: random.Random) -> Description:
        feature = rng.choice(FEATURES)
        return {
            "feature": feature,
            "max_version_level": rng.choice(LEVELS.get(feature, (0, 1, 2, -1, 100))),
            "upgrade_type": rng.choice((1, 1, 2, 3, 0, 4)),
        }

    return {"feature_updates": _once(_some(rng, (1, 4, 2), update), "feature"), "validate_only": True}


def _delete_records(rng: random.Random) -> Description:
    def topic(rng: random.Random) -> Description:
        partition = {"partition_index": _partition(rng), "offset": rng.choice((0, 1, 5, -1, -2))}
        return {"name": _topic(rng), "partitions": [partition]}

    return {"topics": _once(_some(rng, (0, 3, 1), topic), "name"), "timeout_ms": 30_000}


def _elect_leaders(rng: random.Random) -> Description:
    def topic(rng: random.Random) -> Description:
        return {"topic": _topic(rng), "partitions": [_partition(rng) for _ in range(rng.choice((0, 1, 2)))]}

    return {
        "election_type": rng.choice((0, 0, 1, 1, 2, -1)),
        "topic_partitions": _once(_some(rng, (0, 3, 1), topic), "topic"),
        "timeout_ms": 30_000,
    }


def _reassign(rng: random.Random) -> Description:
    def topic(rng: random.Random) -> Description:
        replicas = rng.choice((None, [1], [1], [2], [], [1, 1], [1, 2], [-1]))
        return {
            "name": _topic(rng),
            "partitions": [{"partition_index": _partition(rng), "replicas": replicas}],
        }

    return {
        "allow_replication_factor_change": rng.random() < 0.7,
        "topics": _once(_some(rng, (0, 3, 1), topic), "name"),
        "timeout_ms": 30_000,
    }


def _describe_topics(rng: random.Random) -> Description:
    names = [{"name": _topic(rng)} for _ in range(rng.choice((1, 2, 3)))]
    cursor = {"topic_name": _topic(rng), "partition_index": rng.choice((0, 1, 2, -1, 50))}
    return {
        "topics": names,
        "response_partition_limit": rng.choice((2000, 1, 2, 3, 0, -1)),
        "cursor": None if rng.random() < 0.4 else cursor,
    }


def _describe_producers(rng: random.Random) -> Description:
    return {"topics": [{"name": _topic(rng), "partition_indexes": [_partition(rng)]}]}


def _describe_cluster(rng: random.Random) -> Description:
    return {
        "include_cluster_authorized_operations": rng.random() < 0.5,
        "endpoint_type": rng.choice((1, 1, 2, 0, 3, -1)),
        "include_fenced_brokers": rng.random() < 0.5,
    }


TOPIC_IDS = {
    "CreateTopics": "topics.*.topic_id",
    "DeleteTopics": "responses.*.topic_id",
    "DescribeTopicPartitions": "topics.*.topic_id",
}
"""Where an answer has ids that only one of the brokers can have drawn."""

APIS: Mapping[str, tuple[int, bool, Draw]] = {
    "IncrementalAlterConfigs": (10, True, lambda rng: _alterations(rng, operations=True)),
    "AlterConfigs": (4, True, lambda rng: _alterations(rng, operations=False)),
    "DescribeConfigs": (6, False, _describe_configs),
    "CreateTopics": (6, True, _create_topics),
    "CreatePartitions": (4, True, _create_partitions),
    "DeleteTopics": (1, True, _delete_topics),
    "AlterClientQuotas": (5, True, _alter_quotas),
    "DescribeClientQuotas": (3, False, _describe_quotas),
    "AlterUserScramCredentials": (4, True, _alter_credentials),
    "DescribeUserScramCredentials": (2, False, _describe_credentials),
    "UpdateFeatures": (3, False, _update_features),
    "DeleteRecords": (2, False, _delete_records),
    "ElectLeaders": (3, False, _elect_leaders),
    "AlterPartitionReassignments": (3, True, _reassign),
    "DescribeTopicPartitions": (4, False, _describe_topics),
    "DescribeProducers": (1, False, _describe_producers),
    "DescribeCluster": (1, False, _describe_cluster),
}
"""How often each is asked, whether something may be seen to change by it, and what makes a request."""
