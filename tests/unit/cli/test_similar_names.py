import pytest

from ottla.cli.similar_names import similar_names

NAMES = {f"--{name}": name for name in ("describe", "status", "add-controller", "remove-controller")}


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("desc", ["--describe"]),
        ("statsu", ["--status"]),
        ("controller", ["--add-controller"]),
        ("", sorted(NAMES)),
        ("something-else", []),
    ],
)
def test_the_names_that_are_most_like_a_word_are_suggested(word: str, names: list[str]) -> None:
    assert similar_names(word, NAMES) == names


def test_nothing_is_like_anything_where_there_are_no_names() -> None:
    assert similar_names("word", {}) == []
