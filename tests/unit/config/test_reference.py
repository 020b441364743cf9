from ottla.config.broker import embedded_broker_config, resolve_broker_config
from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.own_options import OWN_OPTIONS
from ottla.config.reference import configuration_page, ottla_yaml, server_properties
from ottla.config.sources import EMBEDDED_SETTINGS, read_settings


def test_both_samples_are_what_plain_ottla_uses() -> None:
    embedded = embedded_broker_config()
    for name, text in (("s.properties", server_properties()), ("s.yaml", ottla_yaml())):
        settings = read_settings(text.encode(), name)
        assert settings.keys() == EMBEDDED_SETTINGS.keys()
        assert resolve_broker_config(settings, lambda: "localhost").values == embedded.values


def test_each_default_in_the_samples_is_the_default_when_its_line_is_taken() -> None:
    for name, text in (("s.properties", server_properties()), ("s.yaml", ottla_yaml())):
        uncommented = "\n".join(
            line.removeprefix("#")
            for line in text.split("\n")
            if line.startswith("#") and line[1:2].isalpha()
        )
        settings = read_settings(uncommented.encode(), name)
        options = {**BROKER_OPTIONS, **OWN_OPTIONS}
        assert settings.keys() | EMBEDDED_SETTINGS.keys() == options.keys()
        for option_name, setting in settings.items():
            assert setting.text == (options[option_name].default or "")


def test_the_page_names_every_option() -> None:
    page = configuration_page()
    assert [name for name in (*BROKER_OPTIONS, *OWN_OPTIONS) if f"`{name}`" not in page] == []
