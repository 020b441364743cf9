from typing import Any

import pytest

from ottla.cli.configs_users import alter_ips, alter_users, quota_lines, read_credential, read_quota
from ottla.cli.failures import ToolError

NOBODY: Any = None
"""The cluster of a command that is refused before anybody is asked."""


def test_a_credential_has_a_password_and_may_have_iterations() -> None:
    assert read_credential("SCRAM-SHA-256", "iterations=8192,password=a,b=c") == (8192, "a,b=c")
    assert read_credential("SCRAM-SHA-256", "password=") == (4096, "")
    assert read_credential("SCRAM-SHA-512", "iterations=-1,password=x") == (4096, "x")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("secret", "Invalid credential property SCRAM_SHA_256=secret"),
        (
            "iterations=100,password=a",
            "Iterations 100 is less than the minimum 4096 required for SCRAM-SHA-256",
        ),
        ("iterations=,password=a", 'For input string: ""'),
    ],
)
def test_a_credential_that_cannot_be_is_refused(text: str, words: str) -> None:
    with pytest.raises(ToolError, match=words):
        read_credential("SCRAM-SHA-256", text)


@pytest.mark.parametrize(
    ("types", "names", "added", "deleted", "words"),
    [
        (["users"], ["u"], {"x": "1"}, [], r"Only quota and SCRAM .* added for 'users' .* names: Set\(x\)"),
        (
            ["users"],
            ["u"],
            {},
            ["x"],
            r"Only quota and SCRAM .* deleted for 'users' .* names: ArrayBuffer\(x\)",
        ),
        (["clients"], ["c"], {"SCRAM-SHA-256": "a"}, [], r"Only quota .* names: Set\(SCRAM-SHA-256\)"),
        (["users", "clients"], ["u", "c"], {}, ["x"], r"deleted for 'clients' .* names: ArrayBuffer\(x\)"),
        (["users"], [""], {"SCRAM-SHA-256": "a"}, [], "The use of --entity-default or --user-defaults"),
        (
            ["users"],
            ["u"],
            {"SCRAM-SHA-256": "password=a", "producer_byte_rate": "1"},
            [],
            "Cannot alter both quota and SCRAM credential configs simultaneously",
        ),
    ],
)
def test_users_and_clients_have_quotas_and_users_credentials(
    types: list[str], names: list[str], added: dict[str, str], deleted: list[str], words: str
) -> None:
    with pytest.raises(ToolError, match=words):
        alter_users(NOBODY, types, names, added, deleted)


def test_addresses_have_one_quota() -> None:
    with pytest.raises(ToolError, match="Unexpected config names: producer_byte_rate,x"):
        alter_ips(NOBODY, ["ips"], ["1.2.3.4"], {"producer_byte_rate": "1"}, ["x"])


def test_a_quota_is_a_number_as_java_reads_it() -> None:
    assert read_quota("producer_byte_rate", " 1e3d ") == 1000.0
    with pytest.raises(
        ToolError, match="Cannot parse quota configuration value for producer_byte_rate: fast"
    ):
        read_quota("producer_byte_rate", "fast")


def test_entities_and_quotas_come_in_java_s_order_with_java_s_numbers() -> None:
    quotas = [
        (
            {"user": "u", "client-id": None},
            {"consumer_byte_rate": 12345678.0, "producer_byte_rate": 1024.0},
        )
    ]
    assert quota_lines(quotas) == [
        (
            "Quota configs for user-principal 'u', the default client-id are consumer_byte_rate=1.2345678E7, "
            "producer_byte_rate=1024.0"
        )
    ]
    assert quota_lines([({"ip": "1.2.3.4"}, {"connection_creation_rate": 10.0})]) == [
        "Quota configs for ip '1.2.3.4' are connection_creation_rate=10.0"
    ]
    assert quota_lines([]) == []
