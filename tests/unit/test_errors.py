from ottla.errors import DEFAULT_MESSAGES, ErrorCode, KafkaError, error_message, own_words


def test_every_code_but_none_has_a_message() -> None:
    assert set(DEFAULT_MESSAGES) == set(ErrorCode) - {ErrorCode.NONE}
    assert error_message(ErrorCode.NONE) is None


def test_the_codes_are_those_of_kafka_4_1_1_without_gaps() -> None:
    assert [code.value for code in sorted(ErrorCode)] == list(range(-1, 134))


def test_an_error_without_a_text_has_that_of_its_code() -> None:
    assert KafkaError(ErrorCode.INVALID_CONFIG, "own").text == "own"
    assert KafkaError(ErrorCode.INVALID_CONFIG).text == error_message(ErrorCode.INVALID_CONFIG)
    assert str(KafkaError(ErrorCode.INVALID_CONFIG, "own")) == "INVALID_CONFIG: own"


def test_a_message_that_says_no_more_than_its_code_is_left_out() -> None:
    assert own_words(ErrorCode.INVALID_CONFIG, "own") == "own"
    assert own_words(ErrorCode.INVALID_CONFIG, error_message(ErrorCode.INVALID_CONFIG)) is None
    assert own_words(ErrorCode.INVALID_CONFIG, None) is None
