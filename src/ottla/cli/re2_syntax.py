"""Tells whether a text is a regular expression of RE2, as re2j 1.8 does, the library that Kafka's brokers match with.

Only the syntax is looked at, nothing is matched. The words for what is wrong are the library's.
"""

from __future__ import annotations

import re

_MOST_REPEATS = 1000
_LARGEST_RUNE = 0x10FFFF
_ALPHANUMERIC = re.compile(r"[0-9A-Za-z]", re.ASCII)
_GROUP_NAME = re.compile(r"[0-9A-Za-z_]+", re.ASCII)
_REPEAT = re.compile(r"\{(0|[1-9][0-9]*)(,?)(0|[1-9][0-9]*)?\}", re.ASCII)
_ESCAPED_RUNE = re.compile(r"\\(?:x\{([0-9A-Fa-f]+)\}|x[0-9A-Fa-f]{2}|0[0-7]{0,2}|[1-7][0-7]{1,2}|[afnrtv])")
_FLAGS = re.compile(r"\(\?([imsU]*)(-[imsU]+)?([:)])")

_PERL_CLASSES = frozenset("dDsSwW")
_PERL_ANCHORS = frozenset("AbBz")
_POSIX_CLASSES = frozenset(
    [
        "alnum",
        "alpha",
        "ascii",
        "blank",
        "cntrl",
        "digit",
        "graph",
        "lower",
        "print",
        "punct",
        "space",
        "upper",
        "word",
        "xdigit",
    ]
)
_UNICODE_GROUPS = frozenset(
    [
        "Any",
        "C",
        "Cc",
        "Cf",
        "Co",
        "Cs",
        "L",
        "Ll",
        "Lm",
        "Lo",
        "Lt",
        "Lu",
        "M",
        "Mc",
        "Me",
        "Mn",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Pe",
        "Pf",
        "Pi",
        "Po",
        "Ps",
        "S",
        "Sc",
        "Sk",
        "Sm",
        "So",
        "Z",
        "Zl",
        "Zp",
        "Zs",
        "Arabic",
        "Armenian",
        "Avestan",
        "Balinese",
        "Bamum",
        "Batak",
        "Bengali",
        "Bopomofo",
        "Brahmi",
        "Braille",
        "Buginese",
        "Buhid",
        "Canadian_Aboriginal",
        "Carian",
        "Cham",
        "Cherokee",
        "Common",
        "Coptic",
        "Cuneiform",
        "Cypriot",
        "Cyrillic",
        "Deseret",
        "Devanagari",
        "Egyptian_Hieroglyphs",
        "Ethiopic",
        "Georgian",
        "Glagolitic",
        "Gothic",
        "Greek",
        "Gujarati",
        "Gurmukhi",
        "Han",
        "Hangul",
        "Hanunoo",
        "Hebrew",
        "Hiragana",
        "Imperial_Aramaic",
        "Inherited",
        "Inscriptional_Pahlavi",
        "Inscriptional_Parthian",
        "Javanese",
        "Kaithi",
        "Kannada",
        "Katakana",
        "Kayah_Li",
        "Kharoshthi",
        "Khmer",
        "Lao",
        "Latin",
        "Lepcha",
        "Limbu",
        "Linear_B",
        "Lisu",
        "Lycian",
        "Lydian",
        "Malayalam",
        "Mandaic",
        "Meetei_Mayek",
        "Mongolian",
        "Myanmar",
        "New_Tai_Lue",
        "Nko",
        "Ogham",
        "Ol_Chiki",
        "Old_Italic",
        "Old_Persian",
        "Old_South_Arabian",
        "Old_Turkic",
        "Oriya",
        "Osmanya",
        "Phags_Pa",
        "Phoenician",
        "Rejang",
        "Runic",
        "Samaritan",
        "Saurashtra",
        "Shavian",
        "Sinhala",
        "Sundanese",
        "Syloti_Nagri",
        "Syriac",
        "Tagalog",
        "Tagbanwa",
        "Tai_Le",
        "Tai_Tham",
        "Tai_Viet",
        "Tamil",
        "Telugu",
        "Thaana",
        "Thai",
        "Tibetan",
        "Tifinagh",
        "Ugaritic",
        "Unknown",
        "Vai",
        "Yi",
    ]
)
"""Names of categories and scripts in the library's tables."""


class RegexError(Exception):
    """A text that is no regular expression of RE2; the text of the error is the library's."""


def check_regex(pattern: str) -> None:
    """Raise RegexError for a text that is no regular expression."""
    _Scanner(pattern).check()


