import pytest

from ottla.container.naming import is_service_link, without_service_links


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KAFKA_PORT", "tcp://10.0.0.7:9092"),
        ("KAFKA_UI_PORT", "tcp://10.0.0.7:8080"),
        ("KAFKA_SERVICE_HOST", "10.0.0.7"),
        ("KAFKA_SERVICE_PORT", "9092"),
        ("KAFKA_SERVICE_PORT_CLIENTS", "9092"),
        ("KAFKA_PORT_9092_TCP", "tcp://10.0.0.7:9092"),
        ("KAFKA_PORT_9092_TCP_ADDR", "10.0.0.7"),
        ("KAFKA_BROKER_0_PORT_9092_UDP_PROTO", "udp"),
    ],
)
def test_what_tells_of_a_service_is_no_option(variable: str, value: str) -> None:
    assert is_service_link(variable, value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KAFKA_PORT", "9092"),
        ("KAFKA_JMX_PORT", "9999"),
        ("KAFKA_HOST", "tcp://10.0.0.7:9092"),
        ("KAFKA_LISTENERS", "tcp://10.0.0.7:9092"),
        ("KAFKA_SASL_KERBEROS_SERVICE_NAME", "kafka"),
    ],
)
def test_what_somebody_has_set_is_one(variable: str, value: str) -> None:
    assert not is_service_link(variable, value)


def test_the_variables_that_are_left_stand_in_order() -> None:
    environment = {"KAFKA_B": "1", "KAFKA_SERVICE_HOST": "10.0.0.7", "KAFKA_A": "2"}
    assert list(without_service_links(environment).items()) == [("KAFKA_A", "2"), ("KAFKA_B", "1")]
