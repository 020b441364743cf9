import pytest

from ottla.java_regex import UnsupportedRegexError, compile_java_regex


@pytest.mark.parametrize(
    ("expression", "text", "fits"),
    [
        ("orders.*", "orders-1", True),
        (r"\Qa.b\E", "a.b", True),
        (r"\Qa.b\E", "axb", False),
        (r"\Qa.b", "a.b", True),
        (r"\p{Lower}+", "abc", True),
        (r"[\p{Digit}_]+", "1_2", True),
        (r"\P{Upper}", "a", True),
        (r"\P{Upper}", "A", False),
        (r"\d", "٣", False),
        ("a{2}", "aa", True),
        ("a{2,}b{1,3}", "aaabb", True),
        ("a++b", "aab", True),
        ("[{]", "{", True),
        (r"a\z", "a", True),
        (r"\pL\PN", "ab", True),
        (r"\pL\PN", "a1", False),
        (r"\H\h\R", "x \r\n", True),
        (r"[\e\t]", "\x1b", True),
        (r"(?<word>ab)-\k<word>", "ab-ab", True),
        (r"(?<word>ab)-\k<word>", "ab-b", False),
        ("[(?<word>]+", "(>", True),
        ("(?i)ab", "AB", True),
        ("a(?i:b)", "aB", True),
    ],
)
def test_what_java_reads_is_read_alike(expression: str, text: str, fits: bool) -> None:
    assert (compile_java_regex(expression).fullmatch(text) is not None) is fits


@pytest.mark.parametrize(
    "expression",
    [
        "(",
        "*",
        "a{",
        "a{,3}",
        "(?P<name>a)",
        "(?#words)a",
        r"\p{Nonsense}",
        "a**",
        "(?y)a",
        "(?<n>a)(?<n>b)",
        r"\k<n>",
    ],
)
def test_what_java_refuses_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        compile_java_regex(expression)


@pytest.mark.parametrize("expression", ["[a-z&&[^b]]", "[a[b]]", "[a&&b]"])
def test_a_combined_class_is_refused_instead_of_read_as_something_else(expression: str) -> None:
    with pytest.raises(UnsupportedRegexError, match="is not supported here"):
        compile_java_regex(expression)


@pytest.mark.parametrize(
    "expression",
    [r"\p{IsGreek}", r"\p{script=Greek}", r"\p{Sc}", r"[\P{Lower}]", r"\X", r"[\h]", r"\N{DIGIT ONE}"],
)
def test_what_only_java_knows_is_refused_by_name(expression: str) -> None:
    with pytest.raises(UnsupportedRegexError, match="is not supported here"):
        compile_java_regex(expression)


@pytest.mark.parametrize("expression", ["a(?i)b", "(?-i)a", "(?d)a", "(?u:a)"])
def test_flags_that_python_has_not_are_refused_by_name(expression: str) -> None:
    with pytest.raises(UnsupportedRegexError, match=r"the flags \(\?.* are not supported here"):
        compile_java_regex(expression)
