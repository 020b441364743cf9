from ottla.cli.option_table import two_columns


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert two_columns([("a", "b"), ("long", "x y")]) == "a     b  \nlong  x y\n"


def test_a_long_cell_goes_on_below_indented() -> None:
    words = "word " * 20
    lines = two_columns([("--option", words), ("--other", "short")]).splitlines()
    assert all(len(line) == len(lines[0]) <= 80 for line in lines)
    assert lines[1].startswith(" " * 12 + "word")
    assert lines[-1].startswith("--other ")
    assert sum(line.count("word") for line in lines) == 20


def test_lines_break_behind_hyphens_and_where_the_text_breaks_itself() -> None:
    lines = two_columns([("--a", "x" * 60 + "-" + "y" * 40), ("--b", "one\ntwo")]).splitlines()
    assert lines[0].split()[-1] == "x" * 60 + "-"
    assert lines[1].strip() == "y" * 40
    assert [line.split()[-1] for line in lines[2:]] == ["one", "two"]
