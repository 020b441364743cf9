import pytest

from ottla.cli.failures import ToolError, UsageError
from ottla.cli.group_requests import GroupListing
from ottla.cli.groups import group_table, main


def test_all_columns_are_as_wide_as_the_longest_cell() -> None:
    groups = [
        GroupListing("g", "Classic", "consumer", "Stable"),
        GroupListing("a-group-of-24--characters", None, "", None),
    ]
    assert group_table(groups) == (
        f"{'GROUP':<25} {'TYPE':<25} {'PROTOCOL':<25}\n"
        f"{'g':<25} {'Classic':<25} {'consumer':<25} \n"
        f"{'a-group-of-24--characters':<25} {'':<25} {'':<25} \n"
    )
    assert group_table([]) == f"{'GROUP':<20} {'TYPE':<20} {'PROTOCOL':<20}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], "This tool helps to list groups of all types."),
        ([], "Missing required option(s) [bootstrap-server]"),
        (["--list"], "Missing required option(s) [bootstrap-server]"),
        (["--bootstrap-server", "a:1"], "Command must include exactly one action: --list."),
        (
            ["--bootstrap-server", "a:1", "--list", "--share", "--protocol", "p"],
            'Option "[share]" can\'t be used with option "[protocol]"',
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        main(arguments)
    assert caught.value.text.startswith(words)


def test_a_type_that_there_is_not_is_refused() -> None:
    with pytest.raises(ToolError, match="--group-type must be a valid group type"):
        main(["--bootstrap-server", "a:1", "--list", "--group-type", "unknown"])
