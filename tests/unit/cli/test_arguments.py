from pathlib import Path

import pytest

from ottla.cli.arguments import (
    Argument,
    ArgumentsError,
    Command,
    HelpRequestedError,
    ParsedCommand,
    parse_command,
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
