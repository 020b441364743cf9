"""joptsimple's rules; `tests/tools` compares the same with the real library."""

import pytest

from ottla.cli.failures import ToolError, UsageError, VersionRequestedError
from ottla.cli.jopt import (
    BOOLEAN,
    DOUBLE,
    INTEGER,
    LONG,
    OPTIONAL,
    REQUIRED,
    Kind,
    Opt,
    OptionError,
    Parsed,
    key_values,
    parse,
    usage_table,
)

ROWS = (
    Opt("topic", "The topic.", REQUIRED, "topic", synonyms=("subject",)),
    Opt("list", "List all."),
    Opt("describe", "Describe some."),
    Opt("partitions", "How many.", REQUIRED, "count", INTEGER),
    Opt("timeout", "How long.", OPTIONAL, "ms", LONG, default=5000),
    Opt("state", "Which state.", OPTIONAL, available_if=("list", "describe")),
    Opt("names", "Several.", REQUIRED, separator=","),
    Opt("rate", "How fast.", REQUIRED, kind=DOUBLE),
    Opt("sync", "Wait.", REQUIRED, kind=BOOLEAN, default=False),
    Opt("v", "Say more."),
    Opt("n", "A number.", REQUIRED, kind=INTEGER),
)


def read(*arguments: str) -> Parsed:
    return parse(ROWS, arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--topic", "a"),
        ("--topic=a",),
        ("-topic", "a"),
        ("-topic=a",),
        ("--subject", "a"),
        ("x", "--topic", "a"),
    ],
)
def test_a_value_stands_behind_its_option_in_every_way(arguments: tuple[str, ...]) -> None:
    assert read(*arguments).text("topic") == "a"


def test_what_is_no_option_is_kept_and_nothing_behind_the_terminator_is_one() -> None:
    parsed = read("a", "--list", "-", "--", "--topic", "b")
    assert parsed.operands == ("a", "-", "--topic", "b")
    assert parsed.has("list")
    assert not parsed.has("topic")


def test_a_required_value_may_look_like_an_option_and_may_be_empty() -> None:
    assert read("--topic", "--list").text("topic") == "--list"
    assert read("--topic=").text("topic") == ""
    assert not read("--topic", "--list").has("list")


def test_a_value_for_an_option_without_one_is_passed_over() -> None:
    assert read("--list=yes").has("list")
    assert not read("--list=yes").has_value("list")


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (("--timeout",), 5000),
        (("--timeout", "7"), 7),
        (("--timeout", "-7"), -7),
        (("--timeout", "--list"), 5000),
        (("--timeout", "soon"), 5000),
        ((), 5000),
    ],
)
def test_an_optional_value_is_taken_when_it_can_be_one(arguments: tuple[str, ...], given: int) -> None:
    assert read(*arguments).number("timeout") == given


def test_an_optional_word_that_looks_like_an_option_is_one() -> None:
    parsed = read("--list", "--state", "-v")
    assert parsed.has("state")
    assert not parsed.has_value("state")
    assert parsed.has("v")
    assert read("--list", "--state", "Stable").text("state") == "Stable"


def test_letters_behind_one_dash_are_options_until_one_takes_the_rest() -> None:
    parsed = read("-vvn12")
    assert parsed.has("v")
    assert parsed.number("n") == 12
    assert read("-vn", "3").number("n") == 3


def test_values_may_be_many_and_separated() -> None:
    parsed = read("--names", "a,,b", "--names", "c", "--topic", "x", "--topic", "y")
    assert parsed.texts("names") == ["a", "b", "c"]
    assert read("--names", ",").texts("names") == [","]
    assert parsed.texts("topic") == ["x", "y"]
    with pytest.raises(
        OptionError, match=r"^Found multiple arguments for option topic, but you asked for only one$"
    ):
        parsed.text("topic")


@pytest.mark.parametrize(
    ("arguments", "message", "java_class"),
    [
        (("--nothing",), "nothing is not a recognized option", "UnrecognizedOptionException"),
        (("--top", "a"), "top is not a recognized option", "UnrecognizedOptionException"),
        (("-xv",), "x is not a recognized option", "UnrecognizedOptionException"),
        (("--topic",), "Option topic requires an argument", "OptionMissingRequiredArgumentException"),
        (("--subject",), "Option topic requires an argument", "OptionMissingRequiredArgumentException"),
        (
            ("--state", "Stable"),
            "Option(s) [state] are unavailable given other options on the command line",
            "UnavailableOptionException",
        ),
    ],
)
def test_a_refusal_has_the_words_of_the_original(
    arguments: tuple[str, ...], message: str, java_class: str
) -> None:
    with pytest.raises(OptionError) as raised:
        read(*arguments)
    assert raised.value.java_text() == f"joptsimple.{java_class}: {message}"


def test_a_required_option_is_missed_unless_help_is_asked_for() -> None:
    rows = (Opt("id", "An id.", REQUIRED, required=True),)
    with pytest.raises(OptionError, match=r"^Missing required option\(s\) \[id\]$"):
        parse(rows, ())
    assert parse(rows, ("--help",)).has("help")


