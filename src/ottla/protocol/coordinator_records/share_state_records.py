"""What the share coordinator keeps in `__share_group_state` (KIP-932)."""

from __future__ import annotations

from ottla.types import Uuid
from ottla.wire.schema import INT8, INT16, INT32, INT64, STRING, UUID, array_of, field, message, struct


@message(key=0, versions="0", flexible="none")
class ShareSnapshotKey:
    """The group and partition that a ShareSnapshotValue is about."""

    group_id: str = field(STRING)
    topic_id: Uuid = field(UUID)
    partition: int = field(INT32)


@struct
class StateBatch:
    """Records that are in the same state."""

    first_offset: int = field(INT64)
    last_offset: int = field(INT64)
    delivery_state: int = field(INT8)
    """0: available; 2: acknowledged; 4: archived."""
    delivery_count: int = field(INT16)


@message(key=0, versions="0", flexible="0+")
class ShareSnapshotValue:
    """The whole state of a share partition."""

    snapshot_epoch: int = field(INT32)
    state_epoch: int = field(INT32)
    leader_epoch: int = field(INT32)
    start_offset: int = field(INT64)
    """Everything before it is done with."""
    create_timestamp: int = field(INT64)
    """When the state began, in ms."""
    write_timestamp: int = field(INT64)
    """When this was written, in ms."""
    state_batches: list[StateBatch] = array_of(StateBatch)


@message(key=1, versions="0", flexible="none")
class ShareUpdateKey:
    """The group and partition that a ShareUpdateValue is about."""

    group_id: str = field(STRING)
    topic_id: Uuid = field(UUID)
    partition: int = field(INT32)


@message(key=1, versions="0", flexible="0+")
class ShareUpdateValue:
    """What has changed in a share partition since its snapshot."""

    snapshot_epoch: int = field(INT32)
    """That of the snapshot which it adds to."""
    leader_epoch: int = field(INT32)
    start_offset: int = field(INT64)
    """-1 when it has not moved."""
    state_batches: list[StateBatch] = array_of(StateBatch)
