import base64
import hashlib
import hmac

import pytest
from tests.unit.metadata.clusters import cluster

from ottla.errors import ErrorCode, KafkaError
from ottla.metadata.alter_scram_credentials_plan import (
    AlterScramCredentialsPlan,
    plan_alter_scram_credentials,
    server_key,
    stored_key,
)
from ottla.metadata.aspects.scram_credentials import ScramMechanism
from ottla.metadata.image import apply_records
from ottla.metadata.records import (
    FeatureLevelRecord,
    RemoveUserScramCredentialRecord,
    UserScramCredentialRecord,
)
from ottla.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsResult,
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)

# The conversation of RFC 7677, section 3: user "user", password "pencil".
SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
NONCE = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
AUTH_MESSAGE = (
    f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={NONCE}"
).encode()
CLIENT_PROOF = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
SERVER_SIGNATURE = base64.b64decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")

IMAGE, _ = apply_records(cluster({}), [UserScramCredentialRecord(name="there", mechanism=1, iterations=4096)])
DUPLICATE = "A user credential cannot be altered twice in the same request"


def setting(name: str, mechanism: int = 1, iterations: int = 4096) -> ScramCredentialUpsertion:
    return ScramCredentialUpsertion(
        name=name, mechanism=mechanism, iterations=iterations, salt=b"salt", salted_password=b"password"
    )


def deletion(name: str, mechanism: int = 1) -> ScramCredentialDeletion:
    return ScramCredentialDeletion(name=name, mechanism=mechanism)


def plan(*changes: ScramCredentialDeletion | ScramCredentialUpsertion) -> AlterScramCredentialsPlan:
    return plan_alter_scram_credentials(
        IMAGE,
        [each for each in changes if isinstance(each, ScramCredentialDeletion)],
        [each for each in changes if isinstance(each, ScramCredentialUpsertion)],
    )


def told(planned: AlterScramCredentialsPlan) -> dict[str, tuple[int, str | None]]:
    return {each.user: (each.error_code, each.error_message) for each in planned.results}


@pytest.mark.parametrize(("mechanism", "size"), [(1, 32), (2, 64)])
def test_a_credential_is_set_without_the_password(mechanism: int, size: int) -> None:
    planned = plan(setting("u", mechanism))
    (record,) = planned.records
    assert isinstance(record, UserScramCredentialRecord)
    assert (record.name, record.mechanism, record.iterations, record.salt) == ("u", mechanism, 4096, b"salt")
    assert (len(record.stored_key), len(record.server_key)) == (size, size)
    assert b"password" not in (record.stored_key, record.server_key)
    assert planned.results == [AlterUserScramCredentialsResult(user="u", error_message=None)]


def test_the_keys_are_those_of_the_rfc() -> None:
    salted_password = hashlib.pbkdf2_hmac("sha256", b"pencil", SALT, 4096)
    stored = stored_key(salted_password, ScramMechanism.SCRAM_SHA_256)
    signature = hmac.digest(stored, AUTH_MESSAGE, "sha256")
    client_key = bytes(left ^ right for left, right in zip(CLIENT_PROOF, signature, strict=True))
    assert hashlib.sha256(client_key).digest() == stored
    server = server_key(salted_password, ScramMechanism.SCRAM_SHA_256)
    assert hmac.digest(server, AUTH_MESSAGE, "sha256") == SERVER_SIGNATURE


