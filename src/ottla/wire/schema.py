"""How a message says what it looks like on the wire: a class whose fields are the schema.

    @message(key=21, versions="0-2", flexible="2+")
    class DeleteRecordsRequest:
        topics: list[DeleteRecordsTopic] = array_of(DeleteRecordsTopic)
        timeout_ms: int = field(INT32)

The decorators turn the class into a dataclass with slots and keyword-only construction, in which every
field has a default as in Kafka. `FieldType`, `message`, `struct` and the three field functions are the
whole language; `ottla.wire.compiler` turns it into code. Rules of the format: KIP-482 for flexible versions
and tagged fields, and the README of Kafka's message specifications.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast, dataclass_transform

from ottla.types import ZERO_UUID

T = TypeVar("T")

_SCHEMA_ATTRIBUTE = "__wire_schema__"
_NEWEST = 0x7FFF
"""Upper end of an open version range; versions are int16."""


class FieldType(Enum):
    """A primitive of the wire format, with the `struct` code of those that have a fixed size."""

    INT8 = "b"
    INT16 = "h"
    UINT16 = "H"
    INT32 = "i"
    UINT32 = "I"
    INT64 = "q"
    FLOAT64 = "d"
    BOOL = "?"
    UUID = "16s"
    STRING = "string"
    BYTES = "bytes"
    RECORDS = "records"

    @property
    def fixed_code(self) -> str | None:
        """The `struct` code, or None for what carries its length."""
        return None if self in _VARIABLE_TYPES else self.value


INT8 = FieldType.INT8
INT16 = FieldType.INT16
UINT16 = FieldType.UINT16
INT32 = FieldType.INT32
UINT32 = FieldType.UINT32
INT64 = FieldType.INT64
FLOAT64 = FieldType.FLOAT64
BOOL = FieldType.BOOL
UUID = FieldType.UUID
STRING = FieldType.STRING
BYTES = FieldType.BYTES
RECORDS = FieldType.RECORDS

_VARIABLE_TYPES = frozenset({STRING, BYTES, RECORDS})

_ZEROES: dict[FieldType, Any] = {
    INT8: 0,
    INT16: 0,
    UINT16: 0,
    INT32: 0,
    UINT32: 0,
    INT64: 0,
    FLOAT64: 0.0,
    BOOL: False,
    UUID: ZERO_UUID,
    STRING: "",
    BYTES: b"",
    RECORDS: None,
}
"""The default of a field that names none, as in Kafka's generated classes."""


class Shape(Enum):
    """What a field holds: one primitive, one struct, or an array of either."""

    PRIMITIVE = "primitive"
    STRUCT = "struct"
    ARRAY = "array"


@dataclasses.dataclass(frozen=True, slots=True)
class VersionRange:
    """Versions from `lowest` to `highest`, both included; empty when `highest` is the smaller."""

    lowest: int
    highest: int

    def __contains__(self, version: int) -> bool:
        return self.lowest <= version <= self.highest

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.lowest, self.highest + 1))


EMPTY_RANGE = VersionRange(0, -1)


@cache
def parse_versions(text: str) -> VersionRange:
    """Parse Kafka's notation: `3`, `0-2`, `2+` or `none`.

    Raises ValueError for anything else.
    """
    if text == "none":
        return EMPTY_RANGE
    if text.endswith("+"):
        return VersionRange(int(text[:-1]), _NEWEST)
    lowest, dash, highest = text.partition("-")
    return VersionRange(int(lowest), int(highest if dash else lowest))


class FieldSchema(NamedTuple):
    """One field: where it exists, what it holds and how it is written.

    `element` is the primitive, or the struct class, of the field or of the array's elements. `kafka_name`
    is the name in Kafka's JSON form.
    """

    name: str
    kafka_name: str
    shape: Shape
    element: FieldType | type
    versions: VersionRange
    nullable: VersionRange
    default: Any
    tag: int | None
    tagged_versions: VersionRange
    encoded_ahead: bool = False
    """Whether elements of the array may be bytes that `compiler.element_encoder` has made."""

    def is_tagged(self, version: int) -> bool:
        """Tell whether the field is written in the tagged section of this version."""
        return self.tag is not None and version in self.tagged_versions


