import base64
import hashlib
import hmac

import pytest

from ottla.metadata.records import UserScramCredentialRecord
from ottla.metadata.scram_arguments import ScramArgumentError, scram_records

SALT = "W22ZaJ0SNY7soEsUEjb6gQ=="


def record(argument: str) -> UserScramCredentialRecord:
    (made,) = scram_records([argument], lambda size_bytes: bytes(range(size_bytes)))
    return made


def test_a_credential_answers_the_conversation_of_rfc_7677() -> None:
    made = record(f"SCRAM-SHA-256=[name=user,password=pencil,salt={SALT},iterations=4096]")
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    conversation = (f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s={SALT},i=4096,c=biws,r={nonce}").encode()
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    signature = hmac.digest(made.stored_key, conversation, "sha256")
    client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    assert hashlib.sha256(client_key).digest() == made.stored_key
    server_signature = hmac.digest(made.server_key, conversation, "sha256")
    assert base64.b64encode(server_signature) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    assert (made.name, made.mechanism, made.salt, made.iterations) == (
        "user",
        1,
        base64.b64decode(SALT),
        4096,
    )


def test_a_salted_password_makes_the_same_credential_as_the_password() -> None:
    salted = hashlib.pbkdf2_hmac("sha512", b"secret", base64.b64decode(SALT), 8192)
    text = base64.b64encode(salted).decode().rstrip("=")
    by_password = record(f"SCRAM-SHA-512=[name=alice,password=secret,salt={SALT},iterations=8192]")
    by_salted = record(f'SCRAM-SHA-512=[name="alice",iterations=8192,salt="{SALT}",saltedpassword="{text}"]')
    assert by_salted == by_password
    assert by_password.mechanism == 2
    assert len(by_password.stored_key) == 64


def test_what_is_not_given_is_chosen() -> None:
    made = record("  SCRAM-SHA-256=[name=alice,password=secret]  ")
    assert made.iterations == 4096
    assert made.salt == bytes(range(20))


def test_a_password_may_hold_an_equals_sign_and_quotes() -> None:
    plain = record(f'SCRAM-SHA-256=[name=a,password=x="y,salt={SALT}]')
    salted = hashlib.pbkdf2_hmac("sha256", b'x="y', base64.b64decode(SALT), 4096)
    assert plain.server_key == hmac.digest(salted, b"Server Key", "sha256")


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        ("SCRAM-SHA-256", "Failed to find equals sign in SCRAM argument 'SCRAM-SHA-256'"),
        ("SCRAM-SHA-1=[name=a,password=b]", "The add-scram mechanism SCRAM-SHA-1 is not supported."),
        ("SCRAM-SHA-256=name=a,password=b]", "Expected configuration string to start with ["),
        ("SCRAM-SHA-256=[name=a,password=b", "Expected configuration string to end with ]"),
        ("SCRAM-SHA-256=[password=b]", "You must supply 'name' to add-scram"),
        ("SCRAM-SHA-256=[name=a,what]", "No equals sign found in SCRAM component: what"),
        ("SCRAM-SHA-256=[]", "No equals sign found in SCRAM component: "),
        (
            "SCRAM-SHA-256=[name=a]",
            "You must supply one of 'password' or 'saltedpassword' to add-scram",
        ),
        (
            "SCRAM-SHA-256=[name=a,saltedpassword=YQ==]",
            "You must supply 'salt' with 'saltedpassword' to add-scram",
        ),
        ("SCRAM-SHA-256=[name=a,password=b,salt=*]", "Failed to decode given salt: *"),
        ("SCRAM-SHA-256=[name=a,password=b,salt=A]", "Failed to decode given salt: A"),
        (
            "SCRAM-SHA-256=[name=a,salt=YQ==,saltedpassword=*]",
            "Failed to decode given saltedPassword: *",
        ),
        (
            "SCRAM-SHA-256=[name=a,password=b,iterations=many]",
            "Failed to parse iterations count: many",
        ),
        (
            "SCRAM-SHA-256=[name=a,password=b,iterations=4095]",
            "The 'iterations' value must be >= 4096 for add-scram using SCRAM_SHA_256",
        ),
        (
            "SCRAM-SHA-512=[name=a,password=b,iterations=16385]",
            "The 'iterations' value must be <= 16384 for add-scram using SCRAM_SHA_512",
        ),
        ("SCRAM-SHA-256=[name=a,password=b,z=1,x=2]", "Unknown SCRAM configurations: x, z"),
    ],
)
def test_what_makes_no_user_is_refused_with_kafkas_words(argument: str, text: str) -> None:
    with pytest.raises(ScramArgumentError) as caught:
        record(argument)
    assert str(caught.value) == text
