import pytest

from ottla.container.jaas import (
    JaasError,
    LoginModule,
    parse_login_file,
    parse_login_value,
    server_login,
)

PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
FILE = f"""\
// The brokers' logins.
KafkaServer {{
    {PLAIN} required
    username="admin"
    password='a "secret"'
    user_admin="admin\\\\secret"   /* as Java
                                      reads it */
    serviceName=kafka;
}};
external.KafkaServer {{ {PLAIN} REQUIRED user_ada="one"; other.Module optional; }};
Client {{ }};
"""


def test_a_login_file_is_read() -> None:
    entries = parse_login_file(FILE)
    assert entries == {
        "KafkaServer": (
            LoginModule(
                PLAIN,
                "required",
                {
                    "username": "admin",
                    "password": 'a "secret"',
                    "user_admin": "admin\\secret",
                    "serviceName": "kafka",
                },
            ),
        ),
        "external.KafkaServer": (
            LoginModule(PLAIN, "required", {"user_ada": "one"}),
            LoginModule("other.Module", "optional", {}),
        ),
        "Client": (),
    }


def test_a_listener_has_its_own_entry_or_the_one_for_all() -> None:
    entries = parse_login_file(FILE)
    assert server_login(entries, "EXTERNAL", "/jaas.conf")[0].options == {"user_ada": "one"}
    assert server_login(entries, "INTERNAL", "/jaas.conf")[0].options["username"] == "admin"


def test_a_listener_without_any_is_told_of_as_kafka_does() -> None:
    with pytest.raises(JaasError) as refused:
        server_login({"Client": ()}, "SASL_PLAINTEXT", "/jaas.conf")
    assert str(refused.value) == (
        "Could not find a 'KafkaServer' or 'sasl_plaintext.KafkaServer' entry in the JAAS configuration. System "
        "property 'java.security.auth.login.config' is /jaas.conf"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("KafkaServer", "expected '{', and the text ends"),
        ("KafkaServer { a.B required; }", "expected ';', and the text ends"),
        ("KafkaServer { a.B required; };\n{", "Line 2: expected a name, found '{'"),
        ("A { a.B required; }; A { };", "Can not specify multiple entries for A"),
        ('A { a.B required\nx="never ends; };', "Line 2: a quotation does not end"),
        ("A { a.B required; };;", "Line 1: expected a name, found ';'"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(JaasError) as refused:
        parse_login_file(text)
    assert words in str(refused.value)


def test_a_value_of_an_option_is_read() -> None:
    (module,) = parse_login_value(f'{PLAIN} required username="ada" password="o=n;e";')
    assert module == LoginModule(PLAIN, "required", {"username": "ada", "password": "o=n;e"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Login module not specified in JAAS config"),
        ("  ", "Login module not specified in JAAS config"),
        ("a.B;", "Login module control flag not specified in JAAS config"),
        ("a.B", "Login module control flag not specified in JAAS config"),
        ("a.B always;", "Invalid login module control flag 'always' in JAAS config"),
        ("a.B required", "JAAS config entry not terminated by semi-colon"),
        ("a.B required x=1", "JAAS config entry not terminated by semi-colon"),
        ("a.B required x;", "Value not specified for key 'x' in JAAS config"),
        ("a.B required x=;", "Value not specified for key 'x' in JAAS config"),
    ],
)
def test_a_value_that_is_none_is_refused_in_kafkas_words(text: str, words: str) -> None:
    with pytest.raises(JaasError, match=words):
        parse_login_value(text)