def test_a_credential_is_deleted() -> None:
    planned = plan(deletion("there"))
    assert planned.records == [RemoveUserScramCredentialRecord(name="there", mechanism=1)]
    assert told(planned) == {"there": (0, None)}


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (setting(""), ErrorCode.UNACCEPTABLE_CREDENTIAL, "Username must not be empty"),
        (deletion(""), ErrorCode.UNACCEPTABLE_CREDENTIAL, "Username must not be empty"),
        (setting("u", 0), ErrorCode.UNSUPPORTED_SASL_MECHANISM, "Unknown SCRAM mechanism"),
        (deletion("there", 3), ErrorCode.UNSUPPORTED_SASL_MECHANISM, "Unknown SCRAM mechanism"),
        (setting("", 0), ErrorCode.UNACCEPTABLE_CREDENTIAL, "Username must not be empty"),
        (setting("u", 1, 4095), ErrorCode.UNACCEPTABLE_CREDENTIAL, "Too few iterations"),
        (setting("u", 2, -1), ErrorCode.UNACCEPTABLE_CREDENTIAL, "Too few iterations"),
        (setting("u", 1, 16385), ErrorCode.UNACCEPTABLE_CREDENTIAL, "Too many iterations"),
        (
            deletion("there", 2),
            ErrorCode.RESOURCE_NOT_FOUND,
            "Attempt to delete a user credential that does not exist",
        ),
        (
            deletion("missing"),
            ErrorCode.RESOURCE_NOT_FOUND,
            "Attempt to delete a user credential that does not exist",
        ),
        (
            ScramCredentialUpsertion(name="u", mechanism=1, iterations=4096),
            ErrorCode.UNKNOWN_SERVER_ERROR,
            None,
        ),
    ],
)
def test_refusals(
    change: ScramCredentialDeletion | ScramCredentialUpsertion, code: ErrorCode, message: str | None
) -> None:
    planned = plan(change, setting("other"))
    assert [record.name for record in planned.records if isinstance(record, UserScramCredentialRecord)] == [
        "other"
    ]
    assert len(planned.records) == 1
    assert told(planned) == {"other": (0, None), change.name: (code, message)}


@pytest.mark.parametrize("iterations", [4096, 16384])
def test_iterations_at_the_edge_are_taken(iterations: int) -> None:
    assert told(plan(setting("u", 2, iterations))) == {"u": (0, None)}


@pytest.mark.parametrize(
    "changes",
    [
        [deletion("there"), deletion("there")],
        [deletion("there"), setting("there")],
        [setting("there"), setting("there", 2)],
        [setting("there"), setting("there"), setting("there")],
    ],
)
def test_a_user_that_is_named_twice_keeps_what_there_was(
    changes: list[ScramCredentialDeletion | ScramCredentialUpsertion],
) -> None:
    planned = plan(*changes, setting("other"))
    assert len(planned.records) == 1
    assert told(planned) == {"other": (0, None), "there": (ErrorCode.DUPLICATE_RESOURCE, DUPLICATE)}


def test_a_password_of_no_bytes_is_met_when_all_else_was_checked() -> None:
    empty = setting("user")
    empty.salted_password = b""
    assert told(plan(empty, setting("other"))) == {
        "other": (0, None),
        "user": (ErrorCode.UNKNOWN_SERVER_ERROR, None),
    }
    assert told(plan(empty, setting("user"))) == {"user": (ErrorCode.DUPLICATE_RESOURCE, DUPLICATE)}


def test_the_first_error_of_a_user_stays() -> None:
    assert told(plan(deletion("missing"), setting("missing"))) == {
        "missing": (
            ErrorCode.RESOURCE_NOT_FOUND,
            "Attempt to delete a user credential that does not exist",
        )
    }


def test_an_old_cluster_has_no_credentials() -> None:
    image, _ = apply_records(IMAGE, [FeatureLevelRecord(name="metadata.version", feature_level=10)])
    planned = plan_alter_scram_credentials(image, [], [setting("u")])
    assert planned.records == []
    assert told(planned) == {
        "u": (ErrorCode.UNSUPPORTED_VERSION, "The current metadata.version does not support SCRAM")
    }


def test_too_many_changes_are_refused_together() -> None:
    with pytest.raises(KafkaError) as refused:
        plan(*(setting(str(number)) for number in range(10_001)))
    assert refused.value.code is ErrorCode.POLICY_VIOLATION
