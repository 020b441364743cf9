import pytest

from ottla.config.option import ConfigError
from ottla.config.setting import Setting
from ottla.config.storage_settings import StorageSettings, storage_settings

BASE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.bootstrap.servers": "localhost:9093",
    "listeners": "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
    "controller.listener.names": "CONTROLLER",
    "log.dirs": "/data",
}


def read(**changes: str | None) -> StorageSettings:
    texts = {**BASE, **{name.replace("_", "."): text for name, text in changes.items()}}
    return storage_settings({name: Setting(text, "test") for name, text in texts.items() if text is not None})


def test_a_combined_node_is_read_whole() -> None:
    assert read() == StorageSettings(
        node_id=1,
        process_roles=("broker", "controller"),
        directories=("/data",),
        metadata_directory="/data",
        controller_listener_name="CONTROLLER",
        controller_address=("localhost", 9093),
        has_static_voters=False,
        allows_unstable_features=False,
    )


def test_all_directories_are_named_once_and_in_order() -> None:
    settings = read(log_dirs="/b, /a,/b", metadata_log_dir="/c")
    assert (settings.directories, settings.metadata_directory) == (("/a", "/b", "/c"), "/c")
    settings = read(log_dirs="/b,/a")
    assert (settings.directories, settings.metadata_directory) == (("/a", "/b"), "/b")
    assert read(log_dirs=None).directories == ("/tmp/kafka-logs",)


@pytest.mark.parametrize(
    ("changes", "address"),
    [
        ({"listeners": "PLAINTEXT://:9092,CONTROLLER://:9093"}, ("localhost", 9093)),
        (
            {
                "listeners": "PLAINTEXT://h:9092,CONTROLLER://0.0.0.0:9093",
                "advertised_listeners": "PLAINTEXT://h:9092",
            },
            ("localhost", 9093),
        ),
        (
            {"advertised_listeners": "PLAINTEXT://h:1,CONTROLLER://controller.example:2"},
            ("controller.example", 2),
        ),
        ({"listeners": "PLAINTEXT://[::1]:1,CONTROLLER://[::1]:2"}, ("::1", 2)),
        (
            {
                "listeners": "PLAINTEXT://h:1,A://h:2,B://h:3",
                "controller_listener_names": "B,A",
                "listener_security_protocol_map": "PLAINTEXT:PLAINTEXT,A:PLAINTEXT,B:PLAINTEXT",
            },
            ("h", 3),
        ),
    ],
)
def test_a_controller_is_reached_where_it_is_advertised(
    changes: dict[str, str], address: tuple[str, int]
) -> None:
    assert read(**changes).controller_address == address


def test_what_this_broker_cannot_serve_may_still_be_formatted() -> None:
    settings = read(
        listeners="SASL_SSL://localhost:9092,CONTROLLER://localhost:9093",
        listener_security_protocol_map="SASL_SSL:SASL_SSL,CONTROLLER:SSL",
        inter_broker_listener_name="SASL_SSL",
        controller_quorum_voters="1@a:1,2@b:1",
        authorizer_class_name="org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    )
    assert settings.has_static_voters


def test_a_node_of_one_role_is_read_too() -> None:
    broker = read(process_roles="broker", listeners="PLAINTEXT://localhost:9092")
    assert (broker.process_roles, broker.controller_address) == (("broker",), None)
    controller = read(process_roles="controller", listeners="CONTROLLER://localhost:9093")
    assert controller.controller_address == ("localhost", 9093)


def test_unstable_features_may_be_allowed() -> None:
    assert read(unstable_feature_versions_enable="true").allows_unstable_features


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"process_roles": None},
            'Missing required configuration "process.roles" which has no default value.',
        ),
        ({"log_dirs": ","}, "At least one log directory must be defined via log.dirs or log.dir."),
        (
            {"controller_quorum_bootstrap_servers": None},
            (
                "If using process.roles, either controller.quorum.bootstrap.servers must contain the set of bootstrap "
                "controllers or controller.quorum.voters must contain a parseable set of controllers."
            ),
        ),
        (
            {"controller_quorum_voters": "2@localhost:9093"},
            (
                "If process.roles contains the 'controller' role, the node id 1 must be included in the set of voters "
                "controller.quorum.voters=Set(2)"
            ),
        ),
        (
            {
                "process_roles": "broker",
                "listeners": "PLAINTEXT://:9092",
                "controller_quorum_voters": "1@localhost:9093",
            },
            (
                "If process.roles contains just the 'broker' role, the node id 1 must not be included in the set of "
                "voters controller.quorum.voters=Set(1)"
            ),
        ),
        (
            {"process_roles": "broker", "controller_listener_names": None},
            "controller.listener.names must contain at least one value when running KRaft with just the broker role",
        ),
        (
            {"process_roles": "broker"},
            (
                "controller.listener.names must not contain a value appearing in the 'listeners' configuration when "
                "running KRaft with just the broker role"
            ),
        ),
        (
            {"process_roles": "controller"},
            (
                "The listeners config must only contain KRaft controller listeners from controller.listener.names when "
                "process.roles=controller"
            ),
        ),
        (
            {"process_roles": "controller", "listeners": ""},
            (
                "controller.listener.names must contain at least one value appearing in the 'listeners' "
                "configuration when running the KRaft controller role"
            ),
        ),
        (
            {
                "controller_listener_names": "OTHER",
                "listener_security_protocol_map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            },
            (
                "controller.listener.names must contain at least one value appearing in the 'listeners' "
                "configuration when running the KRaft controller role"
            ),
        ),
    ],
)
def test_what_kafka_refuses_is_refused_with_its_words(changes: dict[str, str | None], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(**changes)
    assert str(caught.value) == text