@pytest.mark.parametrize(
    ("name", "text"),
    [("partitions", "many"), ("partitions", "2147483648"), ("partitions", " 1"), ("rate", "fast")],
)
def test_a_value_is_converted_only_when_it_is_asked_for(name: str, text: str) -> None:
    parsed = read(f"--{name}", text)
    with pytest.raises(OptionError, match=f"^Cannot parse argument '{text}' of option {name}$"):
        parsed.value(name)


def test_numbers_are_read_as_java_reads_them() -> None:
    assert read("--partitions", "+3").number("partitions") == 3
    assert read("--rate", " 1.5e2f").value("rate") == 150.0
    assert read("--rate", "-Infinity").value("rate") == float("-inf")
    assert read("--sync", "TRUE").value("sync") is True
    assert read("--sync", "yes").value("sync") is False


def test_a_kind_of_a_tools_own_is_read_by_its_function() -> None:
    rows = (Opt("colour", "A colour.", REQUIRED, kind=Kind("Colour", {"red": 1}.__getitem__)),)
    assert parse(rows, ("--colour", "red")).value("colour") == 1


def test_no_arguments_and_help_print_the_message_and_the_table() -> None:
    for arguments in ((), ("--help",), ("--list", "--help", "--version")):
        with pytest.raises(UsageError) as raised:
            read(*arguments).check_help_and_version("What it is for.")
        assert raised.value.text.startswith("What it is for.\nOption")
    with pytest.raises(VersionRequestedError):
        read("--version").check_help_and_version("What it is for.")
    read("--list").check_help_and_version("What it is for.")


def test_the_checks_name_options_as_joptsimple_prints_them() -> None:
    parsed = read("--list", "--topic", "a")
    parsed.check_required("topic", "list")
    with pytest.raises(UsageError, match=r'^Missing required argument "\[partitions\]"$'):
        parsed.check_required("topic", "partitions")
    parsed.check_invalid("describe", "list")
    with pytest.raises(UsageError, match=r"""^Option "\[list\]" can't be used with option "\[topic\]"$"""):
        parsed.check_invalid("list", "describe", "topic")
    parsed.check_invalid_set(("list", "describe"), ("topic",))
    with pytest.raises(UsageError) as raised:
        parsed.check_invalid_set(("list",), ("topic",), " (really)")
    assert str(raised.value) == 'Option combination "[[list]]" can\'t be used with option "[topic]" (really)'


def test_one_address_is_asked_for() -> None:
    rows = (Opt("bootstrap-server", "", REQUIRED), Opt("bootstrap-controller", "", REQUIRED))
    parse(rows, ("--bootstrap-server", "a:1")).check_bootstrap()
    with pytest.raises(
        UsageError, match=r"^You must specify either --bootstrap-controller or --bootstrap-server"
    ):
        parse(rows, ("x",)).check_bootstrap()
    with pytest.raises(
        UsageError, match=r"^You cannot specify both --bootstrap-controller and --bootstrap-server"
    ):
        parse(rows, ("--bootstrap-server", "a", "--bootstrap-controller", "b")).check_bootstrap()


def test_the_order_of_a_set_is_that_of_javas_hash_table() -> None:
    # Worked out by hand: a list of one text has 31 more than the text as its hash, of which 16 places take the low
    # bits; an optional value turns the lowest.
    rows = (Opt("a", ""), Opt("b", ""), Opt("p", "", OPTIONAL), Opt("q", ""))
    assert parse(rows, ()).java_set_order(["p", "b", "q", "a", "b"]) == ["q", "a", "b", "p"]


def test_a_value_goes_over_a_property_and_a_default_does_not() -> None:
    properties = {"timeout": "1", "topic": "before"}
    read("--topic", "given").merge_into(properties, "topic", "topic")
    read().merge_into(properties, "timeout", "timeout")
    read().merge_into(properties, "sync", "sync")
    read().merge_into(properties, "names", "names")
    assert properties == {"timeout": "1", "topic": "given", "sync": "false"}


def test_texts_with_an_equals_sign_are_properties() -> None:
    assert key_values(["a=1", "b=x=y", "c", "d="]) == {"a": "1", "b": "x=y", "c": "", "d": ""}
    with pytest.raises(ToolError, match=r"^Missing value for key c}$"):
        key_values(["a=1", "c"], accepts_missing=False)


def test_the_table_is_sorted_and_shows_types_and_defaults() -> None:
    rows = (
        Opt("topic", "The topic.", REQUIRED, "topic"),
        Opt("ms", "How long.", OPTIONAL, "ms", LONG, 5),
        Opt("all", "All."),
    )
    lines = usage_table(rows).splitlines()
    assert {len(line) for line in lines} == {len("--topic <String: topic>  How long. (default: 5)")}
    assert [line.rstrip() for line in lines] == [
        "Option                   Description",
        "------                   -----------",
        "--all                    All.",
        "--ms [Long: ms]          How long. (default: 5)",
        "--topic <String: topic>  The topic.",
    ]
    assert usage_table((Opt("id", "", REQUIRED, required=True),)).startswith(
        "Option (* = required)  Description"
    )


def test_an_empty_word_is_the_value_of_an_option_that_may_have_one() -> None:
    parsed = read("--timeout", "")
    assert parsed.has_value("timeout")
    assert parsed.operands == ()
    with pytest.raises(OptionError, match=r"^Cannot parse argument '' of option timeout$"):
        parsed.number("timeout")
