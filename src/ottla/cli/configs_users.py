"""Quotas of users, clients and addresses, and SCRAM credentials of users, for `kafka-configs`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from ottla.cli.admin_order import quota_entity_hash
from ottla.cli.admin_questions import ask_any_broker, ask_controller
from ottla.cli.configs_options import CLIENTS, IPS, USERS
from ottla.cli.failures import ToolError, illegal_argument
from ottla.cli.java_failures import execution_failure
from ottla.cli.jopt import DOUBLE, INTEGER
from ottla.client.cluster import Cluster
from ottla.client.failures import ApiError, error_of, raise_for
from ottla.errors import ErrorCode
from ottla.jvm_order import hash_order, scala_order, strings_in_hash_order

_ENTITY_KINDS = {USERS: "user", CLIENTS: "client-id", IPS: "ip"}
"""The types of entities as requests name them."""
_SHOWN_KINDS = {"user": "user-principal", "client-id": "client-id", "ip": "ip"}
"""The same as the tool prints them, in its order."""

USER_QUOTAS = frozenset(
    {"producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate"}
)
IP_QUOTAS = frozenset({"connection_creation_rate"})
MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-512")

_EXACT, _DEFAULT, _ANY = 0, 1, 2
"""How a part of an entity is to match (DescribeClientQuotas)."""
_DEFAULT_ITERATIONS = 4096
_SALT_BYTES = 20
_CREDENTIAL = re.compile(r"(?:iterations=(-?[0-9]*),)?password=(.*)", re.ASCII)

Quotas = list[tuple[dict[str, str | None], dict[str, float]]]
"""Entities with what they may do; a part of an entity without a name is the default of its kind."""


def alter_users(
    cluster: Cluster,
    types: Sequence[str],
    names: Sequence[str],
    added: Mapping[str, str],
    deleted: Sequence[str],
) -> None:
    """Change quotas of users, clients or both together, or the credentials of a user. Raises ToolError and ApiError."""
    added_scram = {key: value for key, value in added.items() if key in MECHANISMS}
    deleted_scram = [key for key in deleted if key in MECHANISMS]
    has_quotas = bool(USER_QUOTAS & {*added, *deleted})
    unknown_added = [key for key in added if key not in MECHANISMS and key not in USER_QUOTAS]
    unknown_deleted = [key for key in deleted if key not in MECHANISMS and key not in USER_QUOTAS]
    if types[0] == CLIENTS or len(types) == 2:
        _refuse("Only quota configs can be added", CLIENTS, _scala_set([*unknown_added, *added_scram]))
        _refuse("Only quota configs can be deleted", CLIENTS, _array_buffer(unknown_deleted + deleted_scram))
    else:
        _refuse("Only quota and SCRAM credential configs can be added", USERS, _scala_set(unknown_added))
        _refuse(
            "Only quota and SCRAM credential configs can be deleted", USERS, _array_buffer(unknown_deleted)
        )
        if added_scram or deleted_scram:
            _check_scram(names, has_quotas=has_quotas)
    if has_quotas:
        alter_quotas(cluster, types, names, added, deleted)
    elif len(names) != 1:
        raise ToolError(
            "java.lang.IllegalStateException",
            "Altering user SCRAM credentials should never occur for more zero or multiple users: "
            f"List({', '.join(names)})",
        )
    else:
        _alter_scram(cluster, names[0], added_scram, deleted_scram)


def _refuse(reason: str, entity_type: str, shown_names: str) -> None:
    if shown_names:
        raise illegal_argument(
            f"{reason} for '{entity_type}' using --bootstrap-server. Unexpected config names: {shown_names}"
        )


def _scala_set(names: Sequence[str]) -> str:
    """Return names as Scala prints a set of them, the empty text for none."""
    if not names:
        return ""
    in_order = scala_order(names)
    return f"{'Set' if len(in_order) <= 4 else 'HashSet'}({', '.join(in_order)})"


def _array_buffer(names: Sequence[str]) -> str:
    return f"ArrayBuffer({', '.join(names)})" if names else ""


def _check_scram(names: Sequence[str], *, has_quotas: bool) -> None:
    if "" in names:
        raise illegal_argument(
            "The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using "
            "--bootstrap-server."
        )
    if has_quotas:
        raise illegal_argument(
            f"Cannot alter both quota and SCRAM credential configs simultaneously for '{USERS}' using "
            "--bootstrap-server."
        )


def _alter_scram(cluster: Cluster, user: str, added: Mapping[str, str], deleted: Sequence[str]) -> None:
    from ottla.metadata.scram_arguments import MECHANISMS as KNOWN
    from ottla.protocol.messages.alter_user_scram_credentials import (
        AlterUserScramCredentialsRequest,
        ScramCredentialDeletion,
        ScramCredentialUpsertion,
    )

    credentials = [(KNOWN[mechanism], *read_credential(mechanism, text)) for mechanism, text in added.items()]
    if any(not password for _, _, password in credentials):
        raise ApiError(ErrorCode.UNACCEPTABLE_CREDENTIAL, "Password must not be empty")
    upsertions = []
    for mechanism, iterations, password in credentials:
        salt, salted = _salted(password, mechanism.digest, iterations)
        upsertions.append(
            ScramCredentialUpsertion(
                name=user,
                mechanism=mechanism.number,
                iterations=iterations,
                salt=salt,
                salted_password=salted,
            )
        )
    request = AlterUserScramCredentialsRequest(
        deletions=[ScramCredentialDeletion(name=user, mechanism=KNOWN[name].number) for name in deleted],
        upsertions=upsertions,
    )
    response = ask_controller(cluster, request, "alterUserScramCredentials")
    for result in response.results:
        raise_for(result.error_code, result.error_message)


def read_credential(mechanism: str, text: str) -> tuple[int, str]:
    """Return iterations and password of a text such as `iterations=8192,password=secret`. Raises ToolError."""
    found = _CREDENTIAL.fullmatch(text)
    if found is None:
        raise illegal_argument(f"Invalid credential property {mechanism.replace('-', '_')}={text}")
    written, password = found.groups()
    try:
        iterations = _DEFAULT_ITERATIONS if written in {None, "-1"} else INTEGER.read(written)
    except ValueError:
        raise ToolError("java.lang.NumberFormatException", f'For input string: "{written}"') from None
    if iterations < _DEFAULT_ITERATIONS:
        raise illegal_argument(
            f"Iterations {iterations} is less than the minimum {_DEFAULT_ITERATIONS} required for {mechanism}"
        )
    return iterations, password


def _salted(password: str, digest: str, iterations: int) -> tuple[bytes, bytes]:
    """Return a salt, and the password hashed with it as SCRAM does (RFC 5802)."""
    import hashlib

    salt = os.urandom(_SALT_BYTES)
    return salt, hashlib.pbkdf2_hmac(digest, password.encode(), salt, iterations)


def alter_ips(
    cluster: Cluster,
    types: Sequence[str],
    names: Sequence[str],
    added: Mapping[str, str],
    deleted: Sequence[str],
) -> None:
    """Change how fast an address may connect. Raises ToolError and ApiError."""
    unknown = [key for key in scala_order([*added, *deleted]) if key not in IP_QUOTAS]
    if unknown:
        raise illegal_argument(
            f"Only connection quota configs can be added for '{IPS}' using --bootstrap-server. "
            f"Unexpected config names: {','.join(unknown)}"
        )
    alter_quotas(cluster, types, names, added, deleted)


def alter_quotas(
    cluster: Cluster,
    types: Sequence[str],
    names: Sequence[str],
    added: Mapping[str, str],
    deleted: Sequence[str],
) -> None:
    """Set quotas of an entity and take others back. Raises ToolError and ApiError."""
    from ottla.protocol.messages.alter_client_quotas import (
        AlterClientQuotasRequest,
        EntityData,
        EntryData,
        OpData,
    )

    if len(types) != len(names):
        raise illegal_argument("Exactly one entity name must be specified for every entity type")
    found = describe_quotas(cluster, types, names)
    known = found[0][1] if found else {}
    missing = [key for key in deleted if key not in known]
    if missing:
        raise ToolError(
            "org.apache.kafka.common.errors.InvalidConfigurationException",
            f"Invalid config(s): {','.join(missing)}",
        )
    entity = {_ENTITY_KINDS[each]: name or None for each, name in zip(types, names, strict=True)}
    request = AlterClientQuotasRequest(
        entries=[
            EntryData(
                entity=[
                    EntityData(entity_type=kind, entity_name=entity[kind])
                    for kind in strings_in_hash_order(entity)
                ],
                ops=[
                    *(
                        OpData(key=key, value=read_quota(key, text), remove=False)
                        for key, text in added.items()
                    ),
                    *(OpData(key=key, value=0.0, remove=True) for key in deleted),
                ],
            )
        ]
    )
    response = ask_any_broker(cluster, request, "alterClientQuotas")
    for entry in response.entries:
        raise_for(entry.error_code, entry.error_message)


def read_quota(key: str, text: str) -> float:
    """Return the number that a quota is to be. Raises ToolError."""
    try:
        number: float = DOUBLE.read(text)
    except ValueError:
        raise illegal_argument(f"Cannot parse quota configuration value for {key}: {text}") from None
    return number


def describe_quotas(cluster: Cluster, types: Sequence[str], names: Sequence[str]) -> Quotas:
    """Return the quotas of entities with parts of exactly these types, all of a type where no name is left for it.

    Raises ApiError.
    """
    from ottla.protocol.messages.describe_client_quotas import ComponentData, DescribeClientQuotasRequest

    if len(names) > len(types):
        raise illegal_argument("More entity names specified than entity types")
    components = []
    for index, entity_type in enumerate(types):
        name = names[index] if index < len(names) else None
        match_type = _ANY if name is None else _EXACT if name else _DEFAULT
        components.append(
            ComponentData(entity_type=_ENTITY_KINDS[entity_type], match_type=match_type, match=name or None)
        )
    request = DescribeClientQuotasRequest(components=components, strict=True)
    response = ask_any_broker(cluster, request, "describeClientQuotas")
    raise_for(response.error_code, response.error_message)
    return [
        (
            {part.entity_type: part.entity_name for part in entry.entity},
            {value.key: value.value for value in entry.values},
        )
        for entry in response.entries or ()
    ]


def quota_lines(quotas: Quotas) -> list[str]:
    """Return a line for each entity, in the order of Kafka's Admin."""
    from ottla.config.option import java_double_text

    order = hash_order(
        range(len(quotas)), lambda index: quota_entity_hash(quotas[index][0]), capacity=len(quotas)
    )
    lines = []
    for entity, values in (quotas[index] for index in order):
        parts = [
            f"the default {shown}" if entity[kind] is None else f"{shown} '{entity[kind]}'"
            for kind, shown in _SHOWN_KINDS.items()
            if kind in entity
        ]
        entries = [
            f"{key}={java_double_text(values[key])}"
            for key in strings_in_hash_order(values, capacity=len(values))
        ]
        lines.append(f"Quota configs for {', '.join(parts)} are {', '.join(entries)}")
    return lines


def scram_lines(cluster: Cluster, users: Sequence[str]) -> list[str]:
    """Return a line for each of these users, or of all, that has credentials. Raises ApiError."""
    from ottla.protocol.messages.describe_user_scram_credentials import (
        DescribeUserScramCredentialsRequest,
        UserName,
    )

    request = DescribeUserScramCredentialsRequest(users=[UserName(name=user) for user in users])
    response = ask_any_broker(cluster, request, "describeUserScramCredentials")
    raise_for(response.error_code, response.error_message)
    lines = []
    for result in response.results:
        error = error_of(result.error_code, result.error_message)
        if error is None:
            shown = ", ".join(
                f"{_mechanism_name(each.mechanism)}=iterations={each.iterations}"
                for each in result.credential_infos
            )
            lines.append(f"SCRAM credential configs for user-principal '{result.user}' are {shown}")
        elif error.code != ErrorCode.RESOURCE_NOT_FOUND:
            lines.append(
                f"Error retrieving SCRAM credential configs for user-principal '{result.user}': ExecutionException: "
                f"{execution_failure(error).message}"
            )
    return lines


def _mechanism_name(number: int) -> str:
    return MECHANISMS[number - 1] if 1 <= number <= len(MECHANISMS) else "UNKNOWN"
