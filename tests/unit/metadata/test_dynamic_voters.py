import pytest

from ottla.metadata.dynamic_voters import DynamicVoter, VotersError, parse_voters, quorum_records
from ottla.protocol.raft_records import KRaftVersionRecord, VotersRecord
from ottla.types import uuid_from_text

FIRST = "JEXY6aqzQY-32P5TStzaFg"
SECOND = "MvDxzVmcRsaTz33bUuRU6A"


def test_voters_are_read_in_any_order_and_returned_by_node() -> None:
    assert parse_voters(f" 2@[::1]:8083:{SECOND}, 0@example.com:8082:{FIRST},, ") == (
        DynamicVoter(0, "example.com", 8082, uuid_from_text(FIRST)),
        DynamicVoter(2, "::1", 8083, uuid_from_text(SECOND)),
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "No voters given."),
        (",", "No voters given."),
        ("0", "No @ found in dynamic voter string."),
        (f"@h:1:{FIRST}", "Invalid @ at beginning of dynamic voter string."),
        (f"x@h:1:{FIRST}", "Failed to parse node id in dynamic voter string."),
        (f"2147483648@h:1:{FIRST}", "Failed to parse node id in dynamic voter string."),
        (f"-1@h:1:{FIRST}", "Invalid negative node id -1 in dynamic voter string."),
        ("1@", "No hostname found after node id."),
        (f"1@[::1:1:{FIRST}", "Hostname began with left bracket, but no right bracket was found."),
        ("1@host", "No colon following hostname could be found."),
        (f"1@[::1]1:{FIRST}", "Port section must start with a colon."),
        ("1@host:1", "No colon following port could be found."),
        (f"1@host:x:{FIRST}", "Failed to parse port in dynamic voter string."),
        (f"1@host:65536:{FIRST}", "Invalid port 65536 in dynamic voter string."),
        ("1@host:1:short", "Failed to parse directory ID in dynamic voter string."),
        (f"1@h:1:{FIRST},1@h:2:{SECOND}", "Node id 1 was specified more than once."),
    ],
)
def test_what_is_no_voter_is_refused_with_kafkas_words(text: str, complaint: str) -> None:
    with pytest.raises(VotersError) as caught:
        parse_voters(text)
    assert str(caught.value) == complaint


def test_the_metadata_log_begins_with_its_voters() -> None:
    level, record = quorum_records(parse_voters(f"3@h:9093:{FIRST}"), "controller")
    assert level == KRaftVersionRecord(version=0, kraft_version=1)
    assert isinstance(record, VotersRecord)
    (voter,) = record.voters
    assert (voter.voter_id, voter.voter_directory_id) == (3, uuid_from_text(FIRST))
    (endpoint,) = voter.endpoints
    assert (endpoint.name, endpoint.host, endpoint.port) == ("CONTROLLER", "h", 9093)


def test_a_configured_quorum_is_not_recorded() -> None:
    assert quorum_records([], "CONTROLLER") == []


@pytest.mark.parametrize(
    ("host", "recorded"),
    [
        ("example.com", "example.com"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "0:0:0:0:0:0:0:1"),
        ("2001:db8::00ff", "2001:db8:0:0:0:0:0:ff"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
    ],
)
def test_a_host_is_recorded_as_java_writes_it(host: str, recorded: str) -> None:
    voters = quorum_records([DynamicVoter(1, host, 9093, uuid_from_text(FIRST))], "CONTROLLER")[1]
    assert isinstance(voters, VotersRecord)
    assert voters.voters[0].endpoints[0].host == recorded