class _Scanner:
    """A pattern while it is read."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0
        self.open_groups = 0
        self.names: set[str] = set()
        self.has_operand = False
        """Whether what was read last can be repeated."""

    def check(self) -> None:
        """Read everything; raises RegexError."""
        was_repeat = False
        while self.position < len(self.pattern):
            letter = self.pattern[self.position]
            is_repeat = letter in "*+?{"
            if is_repeat:
                self._read_repeat(letter, follows_repeat=was_repeat)
            elif letter == "(":
                self._open_group()
            elif letter == ")":
                self._close_group()
            elif letter == "|":
                self.position += 1
                self.has_operand = False
            else:
                self._read_operand(letter)
            was_repeat = is_repeat
        if self.open_groups:
            raise RegexError("missing closing )")

    def _read_operand(self, letter: str) -> None:
        if letter == "[":
            self._read_class()
        elif letter == "\\":
            self._read_escape()
        else:
            self.position += 1
        self.has_operand = True

    def _read_repeat(self, letter: str, *, follows_repeat: bool) -> None:
        if letter == "{":
            found = _REPEAT.match(self.pattern, self.position)
            if found is None or (found[3] is not None and not found[2]):
                self.position += 1
                self.has_operand = True
                return
            lowest, highest = int(found[1]), int(found[3] or found[1])
            if max(lowest, highest) > _MOST_REPEATS or lowest > highest:
                raise RegexError("invalid repeat count")
            self.position = found.end()
        else:
            self.position += 1
        if self.pattern.startswith("?", self.position):
            self.position += 1
        if follows_repeat:
            raise RegexError("invalid nested repetition operator")
        if not self.has_operand:
            raise RegexError("missing argument to repetition operator")

    def _open_group(self) -> None:
        rest = self.pattern[self.position :]
        if rest.startswith(("(?P<", "(?<")):
            self._read_name(rest)
        elif rest.startswith("(?"):
            found = _FLAGS.match(self.pattern, self.position)
            if found is None:
                raise RegexError("invalid or unsupported Perl syntax")
            self.position = found.end()
            if found[3] == ")":
                return
        else:
            self.position += 1
        self.open_groups += 1
        self.has_operand = False

    def _read_name(self, rest: str) -> None:
        name, closing, _ = rest[rest.index("<") + 1 :].partition(">")
        if not closing or not _GROUP_NAME.fullmatch(name):
            raise RegexError("invalid named capture")
        if name in self.names:
            raise RegexError("duplicate capture group name")
        self.names.add(name)
        self.position += rest.index(">") + 1

    def _close_group(self) -> None:
        if not self.open_groups:
            raise RegexError("regexp/syntax: internal error")
        self.open_groups -= 1
        self.position += 1
        self.has_operand = True

    def _read_escape(self) -> None:
        """Read what a backslash begins outside of a class."""
        following = self.pattern[self.position + 1 : self.position + 2]
        if following == "Q":
            end = self.pattern.find("\\E", self.position + 2)
            self.position = len(self.pattern) if end < 0 else end + 2
        elif following == "C":
            raise RegexError("invalid escape sequence")
        elif following and following in _PERL_ANCHORS | _PERL_CLASSES:
            self.position += 2
        elif following in {"p", "P"}:
            self._read_unicode_group()
        else:
            self._read_rune()

    def _read_rune(self) -> int:
        """Read one character, escaped or not, and return its number."""
        if not self.pattern.startswith("\\", self.position):
            self.position += 1
            return ord(self.pattern[self.position - 1])
        if self.position + 1 == len(self.pattern):
            raise RegexError("trailing backslash at end of expression")
        following = self.pattern[self.position + 1]
        if not _ALPHANUMERIC.fullmatch(following):
            self.position += 2
            return ord(following)
        found = _ESCAPED_RUNE.match(self.pattern, self.position)
        if found is None or (found[1] is not None and int(found[1], 16) > _LARGEST_RUNE):
            raise RegexError("invalid escape sequence")
        self.position = found.end()
        return _rune_of(found[0], found[1])

    def _read_unicode_group(self) -> None:
        start = self.position + 2
        if self.pattern.startswith("{", start):
            end = self.pattern.find("}", start)
            name, self.position = self.pattern[start + 1 : end], end + 1
            if end < 0:
                raise RegexError("invalid character class range")
        else:
            name, self.position = self.pattern[start : start + 1], start + 1
        if name.removeprefix("^") not in _UNICODE_GROUPS:
            raise RegexError("invalid character class range")

    def _read_class(self) -> None:
        self.position += 1
        if self.pattern.startswith("^", self.position):
            self.position += 1
        is_first = True
        while is_first or not self.pattern.startswith("]", self.position):
            is_first = False
            if not self._read_class_group():
                self._read_range()
        self.position += 1

    def _read_class_group(self) -> bool:
        """Read a named group of characters within a class; tell whether there was one."""
        if self.pattern.startswith("[:", self.position):
            end = self.pattern.find(":]", self.position)
            if end >= 0:
                name = self.pattern[self.position + 2 : end].removeprefix("^")
                if name not in _POSIX_CLASSES:
                    raise RegexError("invalid character class range")
                self.position = end + 2
                return True
        if self.pattern.startswith(("\\p", "\\P"), self.position):
            self._read_unicode_group()
            return True
        following = self.pattern[self.position + 1 : self.position + 2]
        if self.pattern.startswith("\\", self.position) and following and following in _PERL_CLASSES:
            self.position += 2
            return True
        return False

    def _read_range(self) -> None:
        lowest = self._read_class_rune()
        is_range = self.pattern.startswith("-", self.position)
        if is_range and not self.pattern.startswith("-]", self.position):
            self.position += 1
            if self._read_class_rune() < lowest:
                raise RegexError("invalid character class range")

    def _read_class_rune(self) -> int:
        if self.position >= len(self.pattern):
            raise RegexError("missing closing ]")
        return self._read_rune()


_C_ESCAPES = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}


def _rune_of(text: str, braced: str | None) -> int:
    """Return the number of an escaped character that is none of its own."""
    kind = text[1]
    if braced is not None:
        return int(braced, 16)
    if kind == "x":
        return int(text[1:].replace("x", "0x"), 0)
    return _C_ESCAPES[kind] if kind in _C_ESCAPES else int(text[1:], 8)
