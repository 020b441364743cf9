from ottla.cli.consumer_groups_report import (
    OffsetRow,
    deletion_table,
    group_list,
    member_table,
    offset_table,
    reset_table,
    state_table,
)
from ottla.cli.group_requests import GroupDescription, GroupListing, GroupMember
from ottla.client.cluster import Node
from ottla.types import TopicPartition

NODE = Node(1, "localhost", 9092)
MEMBER = GroupMember(
    "consumer-g-1",
    None,
    "client",
    "/127.0.0.1",
    (TopicPartition("b", 10), TopicPartition("a", 0), TopicPartition("b", 2)),
)


def group(*members: GroupMember, state: str = "Stable", **more: int) -> GroupDescription:
    return GroupDescription("g", state, "range" if members else "", NODE, members, **more)


def test_lists_have_the_columns_that_are_asked_for() -> None:
    groups = [
        GroupListing("g", "Classic", "consumer", "Empty"),
        GroupListing("a-group-of-22-characters", None, "", None),
    ]
    assert group_list(groups, with_type=True, with_state=True) == (
        f"{'GROUP':<34} {'TYPE':<20} {'STATE':<20}\n"
        f"{'g':<34} {'Classic':<20} {'Empty':<20}\n"
        f"{'a-group-of-22-characters':<34} {'Unknown':<20} {'Unknown':<20}\n"
    )
    assert group_list([], with_type=False, with_state=True) == f"{'GROUP':<25} {'STATE':<20}\n"


def test_offsets_are_shown_with_what_is_not_known_left_out() -> None:
    rows = [
        OffsetRow("g", TopicPartition("t", 0), 3, 7, 5, "m", "/h", "c"),
        OffsetRow("g", TopicPartition("t", 1), end_offset=5),
        OffsetRow("g", TopicPartition("t", 2), offset=2),
    ]
    assert offset_table(rows, verbose=False) == (
        f"\n{'GROUP':<15} {'TOPIC':<15} {'PARTITION':<10} {'CURRENT-OFFSET':<15} {'LOG-END-OFFSET':<15} {'LAG':<15} "
        f"{'CONSUMER-ID':<15} {'HOST':<15} CLIENT-ID"
        f"\n{'g':<15} {'t':<15} {'0':<10} {'3':<15} {'5':<15} {'2':<15} {'m':<15} {'/h':<15} c"
        f"\n{'g':<15} {'t':<15} {'1':<10} {'-':<15} {'5':<15} {'-':<15} {'-':<15} {'-':<15} -"
        f"\n{'g':<15} {'t':<15} {'2':<10} {'2':<15} {'-':<15} {'-':<15} {'-':<15} {'-':<15} -"
    )
    verbose = offset_table(rows, verbose=True).splitlines()
    assert verbose[1].split()[2:5] == ["PARTITION", "LEADER-EPOCH", "CURRENT-OFFSET"]
    assert verbose[2].split()[2:5] == ["0", "7", "3"]
    assert verbose[3].split()[2:5] == ["1", "-", "-"]


def test_columns_are_as_wide_as_their_longest_cell() -> None:
    rows = [OffsetRow("a-group-of-22-characters", TopicPartition("t", 0), 1, None, 1)]
    header, row = offset_table(rows, verbose=False).splitlines()[1:]
    assert header.index("TOPIC") == row.index(" t ") + 1 == 25


def test_members_are_shown_with_what_they_have() -> None:
    assert member_table(group(MEMBER), is_shown=True, verbose=False) == (
        f"\n{'GROUP':<15} {'CONSUMER-ID':<15} {'HOST':<15} {'CLIENT-ID':<15} {'#PARTITIONS':<15} \n"
        f"{'g':<15} {'consumer-g-1':<15} {'/127.0.0.1':<15} {'client':<15} {'3':<15} \n"
    )
    verbose = member_table(group(MEMBER), is_shown=True, verbose=True).splitlines()
    assert verbose[1].split()[5:] == [
        "CURRENT-EPOCH",
        "CURRENT-ASSIGNMENT",
        "TARGET-EPOCH",
        "TARGET-ASSIGNMENT",
    ]
    assert verbose[2].split()[5:] == ["-", "a:0;b:2,10", "-", "-"]


def test_a_name_of_a_static_member_adds_a_column() -> None:
    static = GroupMember("m", "instance", "c", "/h", ())
    header, row = member_table(group(static), is_shown=True, verbose=False).splitlines()[1:]
    assert header.split()[:3] == ["GROUP", "CONSUMER-ID", "GROUP-INSTANCE-ID"]
    assert row.split()[:3] == ["g", "m", "instance"]


def test_members_of_both_protocols_are_told_apart() -> None:
    upgraded = GroupMember("new", None, "c", "/h", (), (TopicPartition("a", 1),), 4, is_upgraded=True)
    classic = GroupMember("old", None, "c", "/h", (), (), 4, is_upgraded=False)
    lines = member_table(group(upgraded, classic, target_epoch=5), is_shown=True, verbose=True).splitlines()
    assert lines[1].split()[-1] == "UPGRADED"
    assert lines[2].split()[5:] == ["4", "-", "5", "a:1", "true"]
    assert lines[3].split()[5:] == ["4", "-", "5", "-", "false"]
    assert "UPGRADED" not in member_table(group(upgraded), is_shown=True, verbose=True)


def test_a_group_without_members_has_a_header_alone() -> None:
    assert member_table(group(state="Empty"), is_shown=False, verbose=False).count("\n") == 2


def test_states_are_shown_with_the_coordinator() -> None:
    assert state_table(group(MEMBER), verbose=False) == (
        f"\n{'GROUP':<15} {'COORDINATOR (ID)':<25} {'ASSIGNMENT-STRATEGY':<20} {'STATE':<20} #MEMBERS"
        f"\n{'g':<15} {'localhost:9092  (1)':<25} {'range':<20} {'Stable':<20} 1"
    )
    verbose = state_table(group(state="Empty", group_epoch=4, target_epoch=3), verbose=True).splitlines()
    assert verbose[1].split()[-3:] == ["GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH", "#MEMBERS"]
    assert verbose[2].split()[-5:] == ["-", "Empty", "4", "3", "0"]


def test_new_offsets_are_shown_by_group() -> None:
    assert reset_table([("g", [(TopicPartition("t", 0), 5)]), ("h", [])]) == (
        f"\n{'GROUP':<30} {'TOPIC':<30} {'PARTITION':<10} {'NEW-OFFSET':<15}\n{'g':<30} {'t':<30} {'0':<10} {'5':<15}"
    )
    assert reset_table([]) == ""


def test_deleted_offsets_are_shown_by_topic_and_partition() -> None:
    results = [
        (TopicPartition("t", 10), "Successful"),
        (TopicPartition("t", 2), "Error: no"),
        (TopicPartition("missing", -1), "Error: none"),
    ]
    assert [line.split(maxsplit=2) for line in deletion_table(results).splitlines()[1:]] == [
        ["TOPIC", "PARTITION", f"{'STATUS':<15}"],
        ["missing", "-", f"{'Error: none':<15}"],
        ["t", "10", f"{'Successful':<15}"],
        ["t", "2", f"{'Error: no':<15}"],
    ]
