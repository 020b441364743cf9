from ottla.cli.failures import ToolError, UsageError, illegal_argument, terse


def test_a_failure_prints_as_its_java_class_does() -> None:
    assert illegal_argument("no").java_text() == "java.lang.IllegalArgumentException: no"
    assert ToolError("java.lang.IllegalStateException", None).java_text() == "java.lang.IllegalStateException"
    assert terse("no").java_text() == "org.apache.kafka.server.util.TerseException: no"
    assert str(illegal_argument("no")) == "no"


def test_a_usage_error_is_its_message_and_the_table_below() -> None:
    error = UsageError("no", "Option  Description\n")
    assert error.text == "no\nOption  Description\n"
