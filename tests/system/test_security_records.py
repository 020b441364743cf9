"""Quotas, SCRAM credentials and ACLs in the metadata: set with Apache Kafka's own tools, and carried to it and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from tests.peers.tools import KafkaTools, ToolResult
from tests.support.broker_process import BrokerSettings, RunningBroker
from tests.support.ports import free_port
from tests.support.waiting import eventually
from tests.system.conftest import STARTERS
from tests.system.content import QUIET

pytestmark = pytest.mark.java

WAIT_S = 30.0
# Small enough that every life of a broker writes a snapshot or more.
OFTEN = {"metadata.log.max.record.bytes.between.snapshots": "2000"}
AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
}
PASSWORD = "correct horse"

Configs = Callable[..., ToolResult]


@pytest.fixture
def running() -> Iterator[list[RunningBroker]]:
    """Collect the brokers of one test, so that none outlives it."""
    brokers: list[RunningBroker] = []
    yield brokers
    for broker in brokers:
        if broker.running:
            broker.kill()


def configs_of(tools: KafkaTools, broker: RunningBroker) -> Configs:
    """Return a function that runs kafka-configs against a broker."""

    def run(*arguments: str) -> ToolResult:
        return tools.run("ConfigCommand", ["--bootstrap-server", broker.bootstrap, *arguments])

    return run


@pytest.fixture
def configs(kafka_tools: KafkaTools, broker: RunningBroker) -> Configs:
    """Give kafka-configs for the broker under test."""
    return configs_of(kafka_tools, broker)


def altered(configs: Configs, *arguments: str) -> str:
    """Alter, and return what the tool says."""
    return configs("--alter", *arguments).checked().stdout


def described(configs: Configs, *arguments: str) -> set[str]:
    """Describe, and return the lines; values of one line are put in order."""
    lines = configs("--describe", *arguments).checked().stdout.splitlines()
    return {_ordered(line) for line in lines}


def _ordered(line: str) -> str:
    head, are, values = line.partition(" are ")
    return head + are + ", ".join(sorted(values.split(", ")))


def eventually_described(configs: Configs, arguments: list[str], lines: set[str]) -> None:
    """Wait until these lines are described: Apache Kafka applies what it has answered a moment later."""
    seen: list[set[str]] = []

    def holds() -> bool:
        seen[:] = [described(configs, *arguments)]
        return seen == [lines]

    try:
        eventually(holds)
    except AssertionError:
        assert seen == [lines]


def test_quotas_of_a_user_are_set_described_and_removed(configs: Configs, name: str) -> None:
    user = ["--entity-type", "users", "--entity-name", name]
    said = altered(configs, *user, "--add-config", "producer_byte_rate=1024,request_percentage=12.5")
    assert said == f"Completed updating config for user {name}.\n"
    eventually_described(
        configs,
        user,
        {f"Quota configs for user-principal '{name}' are producer_byte_rate=1024.0, request_percentage=12.5"},
    )
    altered(configs, *user, "--delete-config", "request_percentage")
    eventually_described(
        configs, user, {f"Quota configs for user-principal '{name}' are producer_byte_rate=1024.0"}
    )
    altered(configs, *user, "--delete-config", "producer_byte_rate")
    eventually_described(configs, user, set())


def test_quotas_of_a_client_alone_and_of_a_user_are_different(configs: Configs, name: str) -> None:
    client = ["--entity-type", "clients", "--entity-name", name]
    both = ["--entity-type", "users", "--entity-name", name, *client]
    altered(configs, *client, "--add-config", "consumer_byte_rate=100")
    altered(configs, *both, "--add-config", "consumer_byte_rate=200")
    eventually_described(
        configs, client, {f"Quota configs for client-id '{name}' are consumer_byte_rate=100.0"}
    )
    eventually_described(
        configs,
        both,
        {f"Quota configs for user-principal '{name}', client-id '{name}' are consumer_byte_rate=200.0"},
    )


def test_quotas_of_addresses_are_set_described_and_removed(configs: Configs) -> None:
    address = ["--entity-type", "ips", "--entity-name", "127.0.0.77"]
    assert (
        altered(configs, *address, "--add-config", "connection_creation_rate=500")
        == "Completed updating config for ip 127.0.0.77.\n"
    )
    eventually_described(
        configs, address, {"Quota configs for ip '127.0.0.77' are connection_creation_rate=500.0"}
    )
    altered(configs, *address, "--delete-config", "connection_creation_rate")
    eventually_described(configs, address, set())


def test_quotas_of_defaults_are_set_described_and_removed(configs: Configs) -> None:
    every_client = ["--entity-type", "clients", "--entity-default"]
    said = altered(configs, *every_client, "--add-config", "producer_byte_rate=1000000000")
    assert said == "Completed updating default config for clients in the cluster.\n"
    eventually_described(
        configs, every_client, {"Quota configs for the default client-id are producer_byte_rate=1.0E9"}
    )
    altered(configs, *every_client, "--delete-config", "producer_byte_rate")
    eventually_described(configs, every_client, set())


def test_that_quotas_are_not_enforced_is_said_once(
    broker: RunningBroker, configs: Configs, name: str
) -> None:
    if broker.kind != "ottla":
        pytest.skip("Apache Kafka enforces them")
    client = ["--entity-type", "clients", "--entity-name", name]
    altered(configs, *client, "--add-config", "producer_byte_rate=100000")
    altered(configs, *client, "--add-config", "producer_byte_rate=200000")
    warned = [line for line in broker.log_lines() if "Client quotas are set" in line]
    assert len(warned) == 1
    assert "WARN" in warned[0]


def test_a_quota_that_cannot_be_is_refused_with_the_reason(configs: Configs, name: str) -> None:
    user = ["--entity-type", "users", "--entity-name", name]
    failed = configs("--alter", *user, "--add-config", "producer_byte_rate=0")
    assert failed.exit_code == 1
    assert "Quota producer_byte_rate must be greater than 0" in failed.stdout + failed.stderr


def test_credentials_are_set_described_and_deleted(configs: Configs, name: str) -> None:
    user = ["--entity-type", "users", "--entity-name", name]
    for secret in (
        f"SCRAM-SHA-256=[iterations=8192,password={PASSWORD}]",
        f"SCRAM-SHA-512=[password={PASSWORD}]",
    ):
        said = altered(configs, *user, "--add-config", secret)
        assert said == f"Completed updating config for user {name}.\n"
    words = f"SCRAM credential configs for user-principal '{name}' are "
    eventually_described(
        configs, user, {f"{words}SCRAM-SHA-256=iterations=8192, SCRAM-SHA-512=iterations=4096"}
    )
    altered(configs, *user, "--delete-config", "SCRAM-SHA-256")
    eventually_described(configs, user, {f"{words}SCRAM-SHA-512=iterations=4096"})
    failed = configs("--alter", *user, "--delete-config", "SCRAM-SHA-256")
    assert failed.exit_code == 1
    assert "Attempt to delete a user credential that does not exist" in failed.stdout + failed.stderr


def test_acls_need_an_authorizer(broker: RunningBroker, name: str) -> None:
    admin = admin_of(broker)
    acl = acl_of(name)
    with pytest.raises(Exception, match="No Authorizer is configured"):
        admin.create_acls([acl])[acl].result(WAIT_S)


def admin_of(broker: RunningBroker) -> AdminClient:
    return AdminClient({"bootstrap.servers": broker.bootstrap, **QUIET})


def acl_of(topic: str) -> AclBinding:
    return AclBinding(
        ResourceType.TOPIC,
        topic,
        ResourcePatternType.PREFIXED,
        "User:alice",
        "127.0.0.1",
        AclOperation.READ,
        AclPermissionType.ALLOW,
    )


EVERY_ACL = AclBindingFilter(
    ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
)


def create_topics(broker: RunningBroker, prefix: str) -> None:
    """Change so much that a snapshot is due."""
    topics = [NewTopic(f"{prefix}-{number}", 1, 1) for number in range(30)]
    admin = admin_of(broker)  # a handle that nobody holds gives up what it was asked for
    for done in admin.create_topics(topics).values():
        done.result(WAIT_S)


def assert_snapshot(settings: BrokerSettings) -> None:
    """The last life has left a snapshot that holds what is asked for after it."""
    assert list((settings.data_dir / "__cluster_metadata-0").glob("*.checkpoint"))


def test_quotas_and_credentials_go_back_and_forth(
    kafka_tools: KafkaTools, tmp_path: Path, running: list[RunningBroker]
) -> None:
    settings = BrokerSettings(tmp_path / "data", tmp_path, properties=OFTEN)
    lines: set[str] = set()
    for life, kind in enumerate(["ottla", "kafka", "ottla", "kafka"]):
        broker = STARTERS[kind](settings)
        running.append(broker)
        configs = configs_of(kafka_tools, broker)
        eventually_described(configs, ["--entity-type", "users"], lines)
        user = ["--entity-type", "users", "--entity-name", f"user-{life}"]
        altered(configs, *user, "--add-config", f"producer_byte_rate={life + 1}")
        secret = f"SCRAM-SHA-512=[iterations={5000 + life},password={PASSWORD}]"
        altered(configs, *user, "--add-config", secret)
        lines |= {
            f"Quota configs for user-principal 'user-{life}' are producer_byte_rate={life + 1}.0",
            (
                f"SCRAM credential configs for user-principal 'user-{life}' are "
                f"SCRAM-SHA-512=iterations={5000 + life}"
            ),
        }
        if life > 0:
            removed = ["--entity-type", "users", "--entity-name", f"user-{life - 1}"]
            altered(configs, *removed, "--delete-config", "producer_byte_rate")
            lines.remove(
                f"Quota configs for user-principal 'user-{life - 1}' are producer_byte_rate={life}.0"
            )
        create_topics(broker, f"life-{life}")
        eventually_described(configs, ["--entity-type", "users"], lines)
        broker.stop()
        assert_snapshot(settings)


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_apache_kafka_authenticates_by_credentials_that_were_set_here(
    kafka_tools: KafkaTools, tmp_path: Path, running: list[RunningBroker], mechanism: str
) -> None:
    settings = BrokerSettings(tmp_path / "data", tmp_path, properties=OFTEN)
    broker = STARTERS["ottla"](settings)
    running.append(broker)
    user = ["--entity-type", "users", "--entity-name", "alice"]
    secret = f"{mechanism}=[iterations=5000,password={PASSWORD}]"
    altered(configs_of(kafka_tools, broker), *user, "--add-config", secret)
    broker.stop()

    port = free_port()
    plaintext = f"PLAINTEXT://localhost:{settings.port},CONTROLLER://localhost:{settings.controller_port}"
    settings.properties = {
        "listeners": f"SASL://localhost:{port},{plaintext}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": mechanism,
        f"listener.name.sasl.{mechanism.lower()}.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
    }
    running.append(STARTERS["kafka"](settings))
    client = {
        "bootstrap.servers": f"localhost:{port}",
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": mechanism,
        "sasl.username": "alice",
        **QUIET,
    }
    metadata = AdminClient({**client, "sasl.password": PASSWORD}).list_topics(timeout=WAIT_S)
    assert list(metadata.brokers) == [1]
    # The same client with another password, which proves that the password was looked at.
    with pytest.raises(Exception, match=r"_TRANSPORT|_AUTHENTICATION|_TIMED_OUT|Failed to get metadata"):
        AdminClient({**client, "sasl.password": "wrong"}).list_topics(timeout=3.0)


def test_acls_of_apache_kafka_are_kept(tmp_path: Path, running: list[RunningBroker]) -> None:
    settings = BrokerSettings(tmp_path / "data", tmp_path, properties={**OFTEN, **AUTHORIZER})
    acls = [acl_of("orders"), acl_of("invoices")]
    broker = STARTERS["kafka"](settings)
    running.append(broker)
    admin = admin_of(broker)
    for done in admin.create_acls(acls).values():
        done.result(WAIT_S)
    broker.stop()
    settings.properties = OFTEN
    for life in ("first", "second"):
        keeper = STARTERS["ottla"](settings)
        running.append(keeper)
        create_topics(keeper, life)
        keeper.stop()
        assert_snapshot(settings)
    settings.properties = {**OFTEN, **AUTHORIZER}
    broker = STARTERS["kafka"](settings)
    running.append(broker)
    admin = admin_of(broker)

    def found() -> set[str]:
        return {acl.name for acl in admin.describe_acls(EVERY_ACL).result(WAIT_S)}

    eventually(lambda: found() == {"orders", "invoices"})
