"""Generates the function that decodes one version of one message.

Everything is in one function: structs and arrays become nested loops, neighbouring fixed-size fields become
one `unpack_from`, and the first byte of a length that follows them is read along. Objects are made without
their constructor, so every slot of every object is assigned: with the value read, or with its default where
the version does not have the field. What malformed bytes mean follows Kafka's generated classes; facts 7.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ottla.wire.primitives import (
    ArrayUnpackers,
    WireError,
    count_error,
    length_error,
    read_uvarint,
    rest_of_string_length,
    rest_of_uvarint,
    skip_tagged_fields,
)
from ottla.wire.schema import (
    BYTES,
    RECORDS,
    STRING,
    UUID,
    FieldSchema,
    FieldType,
    MessageSchema,
    Shape,
    schema_of,
)
from ottla.wire.source import FunctionSource, RunField, join_path

_ARRAY_UNPACKERS = {
    element: ArrayUnpackers(element.fixed_code)
    for element in FieldType
    if element.fixed_code is not None and element is not UUID
}

_NAMES: dict[str, Any] = {
    "new": object.__new__,
    "read_uvarint": read_uvarint,
    "rest_of_uvarint": rest_of_uvarint,
    "rest_of_string_length": rest_of_string_length,
    "skip_tagged_fields": skip_tagged_fields,
    "length_error": length_error,
    "count_error": count_error,
    "WireError": WireError,
}


def decoder_source(cls: type, schema: MessageSchema, version: int, function_name: str) -> FunctionSource:
    """Return the source of `function(buffer, position) -> (object, end position)`."""
    source = FunctionSource(names=dict(_NAMES))
    writer = _DecoderWriter(source, version, schema.is_flexible(version))
    with source.block(f"def {function_name}(buffer, position):"):
        # A slice of a memoryview is a view: records are not copied, whatever the buffer was.
        with source.block("if type(buffer) is not memoryview:"):
            source.line("buffer = memoryview(buffer)")
        source.line("limit = len(buffer)")
        source.line("p = position")
        with source.block("try:"):
            source.line(f"o0 = new({source.name('cls', cls)})")
            writer.fields("o0", cls, "", 0)
            writer.flush()
            source.line("return o0, p")
        with source.block("except MALFORMED as error:"):
            source.line("raise located(error) from None")
    return source


@dataclass(slots=True)
class _Run:
    """Fixed-size values that wait to be read by one unpack."""

    codes: str = ""
    targets: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    codes_each: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _DecoderWriter:
    source: FunctionSource
    version: int
    flexible: bool
    run: _Run = field(default_factory=_Run)
    structs: int = 0

    def fields(self, target: str, cls: type, path: str, depth: int) -> None:
        """Read all fields of one object; a run may be left unread at the end."""
        tagged = [item for item in schema_of(cls).fields if item.tag is not None]
        for item in schema_of(cls).fields:
            if self.version in item.versions and not item.is_tagged(self.version):
                with self.source.inside(join_path(path, item.name)):
                    self.value(item, f"{target}.{item.name}", depth)
            else:
                self.set_default(item, f"{target}.{item.name}", depth)
        if self.flexible:
            with self.source.inside(join_path(path, "tagged fields")):
                self.tagged_fields(tagged, target, path, depth)

    def set_default(self, item: FieldSchema, target: str, depth: int) -> None:
        """Assign the value of a field that is not there."""
        if item.default is None or isinstance(item.default, bool | int | float | str | bytes):
            self.source.line(f"{target} = {item.default!r}")
        elif item.shape is Shape.ARRAY:
            self.source.line(f"{target} = []")
        else:
            inner = f"d{depth + 1}"
            assert isinstance(item.element, type)
            self.source.line(f"{target} = {inner} = new({self.source.name('cls', item.element)})")
            for part in schema_of(item.element).fields:
                self.set_default(part, f"{inner}.{part.name}", depth + 1)

    # Fixed-size values

    def fixed(self, code: str, target: str) -> None:
        """Add a value to the run."""
        self.run.codes += code
        self.run.codes_each.append(code)
        self.run.targets.append(target)
        self.run.paths.append(self.source.path)

    def flush(self) -> None:
        """Read the run."""
        run = self.run
        if not run.targets:
            return
        self.run = _Run()
        with self.source.inside(run.paths[0]):
            if run.codes == "B":
                self.source.line(f"{run.targets[0]} = buffer[p]")
                self.source.line("p += 1")
                return
            unpack, size = self.source.struct("unpack", run.codes)
            ends: list[RunField] = []
            for index, path in enumerate(run.paths):
                ends.append(
                    RunField(self.source.struct("unpack", "".join(run.codes_each[: index + 1]))[1], path)
                )
            self.source.run_line(f"({', '.join(run.targets)},) = {unpack}(buffer, p)", tuple(ends))
            self.source.line(f"p += {size}")

    def length(self, fixed_code: str, rest: str = "rest_of_uvarint") -> None:
        """Read a length into `n`: as it is, or one too high in a flexible version."""
        if self.flexible:
            self.fixed("B", "n")
            self.flush()
            with self.source.block("if n > 127:"):
                self.source.line(f"n, p = {rest}(buffer, p, n)")
        else:
            self.fixed(fixed_code, "n")
            self.flush()

    # Values

    def value(self, item: FieldSchema, target: str, depth: int) -> None:
        """Read one field."""
        nullable = self.version in item.nullable
        if item.shape is Shape.ARRAY:
            self.array(item, target, nullable, depth)
        elif item.shape is Shape.STRUCT:
            self.struct_value(item, target, nullable, depth)
        else:
            assert isinstance(item.element, FieldType)
            self.primitive(item.element, target, nullable)

    def primitive(self, element: FieldType, target: str, nullable: bool) -> None:
        """Read a primitive into `target`."""
        if element.fixed_code is not None:
            self.fixed(element.fixed_code, target)
            return
        self.length(
            "h" if element is STRING else "i",
            "rest_of_string_length" if element is STRING else "rest_of_uvarint",
        )
        content = {
            STRING: "buffer[p:e].tobytes().decode('utf-8', 'replace')",
            BYTES: "buffer[p:e].tobytes()",
            RECORDS: "buffer[p:e]",
        }[element]
        keyword = "if"
        if element is STRING:
            # The text that is sent most often is none at all.
            with self.source.block("if n == 1:" if self.flexible else "if n == 0:"):
                self.source.line(f"{target} = ''")
            keyword = "elif"
        if nullable:
            with self.source.block(f"{keyword} n <= 0:" if self.flexible else f"{keyword} n < 0:"):
                self.source.line(f"{target} = None")
            keyword = "elif"
        if keyword == "if":
            self.checked_content(target, content)
            return
        with self.source.block("else:"):
            self.checked_content(target, content)

    def checked_content(self, target: str, content: str) -> None:
        """Read the bytes that `n` announces."""
        self.source.line("e = p + n - 1" if self.flexible else "e = p + n")
        with self.source.block("if not p <= e <= limit:"):
            self.source.line("raise length_error(e - p, limit - p)")
        self.source.line(f"{target} = {content}")
        self.source.line("p = e")

    def struct_value(self, item: FieldSchema, target: str, nullable: bool, depth: int) -> None:
        """Read one struct; a nullable one has a byte before it, negative for null, in a tag 0."""
        # A name of its own: the run may still hold fields of the struct before.
        self.structs += 1
        inner = f"s{self.structs}"
        assert isinstance(item.element, type)
        create = f"{target} = {inner} = new({self.source.name('cls', item.element)})"
        if not nullable:
            self.source.line(create)
            self.fields(inner, item.element, self.source.path, depth + 1)
            return
        if item.is_tagged(self.version):
            self.flush()
            self.source.line("n, p = read_uvarint(buffer, p)")
        else:
            self.fixed("b", "n")
            self.flush()
        with self.source.block("if n <= 0:" if item.is_tagged(self.version) else "if n < 0:"):
            self.source.line(f"{target} = None")
        with self.source.block("else:"):
            self.source.line(create)
            self.fields(inner, item.element, self.source.path, depth + 1)
            self.flush()

    # Arrays

    def array(self, item: FieldSchema, target: str, nullable: bool, depth: int) -> None:
        """Read an array whose count was checked against the bytes that remain."""
        self.length("i")
        if not nullable:
            self.checked_array(item, target, depth)
            return
        with self.source.block("if n > 0:" if self.flexible else "if n >= 0:"):
            self.checked_array(item, target, depth)
        with self.source.block("else:"):
            self.source.line(f"{target} = None")

    def checked_array(self, item: FieldSchema, target: str, depth: int) -> None:
        """Read `n` elements."""
        if self.flexible:
            self.source.line("n -= 1")
        smallest = self.smallest_size(item.element)
        needed = "n" if smallest == 1 else f"n * {smallest}"
        with self.source.block(f"if not 0 <= {needed} <= limit - p:"):
            self.source.line("raise count_error(n, limit - p)")
        element = item.element
        if isinstance(element, FieldType) and element.fixed_code is not None:
            self.fixed_array(element, target, smallest)
            return
        loop, values = f"i{depth + 1}", f"v{depth + 1}"
        self.source.line(f"{target} = {values} = []")
        with (
            self.source.block(f"for {loop} in range(n):"),
            self.source.inside(f"{self.source.path}[{{{loop}}}]"),
        ):
            if isinstance(element, FieldType):
                self.primitive(element, "x", nullable=False)
                self.source.line(f"{values}.append(x)")
            else:
                inner = f"o{depth + 1}"
                self.source.line(f"{inner} = new({self.source.name('cls', element)})")
                self.fields(inner, element, self.source.path, depth + 1)
                self.flush()
                self.source.line(f"{values}.append({inner})")

    def fixed_array(self, element: FieldType, target: str, size: int) -> None:
        """Read all elements at once."""
        if element is UUID:
            self.source.line(
                f"{target} = [buffer[k:k + {size}].tobytes() for k in range(p, p + n * {size}, {size})]"
            )
        else:
            self.source.line(
                f"{target} = list({self.source.name('unpack', _ARRAY_UNPACKERS[element])}[n](buffer, p))"
            )
        self.source.line(f"p += n * {size}" if size > 1 else "p += n")

    def smallest_size(self, element: FieldType | type) -> int:
        """Return the fewest bytes that an element can have, at least 1.

        Kafka likewise refuses an array of more elements than bytes remain, so one that costs no byte counts
        as one.
        """
        return max(1, self.smallest_element(element))

    def smallest_element(self, element: FieldType | type) -> int:
        if isinstance(element, FieldType):
            if element.fixed_code is not None:
                return self.source.struct("unpack", element.fixed_code)[1]
            return 1 if self.flexible else 2 if element is STRING else 4
        size = 1 if self.flexible else 0
        for item in schema_of(element).fields:
            if self.version not in item.versions or item.is_tagged(self.version):
                continue
            if item.shape is Shape.ARRAY:
                size += 1 if self.flexible else 4
            elif item.shape is Shape.STRUCT and self.version in item.nullable:
                size += 1
            else:
                size += self.smallest_element(item.element)
        return size

    # Tagged fields

    def tagged_fields(self, known: list[FieldSchema], target: str, path: str, depth: int) -> None:
        """Read the tagged section, whose fields hold their defaults already."""
        self.fixed("B", "n")
        self.flush()
        if not known:
            with self.source.block("if n:"):
                self.source.line("p = skip_tagged_fields(buffer, p, n)")
            return
        with self.source.block("if n:"):
            with self.source.block("if n > 127:"):
                self.source.line("n, p = rest_of_uvarint(buffer, p, n)")
            with self.source.block("for _ in range(n):"):
                self.source.line("tag, p = read_uvarint(buffer, p)")
                self.source.line("size, p = read_uvarint(buffer, p)")
                self.tag_branches(known, target, path, depth)

    def tag_branches(self, known: list[FieldSchema], target: str, path: str, depth: int) -> None:
        """Read a known tag by its type, as Kafka does without a look at its size; skip an unknown one.

        A tag that the message has in other versions only is refused, also as in Kafka.
        """
        keyword = "if"
        for item in known:
            with (
                self.source.block(f"{keyword} tag == {item.tag}:"),
                self.source.inside(join_path(path, item.name)),
            ):
                if item.is_tagged(self.version):
                    self.value(item, f"{target}.{item.name}", depth)
                    self.flush()
                else:
                    self.source.line("raise WireError(f'tag {tag} belongs to other versions')")
            keyword = "elif"
        with self.source.block("else:"):
            with self.source.block("if not 0 <= size <= limit - p:"):
                self.source.line("raise length_error(size, limit - p)")
            self.source.line("p += size")
