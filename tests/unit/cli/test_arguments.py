from pathlib import Path

import pytest

from ottla.cli.arguments import (
    Argument,
    ArgumentsError,
    Command,
    HelpRequestedError,
    ParsedCommand,
    parse_command,
    parse_program,
    program_error,
    program_help,
)

COMMANDS = (
    Command(
        "format",
        "Formats.",
        (
            Argument(("--config", "-c"), "a file", required=True),
            Argument(("--cluster-id", "-t"), "an id", required=True),
            Argument(("--add-scram", "-S"), "a user"),
            Argument(("--standalone", "-s"), "alone", takes_value=False, group="quorum"),
            Argument(("--initial-controllers", "-I"), "voters", group="quorum"),
            Argument(("--ignore-formatted", "-g"), "pass over", takes_value=False),
        ),
    ),
    Command("feature-dependencies", "Depends.", (Argument(("--feature", "-f"), "a feature", required=True),)),
    Command("random-uuid", "Draws."),
)


def parse(*arguments: str) -> ParsedCommand:
    return parse_command("tool", "A tool.", COMMANDS, arguments)


def refusal(*arguments: str) -> str:
    """Return what standard error gets, without the usage lines."""
    with pytest.raises(ArgumentsError) as caught:
        parse(*arguments)
    usage, mark, rest = caught.value.text.partition("\ntool")
    assert usage.startswith("usage: tool")
    assert mark
    return "tool" + rest


NEEDED = ("-c", "f", "-t", "id")


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        (("format", *NEEDED), {"config": ["f"], "cluster_id": ["id"]}),
        (("format", "--config=f", "-t=id"), {"config": ["f"], "cluster_id": ["id"]}),
        (("format", "-cf", "--cluster-id", "id"), {"config": ["f"], "cluster_id": ["id"]}),
        (("format", "--conf", "f", "--cl", "id"), {"config": ["f"], "cluster_id": ["id"]}),
        (("form", *NEEDED), {"config": ["f"], "cluster_id": ["id"]}),
        (("format", *NEEDED, "-c", "g"), {"config": ["f", "g"], "cluster_id": ["id"]}),
        (
            ("format", *NEEDED, "-gs"),
            {"config": ["f"], "cluster_id": ["id"], "ignore_formatted": [], "standalone": []},
        ),
        (("format", "-gtid", "-c", "f"), {"config": ["f"], "cluster_id": ["id"], "ignore_formatted": []}),
        (
            ("format", "-c", "f", "-standalone"),
            {"config": ["f"], "cluster_id": ["andalone"], "standalone": []},
        ),
        (
            ("format", *NEEDED, "-S", "a=[b]", "-Sc=d"),
            {"config": ["f"], "cluster_id": ["id"], "add_scram": ["a=[b]", "c=d"]},
        ),
        (("format", "-c", "-5", "-t", "-.5"), {"config": ["-5"], "cluster_id": ["-.5"]}),
        (("random-uuid",), {}),
        (("random-uuid", "--"), {}),
    ],
)
def test_options_are_read_in_every_form(arguments: tuple[str, ...], values: dict[str, list[str]]) -> None:
    assert parse(*arguments).values == values


def test_the_last_value_counts_and_all_are_kept() -> None:
    parsed = parse("format", *NEEDED, "-t", "other", "-g")
    assert parsed.name == "format"
    assert parsed.value("cluster_id") == "other"
    assert parsed.all_values("cluster_id") == ("id", "other")
    assert parsed.value("add_scram") is None
    assert parsed.all_values("add_scram") == ()
    assert parsed.is_set("ignore_formatted")
    assert not parsed.is_set("standalone")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "tool: error: too few arguments\n"),
        (("format",), "tool: error: argument --cluster-id/-t is required\n"),
        (("format", "-c", "f"), "tool: error: argument --cluster-id/-t is required\n"),
        (("format", "-c"), "tool: error: argument --config/-c: expected one argument\n"),
        (("format", "-c", "-t", "id"), "tool: error: argument --config/-c: expected one argument\n"),
        (("format", "-t", "-abc"), "tool: error: argument --cluster-id/-t: expected one argument\n"),
        (
            ("format", *NEEDED, "-s", "-I", "x"),
            "tool: error: argument --initial-controllers/-I: not allowed with argument --standalone/-s\n",
        ),
        (
            ("format", *NEEDED, "--standalone=x"),
            "tool: error: argument --standalone/-s: ignore implicit argument 'x'\n",
        ),
        (
            ("format", "--c", "f"),
            "tool: error: ambiguous option: --c could match --cluster-id, --config\n",
        ),
        (
            ("format", *NEEDED, "more", "--words"),
            "tool: error: unrecognized arguments: 'more --words'\n",
        ),
        (("random-uuid", "more"), "tool: error: unrecognized arguments: 'more'\n"),
        (("--", "format"), "tool: error: unrecognized arguments: 'format'\n"),
        (("f",), "tool: error: ambiguous command: f could match feature-dependencies, format\n"),
        (
            ("formt",),
            (
                "tool: error: invalid choice: 'formt' (choose from 'format', 'feature-dependencies', 'random-uuid')\n"
                "\nDid you mean:\n\tformat\n"
            ),
        ),
        (
            ("frobnicate-everything",),
            (
                "tool: error: invalid choice: 'frobnicate-everything' (choose from 'format', 'feature-dependencies', "
                "'random-uuid')\n"
            ),
        ),
        (
            ("format", "--confg", "f"),
            "tool: error: unrecognized arguments: '--confg'\n\nDid you mean:\n\t--config\n",
        ),
        (("format", "-x"), "tool: error: unrecognized arguments: '-x'\n"),
        (("--bogus",), "tool: error: unrecognized arguments: '--bogus'\n"),
        (("@no-such-file",), "tool: error: Could not read arguments from file 'no-such-file'\n"),
    ],
)
def test_what_cannot_be_read_is_refused_with_argparse4js_words(arguments: tuple[str, ...], text: str) -> None:
    assert refusal(*arguments) == text


