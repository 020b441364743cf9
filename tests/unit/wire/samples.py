"""Messages that use everything the schema language has."""

from collections.abc import Sized

from ottla.types import Uuid
from ottla.wire.schema import (
    BOOL,
    BYTES,
    FLOAT64,
    INT8,
    INT16,
    INT32,
    INT64,
    RECORDS,
    STRING,
    UINT16,
    UINT32,
    UUID,
    array_of,
    field,
    message,
    struct,
    struct_of,
)


@struct
class Leader:
    leader_id: int = field(INT32, default=-1)
    epoch: int = field(INT32, versions="1+", default=-1)


@struct
class Row:
    name: str = field(STRING, versions="0-1")
    row_id: Uuid = field(UUID, versions="2+")
    numbers: list[int] = array_of(INT32)
    leader: Leader | None = struct_of(Leader, versions="2+", default=None, tag=0)
    note: str | None = field(STRING, versions="3+", nullable="3+", default=None, tag=1)


@message(key=99, versions="0-3", flexible="2+")
class Sample:
    small: int = field(INT8)
    short: int = field(INT16, versions="1+", default=-2)
    flag: bool = field(BOOL)
    port: int = field(UINT16)
    count: int = field(UINT32)
    offset: int = field(INT64)
    ratio: float = field(FLOAT64)
    text: str = field(STRING)
    maybe: str | None = field(STRING, nullable="0+", default=None)
    blob: bytes = field(BYTES)
    rows: list[Row] = array_of(Row)
    names: list[str] | None = array_of(STRING, nullable="0+")
    ids: list[Uuid] = array_of(UUID)
    leader: Leader = struct_of(Leader)
    other: Leader | None = struct_of(Leader, versions="2+", nullable="2+", default=None)
    records: Sized | None = field(RECORDS, nullable="0+")
    epoch: int = field(INT64, versions="2+", default=-1, tag=0)


@message(versions="0", flexible="none")
class Nothing:
    pass


FULL = Sample(
    small=-1,
    short=-300,
    flag=True,
    port=65535,
    count=4294967295,
    offset=-(2**63),
    ratio=0.5,
    text="h\u00e9",
    maybe="",
    blob=b"\x00\x01",
    rows=[
        Row(name="one", row_id=Uuid(bytes(range(16))), numbers=[1, -1], leader=Leader(leader_id=4, epoch=5)),
        Row(name="two", note="n"),
    ],
    names=["a", ""],
    ids=[Uuid(b"\x07" * 16)],
    leader=Leader(leader_id=1, epoch=2),
    other=Leader(leader_id=3, epoch=4),
    records=b"records",
    epoch=9,
)