@dataclasses.dataclass(frozen=True, slots=True)
class StructSchema:
    """The fields of a struct, in wire order."""

    name: str
    fields: tuple[FieldSchema, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class MessageSchema(StructSchema):
    """The fields of a message, with its versions and, where Kafka numbers it, its key."""

    key: int | None
    versions: VersionRange
    flexible: VersionRange

    def is_flexible(self, version: int) -> bool:
        """Tell whether this version has compact lengths and tagged fields (KIP-482)."""
        return version in self.flexible


class _Unset(Enum):
    UNSET = "unset"


UNSET = _Unset.UNSET
"""Stands for "no default given" where None is a default of its own."""


class _Declaration(NamedTuple):
    """A field before it knows its name. `factory` makes the default where each message needs one of its own."""

    shape: Shape
    element: FieldType | type
    versions: VersionRange
    nullable: VersionRange
    default: Any
    tag: int | None
    tagged_versions: VersionRange
    kafka_name: str | None
    factory: Callable[[], Any] | None = None
    encoded_ahead: bool = False


def field(
    element: FieldType,
    *,
    versions: str = "0+",
    nullable: str | None = None,
    default: Any = UNSET,
    tag: int | None = None,
    tagged_versions: str | None = None,
    kafka_name: str | None = None,
) -> Any:
    """Declare a primitive field.

    `versions` says where it exists and `nullable` where it may be null; `tag` and `tagged_versions` make it
    a tagged field. Without a default it is Kafka's zero: 0, False, "", b"" or the zero identifier.
    `kafka_name` is needed only where the name in Kafka's JSON form does not follow from ours. Raises
    TypeError for a default that cannot be.
    """
    value = _ZEROES[element] if default is UNSET else default
    if value is None and nullable is None and element is not RECORDS:
        raise TypeError(f"a {element.name} that is not nullable cannot default to null")
    return _Declaration(
        Shape.PRIMITIVE,
        element,
        *_ranges(versions, nullable),
        value,
        *_tagging(tag, tagged_versions, versions),
        kafka_name,
    )


def array_of(
    element: FieldType | type,
    *,
    versions: str = "0+",
    nullable: str | None = None,
    default: list[Any] | _Unset | None = UNSET,
    tag: int | None = None,
    tagged_versions: str | None = None,
    kafka_name: str | None = None,
    encoded_ahead: bool = False,
) -> Any:
    """Declare an array of a primitive or of a struct; it defaults to empty, or to null with `default=None`.

    With `encoded_ahead` the structs may be there as bytes already (`compiler.element_encoder`). Raises TypeError for
    a default that cannot be; the other arguments are those of `field`.
    """
    _require_element(element)
    if default is None and nullable is None:
        raise TypeError("an array that is not nullable cannot default to null")
    if isinstance(default, list) and default:
        raise TypeError("an array defaults to empty or to null")
    value: list[Any] | None = None if default is None else []
    return _Declaration(
        Shape.ARRAY,
        element,
        *_ranges(versions, nullable),
        value,
        *_tagging(tag, tagged_versions, versions),
        kafka_name,
        None if value is None else list,
        encoded_ahead,
    )


def struct_of(
    element: type,
    *,
    versions: str = "0+",
    nullable: str | None = None,
    default: Any = UNSET,
    tag: int | None = None,
    tagged_versions: str | None = None,
    kafka_name: str | None = None,
) -> Any:
    """Declare a field that holds one struct; it defaults to a struct of defaults.

    `default=None` means null for a nullable struct. For a tagged struct that is not nullable it means
    absent: what is not written, because it is all defaults, is None instead of an object of defaults.
    Raises TypeError for another default.
    """
    _require_element(element)
    if default is not UNSET and default is not None and default != element():
        raise TypeError("a struct defaults to null or to its own defaults")
    if default is None and nullable is None and tag is None:
        raise TypeError("a struct that is neither nullable nor tagged cannot default to null")
    return _Declaration(
        Shape.STRUCT,
        element,
        *_ranges(versions, nullable),
        default,
        *_tagging(tag, tagged_versions, versions),
        kafka_name,
        None if default is None else element,
    )


# The field functions are deliberately not named as field specifiers: to a type checker every field then has
# a default, which is what Kafka's messages are like.
@dataclass_transform(kw_only_default=True)
def struct(cls: type[T]) -> type[T]:
    """Turn a class of field declarations into a struct that messages are made of."""
    built, fields = _build(cls)
    setattr(built, _SCHEMA_ATTRIBUTE, StructSchema(built.__name__, fields))
    return built


@dataclass_transform(kw_only_default=True)
def message(*, versions: str, flexible: str, key: int | None = None) -> Callable[[type[T]], type[T]]:
    """Turn a class of field declarations into a message.

    `versions` is the range that can be read and written, `flexible` the versions with compact lengths and
    tagged fields (`none` where there are none), `key` Kafka's number of the API or record.
    """

    def decorate(cls: type[T]) -> type[T]:
        built, fields = _build(cls)
        schema = MessageSchema(
            built.__name__, fields, key, parse_versions(versions), parse_versions(flexible)
        )
        setattr(built, _SCHEMA_ATTRIBUTE, schema)
        return built

    return decorate


def schema_of(cls: type) -> StructSchema:
    """Return the schema of a struct or message class.

    Raises TypeError when the class is neither.
    """
    found = getattr(cls, _SCHEMA_ATTRIBUTE, None)
    if not isinstance(found, StructSchema):
        raise TypeError(
            f"{cls.__name__} has no wire schema: it is decorated with neither @message nor @struct"
        )
    return found


def message_schema_of(cls: type) -> MessageSchema:
    """Return the schema of a message class.

    Raises TypeError when the class is not a message.
    """
    found = schema_of(cls)
    if not isinstance(found, MessageSchema):
        raise TypeError(f"{cls.__name__} is a struct, not a message")
    return found


def _build(cls: type[T]) -> tuple[type[T], tuple[FieldSchema, ...]]:
    """Make the class anew, with slots and a constructor of keywords.

    A broker's start makes hundreds of these classes, so this is not left to `dataclasses`: one generated method and
    two shared ones cost a fifth of what it generates (measured: 0.15 against 0.8 ms a class on CPython 3.11).
    """
    declarations = {name: cls.__dict__.get(name) for name in cls.__annotations__}
    for name, declaration in declarations.items():
        if not isinstance(declaration, _Declaration):
            raise TypeError(f"{cls.__name__}.{name} is not declared with field, array_of or struct_of")
    declared = cast("dict[str, _Declaration]", declarations)
    tags = [item.tag for item in declared.values() if item.tag is not None]
    if sorted(tags) != list(range(len(tags))):
        raise TypeError(
            f"the tags of {cls.__name__} are {sorted(tags)}; they must count up from 0 without a gap"
        )
    left_out = {*declared, "__dict__", "__weakref__"}
    namespace = {name: value for name, value in cls.__dict__.items() if name not in left_out}
    namespace |= {
        "__slots__": tuple(declared),
        "__init__": _constructor(cls, declared),
        "__repr__": _show,
        "__eq__": _is_equal,
        "__hash__": None,
    }
    built = cast("type[T]", type(cls.__name__, cls.__bases__, namespace))
    built.__qualname__ = cls.__qualname__
    return built, tuple(_field_schema(name, declaration) for name, declaration in declared.items())


def _constructor(cls: type, declared: dict[str, _Declaration]) -> Callable[..., None]:
    """Generate `__init__`. An array or struct that is not given gets an object of its own."""
    parameters, body = [], []
    defaults: dict[str, Any] = {"_unset": UNSET}
    for name, declaration in declared.items():
        if declaration.factory is None:
            defaults[f"_default_{name}"] = declaration.default
            parameters.append(f"{name}=_default_{name}")
            body.append(f" self.{name} = {name}")
        else:
            defaults[f"_make_{name}"] = declaration.factory
            parameters.append(f"{name}=_unset")
            body.append(f" self.{name} = _make_{name}() if {name} is _unset else {name}")
    signature = ", ".join(["self", "*", *parameters]) if parameters else "self"
    source = "\n".join([f"def __init__({signature}):", *(body or [" pass"])])
    generated: dict[str, Any] = {}
    exec(compile(source, f"<constructor of {cls.__qualname__}>", "exec"), defaults, generated)  # noqa: S102
    constructor: Callable[..., None] = generated["__init__"]
    constructor.__qualname__ = f"{cls.__qualname__}.__init__"
    return constructor


def _show(self: Any) -> str:
    """Print a message as a dataclass prints itself."""
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
    return f"{type(self).__qualname__}({shown})"


def _is_equal(self: Any, other: Any) -> Any:
    """Compare messages field by field."""
    if type(other) is not type(self):
        return NotImplemented
    return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)


