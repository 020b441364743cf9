import pytest

from ottla.cli.configs_options import OPTIONS, entity_names, entity_types, is_address, parse_configs_options
from ottla.cli.failures import ToolError, UsageError
from ottla.cli.jopt import parse

SERVER = ["--bootstrap-server", "localhost:1"]


def _entities(*arguments: str) -> tuple[list[str], list[str]]:
    parsed = parse(OPTIONS, arguments)
    return entity_types(parsed), entity_names(parsed)


def test_names_and_defaults_come_in_the_order_given() -> None:
    given = ("--entity-type", "users", "--entity-default", "--entity-type", "clients", "--entity-name", "c")
    assert _entities(*given) == (["users", "clients"], ["", "c"])
    assert _entities(*given[3:], *given[:3]) == (["clients", "users"], ["c", ""])


def test_short_options_give_type_and_name_at_once() -> None:
    assert _entities("--user", "u", "--client", "c") == (["clients", "users"], ["c", "u"])
    assert _entities("--broker-defaults") == (["brokers"], [""])
    assert _entities("--user", "u", "--client-defaults") == (["users", "clients"], ["u", ""])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            "--describe --entity-type users --entity-type users",
            "Duplicate entity type\\(s\\) specified: users",
        ),
        (
            "--describe --entity-type tables",
            "Invalid entity type tables, the entity type must be one of topics, ",
        ),
        ("--describe", "At least one entity type must be specified"),
        (
            "--describe --topic a --group b",
            "Only 'users' and 'clients' entity types may be specified together",
        ),
        (
            "--describe --topic a --entity-name b",
            "should not be used in conjunction with specific entity flags",
        ),
        ("--describe --bootstrap-controller c:1 --topic a", "Only one of --bootstrap-server or"),
        ("--describe --broker one", "must be a valid integer broker id, but it is: one"),
        (
            "--describe --entity-type topics --entity-default",
            "must not be specified with --describe of topics",
        ),
        ("--describe --entity-type broker-loggers", "An entity name must be specified with --describe of"),
        (
            "--alter --entity-type brokers --add-config a=b",
            "An entity-name or default entity must be specified",
        ),
        (
            "--alter --entity-type topics --add-config a=b",
            "An entity name must be specified with --alter of topics",
        ),
        (
            "--alter --topic a --add-config a=b --add-config-file f",
            "Only one of --add-config or --add-config-file",
        ),
        ("--alter --topic a", "At least one of --add-config, --add-config-file, or --delete-config must be"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: str, words: str) -> None:
    with pytest.raises(ToolError, match=words) as caught:
        parse_configs_options([*SERVER, *arguments.split()])
    assert caught.value.java_class == "java.lang.IllegalArgumentException"


def test_a_server_or_a_controller_is_needed() -> None:
    with pytest.raises(
        ToolError, match="Either --bootstrap-server or --bootstrap-controller must be specified"
    ):
        parse_configs_options(["--describe", "--topic", "a"])


def test_there_is_one_action_and_describing_changes_nothing() -> None:
    with pytest.raises(UsageError, match="exactly one action"):
        parse_configs_options([*SERVER, "--alter", "--describe"])
    with pytest.raises(UsageError, match="can't be used with option"):
        parse_configs_options([*SERVER, "--describe", "--topic", "a", "--add-config", "a=b"])


def test_an_address_is_a_number_or_a_name_that_resolves() -> None:
    assert is_address("127.0.0.9")
    assert is_address("::1")
    assert is_address("")
    assert not is_address("no such host")
