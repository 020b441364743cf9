import pytest

from ottla.container.dialect import Choice, Dialect, UnknownDialectError, recognise
from ottla.container.mounts import Mount

KRAFT = {"KAFKA_NODE_ID": "1", "KAFKA_PROCESS_ROLES": "broker,controller", "CLUSTER_ID": "x"}


def mounted(*places: str) -> tuple[Mount, ...]:
    return tuple(Mount(place, is_anonymous=False) for place in places)


@pytest.mark.parametrize(
    ("environment", "command", "mounts", "dialect", "reason"),
    [
        ({}, [], (), Dialect.APACHE, "no command, variable or mount says otherwise"),
        (KRAFT, [], (), Dialect.APACHE, "no command, variable or mount says otherwise"),
        ({}, ["/etc/kafka/docker/run"], (), Dialect.APACHE, "the command has /etc/kafka/docker/"),
        ({}, ["/etc/confluent/docker/run"], (), Dialect.CONFLUENT, "the command has /etc/confluent/"),
        (
            {"KAFKA_REST_LISTENERS": "http://0.0.0.0:8082"},
            ["/etc/confluent/docker/run"],
            (),
            Dialect.CONFLUENT_LOCAL,
            "the command has /etc/confluent/, and KAFKA_REST_LISTENERS is set",
        ),
        (
            {},
            ["sh", "-c", "sleep 1; /etc/confluent/docker/run"],
            (),
            Dialect.CONFLUENT,
            "the command has /etc/confluent/",
        ),
        ({}, ["/opt/bitnami/scripts/kafka/run.sh"], (), Dialect.BITNAMI, "the command has /opt/bitnami/"),
        ({}, ["/run.sh"], (), Dialect.BITNAMI, "the command has /run.sh"),
        ({}, ["/entrypoint.sh", "/run.sh"], (), Dialect.BITNAMI, "the command has /entrypoint.sh"),
        ({}, ["/my/run.sh"], (), Dialect.APACHE, "no command, variable or mount says otherwise"),
        ({"KAFKA_CFG_NODE_ID": "1"}, [], (), Dialect.BITNAMI, "KAFKA_CFG_NODE_ID is set"),
        ({"ALLOW_PLAINTEXT_LISTENER": "yes"}, [], (), Dialect.BITNAMI, "ALLOW_PLAINTEXT_LISTENER is set"),
        (
            {"KAFKA_CLIENT_PASSWORDS_FILE": "/x"},
            [],
            (),
            Dialect.BITNAMI,
            "KAFKA_CLIENT_PASSWORDS_FILE is set",
        ),
        (
            {"KAFKA_REST_HOST_NAME": "rest"},
            [],
            (),
            Dialect.CONFLUENT_LOCAL,
            "KAFKA_REST_HOST_NAME is set",
        ),
        (
            {**KRAFT, "KAFKA_CONFLUENT_LICENSE_TOPIC_REPLICATION_FACTOR": "1"},
            [],
            (),
            Dialect.CONFLUENT,
            "KAFKA_CONFLUENT_LICENSE_TOPIC_REPLICATION_FACTOR is set",
        ),
        (
            {"KAFKA_ZOOKEEPER_CONNECT": "zookeeper:2181"},
            [],
            (),
            Dialect.CONFLUENT,
            "KAFKA_ZOOKEEPER_CONNECT is set without KAFKA_PROCESS_ROLES",
        ),
        ({}, [], mounted("/bitnami"), Dialect.BITNAMI, "something is mounted in /bitnami"),
        ({}, [], mounted("/bitnami/kafka"), Dialect.BITNAMI, "something is mounted in /bitnami"),
        (
            KRAFT,
            [],
            mounted("/mnt/shared/config"),
            Dialect.APACHE,
            "something is mounted in /mnt/shared/config",
        ),
        (
            KRAFT,
            [],
            mounted("/var/lib/kafka/data"),
            Dialect.CONFLUENT,
            "/var/lib/kafka/data is mounted and KAFKA_LOG_DIRS is not set",
        ),
        (
            {**KRAFT, "KAFKA_LOG_DIRS": "/var/lib/kafka/data"},
            [],
            mounted("/var/lib/kafka/data"),
            Dialect.APACHE,
            "no command, variable or mount says otherwise",
        ),
        (
            {"KAFKA_NODE_ID": "1", "KAFKA_PROCESS_ROLES": "broker,controller"},
            [],
            mounted("/var/lib/kafka/data"),
            Dialect.APACHE,
            "no command, variable or mount says otherwise",
        ),
        (
            {"OTTLA_DIALECT": "bitnami"},
            ["/etc/kafka/docker/run"],
            (),
            Dialect.BITNAMI,
            "OTTLA_DIALECT says so",
        ),
        ({"OTTLA_DIALECT": "confluentinc/cp-kafka"}, [], (), Dialect.CONFLUENT, "OTTLA_DIALECT says so"),
        ({"OTTLA_DIALECT": "Confluent-Local"}, [], (), Dialect.CONFLUENT_LOCAL, "OTTLA_DIALECT says so"),
        ({"OTTLA_DIALECT": "", "KAFKA_CFG_X": ""}, [], (), Dialect.BITNAMI, "KAFKA_CFG_X is set"),
    ],
)
def test_a_dialect_is_recognised(
    environment: dict[str, str],
    command: list[str],
    mounts: tuple[Mount, ...],
    dialect: Dialect,
    reason: str,
) -> None:
    assert recognise(environment, command, mounts) == Choice(dialect, reason)


def test_an_anonymous_volume_says_nothing() -> None:
    mounts = (Mount("/bitnami", is_anonymous=True), Mount("/var/lib/kafka/data", is_anonymous=True))
    assert recognise(KRAFT, [], mounts).dialect is Dialect.APACHE


def test_a_dialect_that_there_is_not_is_refused() -> None:
    with pytest.raises(
        UnknownDialectError, match="OTTLA_DIALECT=redpanda is no dialect; there are apache, bitnami"
    ):
        recognise({"OTTLA_DIALECT": "redpanda"}, [], ())
