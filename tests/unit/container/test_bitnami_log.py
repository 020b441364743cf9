import re
from io import StringIO

import pytest

from ottla.container.bitnami_log import bitnami_log, is_yes, time_of_day
from ottla.container.console import Console


def said(environment: dict[str, str]) -> tuple[str, str]:
    out, complaints = StringIO(), StringIO()
    log = bitnami_log(environment, Console(out, complaints), lambda: "15:53:51.46")
    log.info("one")
    log.warning("two")
    log.error("three")
    log.debug("four")
    return out.getvalue(), complaints.getvalue()


def test_lines_have_bitnamis_form_in_colours_on_standard_error() -> None:
    out, complaints = said({})
    assert out == ""
    cyan, magenta, reset = "\x1b[38;5;6m", "\x1b[38;5;5m", "\x1b[0m"
    head = f"{cyan}kafka {magenta}15:53:51.46 {reset}"
    assert complaints.splitlines() == [
        f"{head}\x1b[38;5;2mINFO {reset} ==> one",
        f"{head}\x1b[38;5;3mWARN {reset} ==> two",
        f"{head}\x1b[38;5;1mERROR{reset} ==> three",
    ]


def test_variables_change_the_form() -> None:
    environment = {"BITNAMI_COLOR": "no", "MODULE": "mine", "BITNAMI_DEBUG": "true"}
    assert said(environment)[1].splitlines() == [
        "mine 15:53:51.46 INFO  ==> one",
        "mine 15:53:51.46 WARN  ==> two",
        "mine 15:53:51.46 ERROR ==> three",
        "mine 15:53:51.46 DEBUG ==> four",
    ]


def test_a_quiet_log_says_nothing() -> None:
    assert said({"BITNAMI_QUIET": "1"}) == ("", "")


@pytest.mark.parametrize(
    ("text", "yes"), [("yes", True), ("TRUE", True), ("1", True), ("no", False), ("", False)]
)
def test_yes_is_what_bitnami_takes_for_it(text: str, yes: bool) -> None:
    assert is_yes(text) is yes


def test_the_time_has_hundredths() -> None:
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d\d", time_of_day())
