import pytest

from ottla.cli.failures import ToolError
from ottla.cli.java_uuid import uuid_from_user
from ottla.types import random_uuid, uuid_to_text


def test_an_identifier_is_read_with_and_without_padding() -> None:
    identifier = random_uuid()
    assert uuid_from_user(uuid_to_text(identifier)) == identifier
    assert uuid_from_user(uuid_to_text(identifier) + "==") == identifier


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("short", "Last unit does not have enough valid bits"),
        ("shor", "Input string `shor` decoded as 3 bytes, which is not equal to the expected 16 bytes"),
        ("", "Input string `` decoded as 0 bytes"),
        ("a", "Input byte\\[\\] should at least have 2 bytes for base64 bytes"),
        ("a b", "Illegal base64 character 20"),
        ("ab=", "Input byte array has wrong 4-byte ending unit"),
        ("a" * 25, "Input string with prefix `a{24}` is too long to be decoded as a base64 UUID"),
    ],
)
def test_what_is_no_identifier_is_refused_with_java_s_words(text: str, words: str) -> None:
    with pytest.raises(ToolError, match=words):
        uuid_from_user(text)
