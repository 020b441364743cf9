import pytest

from ottla.cli.common import CommandError
from ottla.cli.own_arguments import OwnParser


def test_an_error_names_the_command_whose_help_explains_it() -> None:
    parser = OwnParser("ottla some")
    parser.add_argument("--verbose", action="store_true")
    with pytest.raises(
        CommandError, match=r"^unrecognized arguments: --verb; `ottla some --help` shows what there is$"
    ):
        parser.parse_args(["--verb"])
    with pytest.raises(CommandError, match="`ottla --help` shows"):
        OwnParser("ottla some", add_help=False).parse_args(["x"])