def test_a_usage_line_is_wrapped_below_its_beginning() -> None:
    with pytest.raises(ArgumentsError) as caught:
        parse("format")
    assert caught.value.text.startswith(
        "usage: tool format [-h] --config CONFIG --cluster-id CLUSTER_ID\n"
        "                   [--add-scram ADD_SCRAM]\n"
        "                   [--standalone | --initial-controllers INITIAL_CONTROLLERS]\n"
        "                   [--ignore-formatted]\n"
        "tool: error:"
    )


def test_a_file_may_hold_arguments(tmp_path: Path) -> None:
    file = tmp_path / "arguments"
    file.write_text("-c\nf\n--cluster-id=id\n")
    assert parse("format", f"@{file}", "-g").values == {
        "config": ["f"],
        "cluster_id": ["id"],
        "ignore_formatted": [],
    }


def test_a_wrong_word_out_of_a_file_says_where_to_look(tmp_path: Path) -> None:
    file = tmp_path / "arguments"
    file.write_text("format\n-c\nf \n -t\n")
    assert refusal(f"@{file}", "id") == (
        "tool: error: unrecognized arguments: ' -t id'\n"
        "Checking trailing white spaces or new lines in @file may help.\n"
    )


def test_a_file_that_names_itself_ends(tmp_path: Path) -> None:
    file = tmp_path / "arguments"
    file.write_text(f"@{file}\n")
    assert "Could not read arguments from file" in refusal(f"@{file}")


@pytest.mark.parametrize(
    "arguments", [("-h",), ("format", "--help"), ("format", "-c", "f", "-h"), ("format", "-gh")]
)
def test_help_comes_before_what_is_missing(arguments: tuple[str, ...]) -> None:
    with pytest.raises(HelpRequestedError) as caught:
        parse(*arguments)
    assert caught.value.text.startswith("usage: tool")
    assert "show this help message and exit" in caught.value.text


ADDRESSES = (
    Argument(("--bootstrap-server",), "brokers", required=True, group="bootstrap"),
    Argument(("--bootstrap-controller",), "controllers", required=True, group="bootstrap"),
    Argument(("--command-config",), "a file"),
)
NUMBERED = (
    Command("remove", "Removes.", (Argument(("--id", "-i"), "a number", required=True, is_integer=True),)),
)


def parse_with_addresses(*arguments: str) -> ParsedCommand:
    return parse_command("tool", "A tool.", NUMBERED, arguments, options=ADDRESSES)


def test_options_before_the_command_are_read_too() -> None:
    parsed = parse_with_addresses("--bootstrap-server", "a:1", "--command-config=f", "remove", "-i", "-3")
    assert parsed.name == "remove"
    assert parsed.values == {"bootstrap_server": ["a:1"], "command_config": ["f"], "id": ["-3"]}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ("remove", "-i", "3"),
            "one of the arguments --bootstrap-server --bootstrap-controller is required",
        ),
        # What is wrong behind the command is told first, and what is missing there is not told at all.
        (("remove", "--bogus"), "unrecognized arguments: '--bogus'"),
        (("remove",), "one of the arguments --bootstrap-server --bootstrap-controller is required"),
        (("--bootstrap-server", "a:1", "remove"), "argument --id/-i is required"),
        (
            ("--bootstrap-server", "a:1", "--bootstrap-controller", "b:1", "remove"),
            "argument --bootstrap-controller: not allowed with argument --bootstrap-server",
        ),
        (
            ("--bootstrap-server", "a:1", "remove", "-i", "x"),
            "argument --id/-i: could not convert 'x' to Integer (For input string: \"x\")",
        ),
        (
            ("--bootstrap-server", "a:1", "remove", "-i", "2147483648"),
            "argument --id/-i: could not convert '2147483648' to Integer (For input string: \"2147483648\")",
        ),
        (("--bootstrap-server", "a:1"), "too few arguments"),
    ],
)
def test_what_stands_before_the_command_is_checked(arguments: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ArgumentsError) as caught:
        parse_with_addresses(*arguments)
    assert f"tool: error: {reason}\n" in caught.value.text


