import pytest

from ottla.config.broker import embedded_broker_config, embedded_settings, setting_warnings
from ottla.config.broker_options import BROKER_OPTIONS
from ottla.config.describe import ConfigEntry, describe_broker_config
from ottla.config.option import ConfigError
from ottla.config.own_options import OWN_OPTIONS, OWN_PREFIX
from ottla.config.setting import Setting


def described(name: str, **settings: str) -> list[ConfigEntry]:
    config = embedded_broker_config({key.replace("_", "."): text for key, text in settings.items()})
    return [entry for entry in describe_broker_config(config) if entry.name == name]


def test_they_are_all_ours_and_none_is_kafkas() -> None:
    assert all(name.startswith(OWN_PREFIX) for name in OWN_OPTIONS)
    assert not OWN_OPTIONS.keys() & BROKER_OPTIONS.keys()


def test_by_default_nothing_is_measured_and_no_level_is_asked_for() -> None:
    config = embedded_broker_config()
    assert (config.ottla_metrics_port, config.ottla_metrics_host, config.ottla_log_level) == (None, None, ())


def test_what_is_set_is_parsed() -> None:
    config = embedded_broker_config(
        {
            "ottla.metrics.port": " 9404 ",
            "ottla.metrics.host": "",
            "ottla.log.level": "WARN, ottla.groups=DEBUG",
        }
    )
    assert config.ottla_metrics_port == 9404
    assert config.ottla_metrics_host == ""
    assert config.ottla_log_level == ("WARN", "ottla.groups=DEBUG")


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("ottla.metrics.port", "-1", "Value must be at least 0"),
        ("ottla.metrics.port", "many", "Not a number of type INT"),
        ("ottla.metric.port", "1", "ottla.metric.port is not an option of Ottla; there are ottla.log.level"),
    ],
)
def test_what_cannot_be_is_refused(name: str, text: str, error: str) -> None:
    with pytest.raises(ConfigError, match=error):
        embedded_broker_config({name: text})


def test_they_are_no_unknown_names() -> None:
    settings = embedded_settings({"ottla.metrics.port": Setting("0", "f:1"), "foo": Setting("0", "f:2")})
    assert setting_warnings(settings) == ("These configurations are not known and have no effect: foo (f:2)",)


def test_describe_configs_shows_one_only_where_it_is_set() -> None:
    assert described("ottla.metrics.port") == []
    (entry,) = described("ottla.metrics.port", ottla_metrics_port="9404")
    assert (entry.value, entry.read_only, entry.sensitive) == ("9404", True, False)
    assert [each.value for each in entry.synonyms] == ["9404"]
