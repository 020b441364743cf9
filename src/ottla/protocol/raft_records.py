"""Values of the control records that KRaft writes into the metadata log and its snapshots.

Their own first field is the version of the message; it is not a prefix (facts 2.2).
"""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import (
    INT16,
    INT32,
    INT64,
    STRING,
    UINT16,
    UUID,
    array_of,
    field,
    message,
    struct,
    struct_of,
)


@struct
class Voter:
    """A controller that may vote."""

    voter_id: int = field(INT32)
    voter_directory_id: Uuid = field(UUID, versions="1+")
    """Its metadata log directory, from v1 (KIP-853)."""


@message(versions="0-1", flexible="0+")
class LeaderChangeMessage:
    """A leader begins its epoch; control type 2."""

    version: int = field(INT16)
    """Version of this message, as it is written."""
    leader_id: int = field(INT32)
    voters: list[Voter] = array_of(Voter)
    granting_voters: list[Voter] = array_of(Voter)
    """The voters that elected it."""


@message(versions="0", flexible="0+")
class SnapshotHeaderRecord:
    """First record of a snapshot; control type 3."""

    version: int = field(INT16)
    """Version of this message, as it is written."""
    last_contained_log_timestamp: int = field(INT64)
    """Timestamp of the last record that the snapshot stands for, in ms."""


@message(versions="0", flexible="0+")
class SnapshotFooterRecord:
    """Last record of a snapshot; control type 4."""

    version: int = field(INT16)
    """Version of this message, as it is written."""


@message(versions="0", flexible="0+")
class KRaftVersionRecord:
    """Level of the feature kraft.version; control type 5 (KIP-853)."""

    version: int = field(INT16)
    """Version of this message, as it is written."""
    kraft_version: int = field(INT16, kafka_name="kRaftVersion")
    """0: static voters; 1: voters as of the last VotersRecord."""


@struct
class Endpoint:
    """Where a voter listens."""

    name: str = field(STRING)
    """Name of the listener."""
    host: str = field(STRING)
    port: int = field(UINT16)


@struct
class KRaftVersionFeature:
    """The levels of kraft.version that a voter supports."""

    min_supported_version: int = field(INT16)
    max_supported_version: int = field(INT16)


@struct
class VotersRecordVoter:
    """A voter with its directory and endpoints."""

    voter_id: int = field(INT32)
    voter_directory_id: Uuid = field(UUID)
    """Zero when unknown."""
    endpoints: list[Endpoint] = array_of(Endpoint)
    kraft_version_feature: KRaftVersionFeature = struct_of(
        KRaftVersionFeature, kafka_name="kRaftVersionFeature"
    )


@message(versions="0", flexible="0+")
class VotersRecord:
    """The voters from here on; control type 6 (KIP-853)."""

    version: int = field(INT16)
    """Version of this message, as it is written."""
    voters: list[VotersRecordVoter] = array_of(VotersRecordVoter)
