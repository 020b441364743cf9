import pytest

from ottla.config.option import ConfigError
from ottla.config.setting import Setting
from ottla.config.sources import parse_overrides, read_properties, read_settings


def properties(text: str) -> dict[str, str]:
    return {key: setting.text for key, setting in read_properties(text, "f").items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=b", {"a": "b"}),
        ("a = b c ", {"a": "b c "}),
        ("a:b", {"a": "b"}),
        ("a b", {"a": "b"}),
        ("a", {"a": ""}),
        ("  a  =  b", {"a": "b"}),
        ("a==b", {"a": "=b"}),
        ("a b=c", {"a": "b=c"}),
        ("# x=1\n  ! y=2\n\na=1", {"a": "1"}),
        ("a=1\na=2", {"a": "2"}),
        ("a=b\\\n   c", {"a": "bc"}),
        ("a=b\\\\\nc=d", {"a": "b\\", "c": "d"}),
        ("a=b\\\n# not a comment", {"a": "b# not a comment"}),
        ("a\\=b=c", {"a=b": "c"}),
        ("a\\ b=c", {"a b": "c"}),
        ("a=\\u00e9\\t\\q", {"a": "\u00e9\tq"}),
        ("a=\\ud83d\\ude00", {"a": "\U0001f600"}),
        ("a=1\r\nb=2\rc=3", {"a": "1", "b": "2", "c": "3"}),
        ("a=b\\", {"a": "b"}),
        ("listeners=PLAINTEXT://:9092", {"listeners": "PLAINTEXT://:9092"}),
    ],
)
def test_properties_follow_javas_rules(text: str, expected: dict[str, str]) -> None:
    assert properties(text) == expected


def test_a_setting_remembers_the_line_where_it_began() -> None:
    settings = read_properties("# first\n\na=1\\\n2\nb=3", "server.properties")
    assert settings == {"a": Setting("12", "server.properties:3"), "b": Setting("3", "server.properties:5")}


def test_a_broken_unicode_escape_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"^f:2: Malformed \\uxxxx encoding\.$"):
        read_properties("a=1\nb=\\u12x", "f")


def test_properties_are_latin_1() -> None:
    assert read_settings(b"a=\xe9", "f.properties")["a"].text == "\u00e9"


def test_yaml_may_be_flat_or_nested_and_keeps_texts_as_written() -> None:
    text = b"""
num.partitions: 3
log:
  retention.ms: 1_000
  cleanup.policy: [compact, delete]
auto.create.topics.enable: yes
broker.rack: null
"""
    settings = read_settings(text, "f.yaml")
    assert {key: setting.text for key, setting in settings.items()} == {
        "num.partitions": "3",
        "log.retention.ms": "1_000",
        "log.cleanup.policy": "compact,delete",
        "auto.create.topics.enable": "yes",
    }
    assert settings["log.retention.ms"].origin == "f.yaml:4"


@pytest.mark.parametrize("text", [b"a: [", b"- 1", b"a: [[1]]", b"\xff", b"? [a]\n: 1", b"a: &a {b: *a}"])
def test_yaml_that_holds_no_settings_is_refused_with_its_place(text: bytes) -> None:
    with pytest.raises(ConfigError, match=r"^f\.yaml:"):
        read_settings(text, "f.yaml")


def test_an_empty_yaml_file_sets_nothing() -> None:
    assert read_settings(b"", "f.yml") == {}


def test_overrides_are_trimmed_and_the_last_one_counts() -> None:
    assert parse_overrides(["a=1", " a = 2=3 ", "b="]) == {
        "a": Setting("2=3", "--override"),
        "b": Setting("", "--override"),
    }


@pytest.mark.parametrize("argument", ["a", "=1", " =1"])
def test_an_override_without_key_or_value_is_refused(argument: str) -> None:
    with pytest.raises(ConfigError, match="expected key=value"):
        parse_overrides([argument])
