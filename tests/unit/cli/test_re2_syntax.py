import pytest

from ottla.cli.re2_syntax import RegexError, check_regex


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "orders-.*",
        "a|b|",
        "(a|(b)c)*",
        "(?i)a(?-i:b)(?s-U:c)(?:d)",
        "(?P<first>a)(?<second>b)",
        "a{2}b{2,}c{2,3}d{,4}e{x",
        "a*?b+?c??d{2}?",
        r"\d\W\pL\P{Greek}\p{^Lu}\b\A\z",
        r"\x41\x{10FFFF}\101\07\n\_\.",
        r"\Q*[(\E+",
        "[]a]",
        "[^]a-]",
        r"[a-z\d\-\]\p{Han}[:alpha:][:^digit:]]",
        r"[\x41-\x5a]",
        "[[:x]",
        "^*",
    ],
)
def test_regular_expressions_of_re2_pass(pattern: str) -> None:
    check_regex(pattern)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("a(b", "missing closing )"),
        ("a)b", "regexp/syntax: internal error"),
        ("[a-z", "missing closing ]"),
        ("[a-", "missing closing ]"),
        ("[z-a]", "invalid character class range"),
        ("[[:word:]-[:nope:]]", "invalid character class range"),
        (r"\p{Klingon}", "invalid character class range"),
        (r"\p{Greek", "invalid character class range"),
        (r"\p", "invalid character class range"),
        ("*a", "missing argument to repetition operator"),
        ("(*)", "missing argument to repetition operator"),
        ("a|+", "missing argument to repetition operator"),
        ("(?i)?", "missing argument to repetition operator"),
        ("a**", "invalid nested repetition operator"),
        ("a{2}{3}", "invalid nested repetition operator"),
        ("{*", "invalid nested repetition operator"),
        ("a{2,1}", "invalid repeat count"),
        ("a{1001}", "invalid repeat count"),
        ("(?=a)", "invalid or unsupported Perl syntax"),
        ("(?i-)", "invalid or unsupported Perl syntax"),
        ("(?P<a", "invalid named capture"),
        ("(?P<a-b>c)", "invalid named capture"),
        ("(?P<a>b)(?<a>c)", "duplicate capture group name"),
        ("\\", "trailing backslash at end of expression"),
        ("[\\", "trailing backslash at end of expression"),
        (r"\8", "invalid escape sequence"),
        (r"\1", "invalid escape sequence"),
        (r"\C", "invalid escape sequence"),
        (r"\q", "invalid escape sequence"),
        (r"\x4", "invalid escape sequence"),
        (r"\x{110000}", "invalid escape sequence"),
    ],
)
def test_what_is_none_is_refused_with_the_librarys_words(pattern: str, words: str) -> None:
    with pytest.raises(RegexError) as caught:
        check_regex(pattern)
    assert str(caught.value) == words
