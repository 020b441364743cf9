"""The first voters of a quorum that is recorded in the metadata log (KIP-853): `id@host:port:directory` each.

Kafka's `DynamicVoter` and `DynamicVoters`, with their texts.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import NamedTuple

from ottla.metadata.log_entries import QuorumRecord
from ottla.protocol.raft_records import (
    Endpoint,
    KRaftVersionFeature,
    KRaftVersionRecord,
    VotersRecord,
    VotersRecordVoter,
)
from ottla.storage.directory_ensemble import java_uuid_from_text
from ottla.types import Uuid

_INTEGER = re.compile(r"[+-]?[0-9]{1,10}", re.ASCII)
_LARGEST_INT = (1 << 31) - 1
_LARGEST_PORT = 65535


RECORDED_VOTERS_LEVEL = 1
"""The level of kraft.version from which on voters are recorded; Kafka 4.1 knows no higher one."""


class VotersError(Exception):
    """A list of voters that cannot be read; the text is Kafka's."""


class DynamicVoter(NamedTuple):
    """A controller that may vote: its node and directory, and where its first controller listener is."""

    node_id: int
    host: str
    port: int
    directory_id: Uuid


def parse_voters(text: str) -> tuple[DynamicVoter, ...]:
    """Read a list with commas between the voters; return them by node id. Raises VotersError."""
    voters: dict[int, DynamicVoter] = {}
    for item in text.strip().split(","):
        if not item:
            continue
        voter = _parse_voter(item.strip())
        if voter.node_id in voters:
            raise VotersError(f"Node id {voter.node_id} was specified more than once.")
        voters[voter.node_id] = voter
    if not voters:
        raise VotersError("No voters given.")
    return tuple(voters[node_id] for node_id in sorted(voters))


def quorum_records(voters: Sequence[DynamicVoter], listener_name: str) -> list[QuorumRecord]:
    """Return what a metadata log says about its quorum from the start: the voters, all reached at the listener of one
    name. Nothing where there are none, because the quorum is configured.
    """
    if not voters:
        return []
    record = VotersRecord(
        version=0,
        voters=[
            VotersRecordVoter(
                voter_id=voter.node_id,
                voter_directory_id=voter.directory_id,
                endpoints=[
                    Endpoint(name=listener_name.upper(), host=_java_host(voter.host), port=voter.port)
                ],
                kraft_version_feature=KRaftVersionFeature(
                    min_supported_version=0, max_supported_version=RECORDED_VOTERS_LEVEL
                ),
            )
            for voter in voters
        ],
    )
    return [KRaftVersionRecord(version=0, kraft_version=RECORDED_VOTERS_LEVEL), record]


def _java_host(host: str) -> str:
    """Write the address of a host as Java does: all eight parts of an IPv6 address, each without leading zeros."""
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        return host
    if address.scope_id is not None:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return ":".join(f"{int(part, 16):x}" for part in address.exploded.split(":"))


def _parse_voter(text: str) -> DynamicVoter:
    node_text, at, rest = text.partition("@")
    if not at:
        raise VotersError("No @ found in dynamic voter string.")
    if not node_text:
        raise VotersError("Invalid @ at beginning of dynamic voter string.")
    node_id = _integer(node_text, "Failed to parse node id in dynamic voter string.")
    if node_id < 0:
        raise VotersError(f"Invalid negative node id {node_id} in dynamic voter string.")
    host, rest = _split_host(rest)
    if not rest.startswith(":"):
        raise VotersError("Port section must start with a colon.")
    port_text, colon, directory_text = rest[1:].partition(":")
    if not colon:
        raise VotersError("No colon following port could be found.")
    port = _integer(port_text, "Failed to parse port in dynamic voter string.")
    if not 0 <= port <= _LARGEST_PORT:
        raise VotersError(f"Invalid port {port} in dynamic voter string.")
    try:
        directory_id = java_uuid_from_text(directory_text)
    except ValueError as error:
        raise VotersError("Failed to parse directory ID in dynamic voter string.") from error
    return DynamicVoter(node_id, host, port, directory_id)


def _split_host(text: str) -> tuple[str, str]:
    """Return the host, without the brackets of an IPv6 address, and what follows it."""
    if not text:
        raise VotersError("No hostname found after node id.")
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket:
            raise VotersError("Hostname began with left bracket, but no right bracket was found.")
        return host, rest
    host, colon, rest = text.partition(":")
    if not colon:
        raise VotersError("No colon following hostname could be found.")
    return host, colon + rest


def _integer(text: str, complaint: str) -> int:
    if not _INTEGER.fullmatch(text) or not -_LARGEST_INT - 1 <= int(text) <= _LARGEST_INT:
        raise VotersError(complaint)
    return int(text)
