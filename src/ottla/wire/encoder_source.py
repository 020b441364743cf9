"""Generates the function that encodes one version of one message.

Neighbouring fixed-size fields, and lengths among them, become one `pack`; every other value is appended as
its own piece. A field that the version does not have is not written, whatever it holds; a tagged field is
written only when it differs from its default, which is Kafka's rule (KIP-482).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ottla.wire.primitives import ONE_BYTE_UVARINTS, ArrayPackers, compact_string_length, uvarint
from ottla.wire.schema import STRING, UUID, FieldSchema, FieldType, Shape, StructSchema, schema_of
from ottla.wire.source import FunctionSource, join_path

_ARRAY_PACKERS = {
    element: ArrayPackers(element.fixed_code)
    for element in FieldType
    if element.fixed_code is not None and element is not UUID
}

_NAMES: dict[str, Any] = {
    "SHORT": ONE_BYTE_UVARINTS,
    "uvarint": uvarint,
    "compact_string_length": compact_string_length,
}


def encoder_source(
    schema: StructSchema, version: int, function_name: str, *, flexible: bool
) -> FunctionSource:
    """Return the source of `function(object, pieces)`."""
    source = FunctionSource(names=dict(_NAMES))
    writer = _EncoderWriter(source, version, flexible)
    with source.block(f"def {function_name}(o0, pieces):"):
        source.line("append = pieces.append")
        with source.block("try:"):
            writer.fields("o0", schema, "", 0)
            writer.flush()
            if source.lines[-1].endswith("try:"):
                source.line("pass")
        with source.block("except UNENCODABLE as error:"):
            source.line("raise located(error) from error")
    return source


@dataclass(slots=True)
class _EncoderWriter:
    source: FunctionSource
    version: int
    flexible: bool
    pieces: str = "pieces"
    append: str = "append"
    codes: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    lists: int = 0
    structs: int = 0

    def fields(self, target: str, schema: Any, path: str, depth: int) -> None:
        """Write all fields of one object; a run may be left unwritten at the end."""
        tagged: list[FieldSchema] = []
        for item in schema.fields:
            if item.is_tagged(self.version):
                tagged.append(item)
            elif self.version in item.versions:
                with self.source.inside(join_path(path, item.name)):
                    self.value(item, f"{target}.{item.name}", depth)
        if self.flexible:
            with self.source.inside(join_path(path, "tagged fields")):
                self.tagged_fields(tagged, target, path, depth)

    # Fixed-size values

    def fixed(self, code: str, value: str | None = None) -> None:
        """Add a value to the run; code `x`, a zero byte, has none."""
        self.codes.append(code)
        if value is not None:
            self.values.append(value)
            self.paths.append(self.source.path)

    def pack_run(self, code: str = "", value: str | None = None) -> None:
        """Write the run with one more value behind it, and keep the run."""
        codes = "".join(self.codes) + code
        values = [*self.values, value] if value is not None else self.values
        if not codes:
            return
        path = self.paths[0] if self.paths else self.source.path
        if len(self.paths) > 1:
            path = f"{path} to {self.paths[-1]}"
        with self.source.inside(path):
            if values:
                self.source.line(
                    f"{self.append}({self.source.struct('pack', codes)[0]}({', '.join(values)}))"
                )
            else:
                self.source.line(f"{self.append}({bytes(len(codes))!r})")

    def clear_run(self) -> None:
        self.codes.clear()
        self.values.clear()
        self.paths.clear()

    def flush(self) -> None:
        """Write the run."""
        self.pack_run()
        self.clear_run()

    def length(self, fixed_code: str, write_long: str = "uvarint") -> None:
        """Write the length in `n`, together with the run before it."""
        if not self.flexible:
            self.fixed(fixed_code, "n")
            self.flush()
            return
        if not self.codes:
            self.source.line(f"{self.append}(SHORT[n] if n < 128 else {write_long}(n))")
            return
        with self.source.block("if n < 128:"):
            self.pack_run("B", "n")
        with self.source.block("else:"):
            self.pack_run()
            self.source.line(f"{self.append}({write_long}(n))")
        self.clear_run()

    # Values

    def value(self, item: FieldSchema, value: str, depth: int) -> None:
        """Write one field."""
        nullable = self.version in item.nullable
        if item.shape is Shape.ARRAY:
            self.array(item, value, nullable, depth)
        elif item.shape is Shape.STRUCT:
            self.struct_value(item, value, nullable, depth)
        else:
            assert isinstance(item.element, FieldType)
            self.primitive(item.element, value, nullable)

    def primitive(self, element: FieldType, value: str, nullable: bool) -> None:
        """Write a primitive."""
        if element.fixed_code is not None:
            self.fixed(element.fixed_code, value)
            return
        content = "x.encode()" if element is STRING else "x"
        if nullable:
            self.source.line(f"x = {value}")
            with self.source.block("if x is None:"):
                self.source.line(f"b, n = b'', {0 if self.flexible else -1}")
            with self.source.block("else:"):
                self.source.line(f"b = {content}")
                self.source.line(f"n = {self.counted('b')}")
        else:
            self.source.line(f"b = {content.replace('x', value, 1)}")
            self.source.line(f"n = {self.counted('b')}")
        if element is STRING:
            self.length("h", "compact_string_length")
        else:
            self.length("i")
        self.source.line(f"{self.append}(b)")

    def counted(self, name: str) -> str:
        """Return the expression of a length as it is written."""
        return f"len({name}) + 1" if self.flexible else f"len({name})"

    def struct_value(self, item: FieldSchema, value: str, nullable: bool, depth: int) -> None:
        """Write one struct; a nullable one has a byte before it: 1, or for null -1, in a tag 0."""
        assert isinstance(item.element, type)
        # A name of its own: the run may still hold fields of the struct before.
        self.structs += 1
        inner = f"s{self.structs}"
        self.source.line(f"{inner} = {value}")
        if not nullable:
            self.fields(inner, schema_of(item.element), self.source.path, depth + 1)
            return
        self.flush()
        with self.source.block(f"if {inner} is None:"):
            null = 0 if item.is_tagged(self.version) else 255
            self.source.line(f"{self.append}({bytes((null,))!r})")
        with self.source.block("else:"):
            self.fixed("b", "1")
            self.fields(inner, schema_of(item.element), self.source.path, depth + 1)
            self.flush()

    def array(self, item: FieldSchema, value: str, nullable: bool, depth: int) -> None:
        """Write an array."""
        values, inner = f"v{depth + 1}", f"o{depth + 1}"
        self.source.line(f"{values} = {value}")
        if nullable:
            with self.source.block(f"if {values} is None:"):
                self.source.line(f"{values}, n = (), {0 if self.flexible else -1}")
            with self.source.block("else:"):
                self.source.line(f"n = {self.counted(values)}")
        else:
            self.source.line(f"n = {self.counted(values)}")
        self.length("i")
        element = item.element
        if isinstance(element, FieldType) and element.fixed_code is not None:
            with self.source.block(f"if {values}:"):
                if element is UUID:
                    self.source.line(f"{self.append}(b''.join({values}))")
                else:
                    packers = self.source.name("pack", _ARRAY_PACKERS[element])
                    self.source.line(f"{self.append}({packers}[len({values})](*{values}))")
            return
        with self.source.block(f"for {inner} in {values}:"), self.source.inside(f"{self.source.path}[]"):
            if isinstance(element, FieldType):
                self.primitive(element, inner, nullable=False)
            else:
                if item.encoded_ahead:
                    with self.source.block(f"if type({inner}) is bytes:"):
                        self.source.line(f"{self.append}({inner})")
                        self.source.line("continue")
                before = len(self.source.lines)
                self.fields(inner, schema_of(element), self.source.path, depth + 1)
                self.flush()
                if len(self.source.lines) == before:
                    self.source.line("pass")

    # Tagged fields

    def tagged_fields(self, tagged: list[FieldSchema], target: str, path: str, depth: int) -> None:
        """Write the tagged section: a zero byte when every tagged field holds its default."""
        if not tagged:
            self.fixed("x")
            return
        tagged = sorted(tagged, key=lambda item: item.tag or 0)
        conditions = {item.name: self.is_default(item, f"{target}.{item.name}") for item in tagged}
        with self.source.block(f"if {' and '.join(conditions.values())}:"):
            self.pack_run("x")
        with self.source.block("else:"):
            self.flush()
            self.lists += 1
            section = f"t{self.lists}"
            count = f"c{self.lists}"
            self.source.line(f"{section} = []")
            self.source.line(f"{count} = 0")
            for item in tagged:
                with (
                    self.source.inside(join_path(path, item.name)),
                    self.source.block(f"if not ({conditions[item.name]}):"),
                ):
                    self.source.line(f"{count} += 1")
                    self.tagged_field(item, f"{target}.{item.name}", section, depth)
            self.source.line(f"{self.append}(uvarint({count}))")
            self.source.line(f"{self.pieces}.extend({section})")

    def tagged_field(self, item: FieldSchema, value: str, section: str, depth: int) -> None:
        """Write tag, size and value of one tagged field to the pieces of its section."""
        outer = self.pieces, self.append
        self.lists += 1
        self.pieces, self.append = f"w{self.lists}", f"append_w{self.lists}"
        own = self.pieces
        self.source.line(f"{own} = []")
        self.source.line(f"{self.append} = {own}.append")
        self.value(item, value, depth)
        self.flush()
        self.pieces, self.append = outer
        self.source.line(f"{section}.append({uvarint(item.tag or 0)!r})")
        self.source.line(f"{section}.append(uvarint(sum(map(len, {own}))))")
        self.source.line(f"{section}.extend({own})")

    def is_default(self, item: FieldSchema, value: str) -> str:
        """Return an expression that tells whether a value needs no writing; Kafka compares the same way."""
        nullable = self.version in item.nullable
        if item.shape is Shape.STRUCT:
            assert isinstance(item.element, type)
            if item.default is None and nullable:
                return f"{value} is None"
            fields = schema_of(item.element).fields
            inner = " and ".join(self.is_default(part, f"{value}.{part.name}") for part in fields)
            if item.default is None:
                return f"({value} is None or {inner})"
            return f"({value} is not None and {inner})" if nullable else inner
        if item.default is None:
            return f"{value} is None"
        if item.shape is Shape.ARRAY:
            return f"({value} is not None and not {value})" if nullable else f"not {value}"
        return f"{value} == {item.default!r}"
