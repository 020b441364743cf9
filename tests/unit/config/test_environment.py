import pytest

from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.environment import read_environment
from ottla.config.own_options import OWN_OPTIONS
from ottla.config.setting import Setting


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("OTTLA_NUM_PARTITIONS", "num.partitions"),
        ("OTTLA_SASL__SSL", "sasl_ssl"),
        ("OTTLA_LISTENER_NAME_A___B_PORT", "listener.name.a-b.port"),
        ("OTTLA_LOG_LEVEL", "ottla.log.level"),
        ("OTTLA_OTTLA_LOG_LEVEL", "ottla.log.level"),
        ("OTTLA_METRICS_PORT", "ottla.metrics.port"),
    ],
)
def test_a_variable_stands_for_an_option(variable: str, name: str) -> None:
    assert read_environment({variable: "x"}) == {name: Setting("x", variable)}


def test_other_variables_are_left_alone() -> None:
    environment = {"PATH": "/bin", "KAFKA_NUM_PARTITIONS": "3", "OTTLA_": "x", "MY_OTTLA_X": "y"}
    environment["OTTLA_DIALECT"] = "apache"
    assert read_environment(environment) == {}


@pytest.mark.parametrize("name", [*BROKER_OPTIONS, *OWN_OPTIONS])
def test_every_option_can_be_set(name: str) -> None:
    variable = "OTTLA_" + name.replace("_", "__").replace("-", "___").replace(".", "_").upper()
    assert list(read_environment({variable: ""})) == [name]
