"""A start from its first line to a broker that serves, and starts that are refused and leave nothing behind."""

import re
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer

from tests.container.started import environment_of, lay_out_root, refused_start, started

DIALECTS = ("apache", "bitnami", "confluent", "confluent_local", "zookeeper")
TIMEOUT_MS = 20_000


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_usual_environment_serves_clients(dialect: str, tmp_path: Path) -> None:
    with started(dialect, tmp_path) as broker:
        address = f"localhost:{broker.port}"
        with KafkaProducer(bootstrap_servers=address) as producer:
            producer.send("greetings", b"hello").get(timeout=TIMEOUT_MS / 1000)
        consumer = KafkaConsumer(
            "greetings",
            bootstrap_servers=address,
            auto_offset_reset="earliest",
            consumer_timeout_ms=TIMEOUT_MS,
        )
        assert next(consumer).value == b"hello"
        consumer.close()


def test_apache_says_its_steps_in_order(tmp_path: Path) -> None:
    with started("apache", tmp_path) as broker:
        lines = broker.standard_output()
        steps = [line for line in lines if line.startswith("===>")]
    assert steps == [
        "===> User",
        "===> Setting default values of environment variables if not already set.",
        "===> Configuring ...",
        "===> Launching ... ",
        "===> Using provided cluster id 4L6g3nShT-eMCtK--X86sw ...",
    ]
    assert "Running in KRaft mode..." in lines
    assert "cluster.id=4L6g3nShT-eMCtK--X86sw" in (tmp_path / "data" / "meta.properties").read_text()


def test_confluent_says_its_steps_in_order(tmp_path: Path) -> None:
    with started("confluent", tmp_path) as broker:
        steps = [line for line in broker.standard_output() if line.startswith("===>")]
    assert steps == [
        "===> User",
        "===> Configuring ...",
        "===> Running preflight checks ... ",
        "===> Check if /var/lib/kafka/data is writable ...",
        "===> Using provided cluster id 4L6g3nShT-eMCtK--X86sw ...",
        "===> Launching ... ",
        "===> Launching kafka ... ",
    ]


def test_bitnami_says_its_steps_on_standard_error(tmp_path: Path) -> None:
    with started("bitnami", tmp_path) as broker:
        said = re.sub(r"\x1b\[[0-9;]*m", "", broker.standard_error())
        lines = broker.standard_output()
    steps = re.findall(r"^kafka \d\d:\d\d:\d\d\.\d\d INFO  ==> (\*\* .*)$", said, re.MULTILINE)
    assert steps == ["** Starting Kafka setup **", "** Kafka setup finished! **", "** Starting Kafka **"]
    assert not any("==>" in line for line in lines)


def test_a_broker_with_zookeeper_is_warned_of_once(tmp_path: Path) -> None:
    with started("zookeeper", tmp_path) as broker:
        warnings = [line for line in broker.standard_output() if "ooKeeper mode" in line and "WARN" in line]
    assert len(warnings) == 1
    assert "zookeeper.connect" in warnings[0]


def test_a_changed_script_of_confluent_is_run_instead_of_the_shipped_one(tmp_path: Path) -> None:
    root = tmp_path / "root"
    files = lay_out_root(root)
    files.write("/etc/confluent/docker/ensure", "#!/bin/sh\necho changed; exit 3\n")
    files.place("/etc/confluent/docker/ensure").chmod(0o755)
    done = refused_start("confluent", root, environment_of("confluent", tmp_path / "data", 9092, 9093))
    assert done.returncode == 1
    assert "changed" in done.stdout.splitlines()
    assert not (tmp_path / "data").exists()


def test_a_sasl_listener_is_refused_and_never_served_in_plaintext(tmp_path: Path) -> None:
    root = tmp_path / "root"
    lay_out_root(root)
    login = tmp_path / "jaas.conf"
    login.write_text(
        'KafkaServer { org.apache.kafka.common.security.plain.PlainLoginModule required user_ada="one"; };'
    )
    environment = environment_of("apache", tmp_path / "data", 9092, 9093)
    environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"] = "CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT"
    environment["KAFKA_OPTS"] = f"-Djava.security.auth.login.config={login}"
    done = refused_start("apache", root, environment)
    assert done.returncode == 1
    assert "asks for SASL_PLAINTEXT, which is not served" in done.stdout
    assert not (tmp_path / "data").exists()


def test_a_login_file_that_cannot_be_read_is_what_the_start_dies_of(tmp_path: Path) -> None:
    root = tmp_path / "root"
    lay_out_root(root)
    environment = environment_of("apache", tmp_path / "data", 9092, 9093)
    environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"] = "CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT"
    environment["KAFKA_OPTS"] = "-Djava.security.auth.login.config=/nowhere/jaas.conf"
    done = refused_start("apache", root, environment)
    assert done.returncode == 1
    assert "/nowhere/jaas.conf (No such file or directory)" in done.stdout


def test_words_behind_run_go_over_the_environment(tmp_path: Path) -> None:
    root = tmp_path / "root"
    lay_out_root(root)
    environment = environment_of("apache", tmp_path / "data", 9092, 9093)
    done = refused_start("apache", root, environment, "KAFKA_NUM_PARTITIONS=many")
    assert "===> Overriding env params with args ..." in done.stdout.splitlines()
    assert "Invalid value many for configuration num.partitions" in done.stdout