def _field_schema(name: str, declaration: _Declaration) -> FieldSchema:
    return FieldSchema(
        name=name,
        kafka_name=declaration.kafka_name or camel_case(name),
        shape=declaration.shape,
        element=declaration.element,
        versions=declaration.versions,
        nullable=declaration.nullable,
        default=declaration.default,
        tag=declaration.tag,
        tagged_versions=declaration.tagged_versions,
        encoded_ahead=declaration.encoded_ahead,
    )


def camel_case(name: str) -> str:
    """Return Kafka's JSON name for one of ours: `throttle_time_ms` is `throttleTimeMs`."""
    first, *others = name.rstrip("_").split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def _ranges(versions: str, nullable: str | None) -> tuple[VersionRange, VersionRange]:
    return parse_versions(versions), EMPTY_RANGE if nullable is None else parse_versions(nullable)


def _tagging(tag: int | None, tagged_versions: str | None, versions: str) -> tuple[int | None, VersionRange]:
    if tag is None:
        if tagged_versions is not None:
            raise TypeError("tagged_versions needs a tag")
        return None, EMPTY_RANGE
    return tag, parse_versions(versions if tagged_versions is None else tagged_versions)


def _require_element(element: FieldType | type) -> None:
    if not isinstance(element, FieldType):
        schema_of(element)
    elif element is RECORDS:
        raise TypeError("records are no array element")
