"""A wrong environment ends a start with the original's message and exit code 1, and nothing is left on the volume."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.container.started import environment_of, lay_out_root, refused_start

KRAFT = ("apache", "bitnami", "confluent", "confluent_local")
EVERY_DIALECT = (*KRAFT, "zookeeper")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is changed in a dialect's usual environment, and what its image says of it: Kafka's words, or its own."""

    changes: Mapping[str, str | None]
    words: str
    own_words: Mapping[str, str] = field(default_factory=dict)
    dialects: tuple[str, ...] = KRAFT


REFUSALS = {
    "a listener that is none": Refusal(
        {"LISTENERS": "PLAINTEXT:9092,CONTROLLER://:9093"},
        "Unable to parse PLAINTEXT:9092 to a broker endpoint",
        {
            "bitnami": (
                "An invalid port  was specified in the environment variable KAFKA_CFG_LISTENERS: the value is empty."
            )
        },
        EVERY_DIALECT,
    ),
    "two listeners on one port": Refusal(
        {"LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9092"},
        "Each listener must have a different port",
        {"bitnami": "There are listeners bound to the same port"},
    ),
    "two listeners for clients on one port": Refusal(
        {
            "LISTENERS": "PLAINTEXT://:9092,OTHER://:9092",
            "LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,OTHER:PLAINTEXT",
        },
        "Each listener must have a different port",
        dialects=("zookeeper",),
    ),
    "an advertised address that is none": Refusal(
        {"ADVERTISED_LISTENERS": "PLAINTEXT://0.0.0.0:9092"},
        "advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.",
        dialects=EVERY_DIALECT,
    ),
    "voters without this node": Refusal(
        {"CONTROLLER_QUORUM_VOTERS": "2@localhost:9093"},
        "If process.roles contains the 'controller' role, the node id 1 must be included in the set of voters "
        "controller.quorum.voters=Set(2)",
    ),
    "no voters": Refusal(
        {"CONTROLLER_QUORUM_VOTERS": None},
        "either controller.quorum.bootstrap.servers must contain the set of bootstrap controllers or "
        "controller.quorum.voters must contain a parseable set of controllers",
        dialects=("apache", "confluent"),
    ),
    "an option that is no number": Refusal(
        {"NUM_PARTITIONS": "many"},
        "Invalid value many for configuration num.partitions",
        dialects=EVERY_DIALECT,
    ),
}
"""Without voters bitnami makes a quorum of its own, and confluent-local has some: both start."""

CASES = [
    pytest.param(dialect, case, id=f"{dialect}: {case}")
    for case, refusal in REFUSALS.items()
    for dialect in refusal.dialects
]


def changed(dialect: str, data: Path, changes: Mapping[str, str | None]) -> dict[str, str]:
    """Return a dialect's usual environment with some options changed, or without them."""
    prefix = "KAFKA_CFG_" if dialect == "bitnami" else "KAFKA_"
    environment: dict[str, str | None] = {**environment_of(dialect, data, 9092, 9093)}
    environment |= {f"{prefix}{name}": value for name, value in changes.items()}
    return {name: value for name, value in environment.items() if value is not None}


@pytest.mark.parametrize(("dialect", "case"), CASES)
def test_a_refused_start_says_why_and_leaves_nothing_behind(dialect: str, case: str, tmp_path: Path) -> None:
    refusal = REFUSALS[case]
    root = tmp_path / "root"
    files = lay_out_root(root)
    done = refused_start(dialect, root, changed(dialect, tmp_path / "data", refusal.changes))
    assert done.returncode == 1, done.stdout + done.stderr
    assert refusal.own_words.get(dialect, refusal.words) in done.stdout + done.stderr
    assert not (tmp_path / "data").exists()
    for volume in ("/var/lib/kafka/data", "/bitnami/kafka/data"):
        assert not [*files.place(volume).rglob("*")]


@pytest.mark.parametrize("dialect", EVERY_DIALECT)
def test_data_that_has_no_place_is_refused(dialect: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    lay_out_root(root)
    in_the_way = tmp_path / "file"
    in_the_way.write_bytes(b"no directory")
    data = in_the_way / "data"
    done = refused_start(dialect, root, changed(dialect, data, {}))
    assert done.returncode == 1, done.stdout + done.stderr
    assert str(data) in done.stdout + done.stderr
    assert in_the_way.read_bytes() == b"no directory"
