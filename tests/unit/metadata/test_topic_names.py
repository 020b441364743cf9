import pytest

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.topic_names import check_topic_name, colliding_name, collision_index, is_topic_name


@pytest.mark.parametrize("name", ["a", "a.b_c-D9", "...", "x" * 249, "__consumer_offsets"])
def test_legal_names(name: str) -> None:
    check_topic_name(name)
    assert is_topic_name(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "the empty string is not allowed"),
        (".", "'.' is not allowed"),
        ("..", "'..' is not allowed"),
        ("x" * 250, f"the length of '{'x' * 250}' is longer than the max allowed length 249"),
        ("a b", "'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"),
        ("é", "'é' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"),
        ("a\n", "'a\n' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"),
    ],
)
def test_illegal_names_get_kafkas_words(name: str, reason: str) -> None:
    with pytest.raises(KafkaError) as refusal:
        check_topic_name(name)
    assert refusal.value.code is ErrorCode.INVALID_TOPIC_EXCEPTION
    assert refusal.value.message == f"Topic name is invalid: {reason}"
    assert not is_topic_name(name)


def test_names_collide_when_dots_are_underscores() -> None:
    index = collision_index(["a_b.c", "a.b_c", "plain", "a-b-c"])
    assert colliding_name("a_b_c", index) == "a.b_c"
    assert colliding_name("a.b.c", index) == "a.b_c"
    assert colliding_name("plain", index) is None
    assert colliding_name("other.one", index) is None
