"""What the golden rows of test_broker do not reach: how addresses print, and the implied protocols."""

import pytest

from ottla.config.listeners import Listener, ListenerTexts, lay_out_listeners, split_csv, url_host
from ottla.config.option import ConfigError


def texts(listeners: str, protocol_map: str | None = None) -> ListenerTexts:
    return ListenerTexts(
        listeners=listeners,
        advertised_listeners=None,
        security_protocol_map=protocol_map or "PLAINTEXT:PLAINTEXT,SSL:SSL",
        security_protocol_map_is_set=protocol_map is not None,
        controller_listener_names="CONTROLLER",
        inter_broker_listener_name=None,
        security_inter_broker_protocol="PLAINTEXT",
        security_inter_broker_protocol_is_set=False,
    )


def unasked() -> str:
    raise AssertionError("every address names its host")


def test_an_ipv6_address_loses_its_brackets_inside_and_has_them_in_print() -> None:
    layout = lay_out_listeners(texts("PLAINTEXT://[::1]:9092,CONTROLLER://localhost:0"), unasked)
    assert layout.listeners[0] == Listener("PLAINTEXT", "::1", 9092, "PLAINTEXT")
    assert str(layout.listeners[0]) == "PLAINTEXT://[::1]:9092"
    assert url_host("localhost") == "localhost"


def test_the_controller_listener_is_plaintext_unless_the_map_is_set() -> None:
    layout = lay_out_listeners(texts("PLAINTEXT://h:1,CONTROLLER://h:2"), unasked)
    assert layout.security_protocols["CONTROLLER"] == "PLAINTEXT"
    with pytest.raises(ConfigError, match="No security protocol defined for listener CONTROLLER"):
        lay_out_listeners(texts("PLAINTEXT://h:1,CONTROLLER://h:2", "PLAINTEXT:PLAINTEXT"), unasked)


def test_tls_in_use_leaves_the_controller_listener_undefined() -> None:
    with pytest.raises(ConfigError, match="No security protocol defined for listener CONTROLLER"):
        lay_out_listeners(texts("SSL://h:1,CONTROLLER://h:2"), unasked)


@pytest.mark.parametrize("protocol", ["SSL", "SASL_PLAINTEXT", "SASL_SSL"])
def test_a_listener_that_asks_for_protection_is_never_served_without(protocol: str) -> None:
    protocol_map = f"PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SAFE:{protocol}"
    with pytest.raises(ConfigError, match=f"SAFE://h:3 asks for {protocol}, which is not served"):
        lay_out_listeners(texts("PLAINTEXT://h:1,CONTROLLER://h:2,SAFE://h:3", protocol_map), unasked)


def test_a_csv_text_is_trimmed_and_loses_empty_items() -> None:
    assert split_csv(" a , ,b,") == ("a", "b")
    assert split_csv(None) == ()