def test_a_group_of_which_one_is_needed_stands_in_round_brackets() -> None:
    with pytest.raises(ArgumentsError) as caught:
        parse_with_addresses()
    assert "(--bootstrap-server BOOTSTRAP_SERVER |" in caught.value.text.replace("\n             ", " ")


PROGRAM = (
    Argument(("--size",), "a size", required=True, group="payload", is_integer=True, shown="BYTES"),
    Argument(("--file",), "a file", required=True, group="payload"),
    Argument(("--count",), "how many", number_class="Long"),
    Argument(("--pace",), "how fast", required=True, number_class="Double"),
    Argument(("--acks",), "how many wait", choices=("0", "1", "-1"), is_integer=True),
    Argument(("--props",), "settings", takes_many=True, shown="K=V", synonyms=("--properties",)),
    Argument(("--filter",), "which", is_later=True),
)


def read_program(*arguments: str) -> ParsedCommand:
    return parse_program("tool", "A tool.", PROGRAM, arguments)


def program_refusal(*arguments: str) -> str:
    with pytest.raises(ArgumentsError) as caught:
        read_program(*arguments)
    usage, mark, reason = caught.value.text.partition("\ntool: error: ")
    assert mark
    assert usage.startswith("usage: tool [-h] (--size BYTES | --file FILE) [--count COUNT] --pace PACE")
    assert "[--props K=V [K=V ...]]" in usage
    return reason.removesuffix("\n")


def test_a_program_without_commands_is_read() -> None:
    given = read_program("--size", "5", "--props", "a=b", "c=d", "--pace=-1.5e3", "--acks", "-1")
    assert given.value("size") == "5"
    assert given.all_values("props") == ("a=b", "c=d")
    assert (given.value("pace"), given.value("acks"), given.value("count")) == ("-1.5e3", "-1", None)


def test_the_last_of_several_lists_counts_and_synonyms_mean_the_same() -> None:
    given = read_program("--size", "5", "--pace", "1", "--props", "a=b", "c=d", "--properties", "e=f")
    assert given.all_values("props") == ("e=f",)


def test_an_option_of_later_versions_is_read_by_its_full_name_alone() -> None:
    given = read_program("--fil", "f", "--pace", "1", "--filter", "w")
    assert (given.value("file"), given.value("filter")) == ("f", "w")
    assert program_refusal("--filt", "w").startswith("unrecognized arguments: '--filt'")
    assert "--filter" not in program_refusal("--filt", "w")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--pace", "1"), "one of the arguments --size --file is required"),
        (("--size", "5"), "argument --pace is required"),
        (("--size", "5", "--file", "f"), "argument --file: not allowed with argument --size"),
        (
            ("--count", "9223372036854775808"),
            (
                "argument --count: could not convert '9223372036854775808' to Long "
                '(For input string: "9223372036854775808")'
            ),
        ),
        (
            ("--pace", "fast"),
            "argument --pace: could not convert 'fast' to Double (For input string: \"fast\")",
        ),
        (("--pace", ""), "argument --pace: could not convert '' to Double (empty String)"),
        (("--acks", "5"), "argument --acks: invalid choice: '5' (choose from {0,1,-1})"),
        (("--props",), "argument --props: expected 1 argument(s)"),
        (("--props", "--size", "5"), "argument --props: expected 1 argument(s)"),
        (("stray", "words"), "unrecognized arguments: 'stray words'"),
    ],
)
def test_a_program_refuses_what_argparse4j_refuses(arguments: tuple[str, ...], reason: str) -> None:
    assert program_refusal(*arguments) == reason


def test_a_program_has_help_and_errors_of_its_own() -> None:
    assert "--props K=V [K=V ...]\n" in program_help("tool", "A tool.", PROGRAM)
    with pytest.raises(HelpRequestedError):
        read_program("--help")
    assert program_error("tool", "A tool.", PROGRAM, "why").text.endswith("\ntool: error: why\n")
