"""The CSV of kafka-consumer-groups: what --export prints and --from-file reads, as Jackson writes and reads it.

A line is `topic,partition,offset`, or `group,topic,partition,offset` where several groups are meant.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ottla.cli.failures import ToolError
from ottla.types import TopicPartition

_SAFE_FROM = "-"
"""Characters before this one, the comma is the highest of them, have a text put in quotes."""

_UNQUOTED_LENGTH = 24
"""Longer texts are put in quotes unseen (`CsvGenerator`)."""

_RECORD = "org.apache.kafka.tools.consumer.group.CsvUtils$CsvRecord"
_INTEGER = re.compile(r"[+-]?[0-9]+")


class Field(NamedTuple):
    """A column: its name, and the number of bits of its number; 0 for a text."""

    name: str
    bits: int = 0


_WITHOUT_GROUP = (Field("topic"), Field("partition", 32), Field("offset", 64))
_WITH_GROUP = (Field("group"), *_WITHOUT_GROUP)


def export_csv(
    groups: Iterable[tuple[str, Iterable[tuple[TopicPartition, int]]]], *, is_single_group: bool
) -> str:
    """Return a line for each offset; with the group unless there is only one."""
    lines = []
    for group_id, offsets in groups:
        for (topic, partition), offset in offsets:
            start = [] if is_single_group else [_quoted(group_id)]
            lines.append(",".join([*start, _quoted(topic), str(partition), str(offset)]) + "\n")
    return "".join(lines)


def _quoted(text: str) -> str:
    if len(text) <= _UNQUOTED_LENGTH and all(letter >= _SAFE_FROM for letter in text):
        return text
    return '"' + text.replace('"', '""') + '"'


def read_reset_plan(text: str, group_ids: Sequence[str]) -> dict[str, dict[TopicPartition, int]]:
    """Return the offsets in a CSV by their groups.

    Lines without a group are understood where there is only one, in `group_ids`. Raises ToolError with Jackson's words
    for a line that cannot be read.
    """
    lines = _java_lines(text)
    is_single = len(group_ids) == 1 and _is_without_group(lines[0])
    plan: dict[str, dict[TopicPartition, int]] = {}
    for line in lines:
        if is_single:
            group_id, values = group_ids[0], _read_line(line, _WITHOUT_GROUP, "NoGroup")
        else:
            group_id, *values = _read_line(line, _WITH_GROUP, "WithGroup")
        topic, partition, offset = values
        plan.setdefault(group_id, {})[TopicPartition(topic, partition)] = offset
    return plan


def _is_without_group(line: str) -> bool:
    try:
        _read_line(line, _WITHOUT_GROUP, "NoGroup")
    except ToolError:
        return False
    return True


def _java_lines(text: str) -> list[str]:
    lines = text.split("\n")
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    return lines


def _read_line(line: str, fields: Sequence[Field], kind: str) -> list[Any]:
    cells = next(csv.reader([line.rstrip("\r")]), [])
    if not cells:
        raise _failure(
            "databind.exc.MismatchedInputException", "No content to map due to end-of-input", line, 1
        )
    if len(cells) > len(fields):
        extra = cells[len(fields)]
        words = (
            f"Too many entries: expected at most {len(fields)} "
            f'(value #{len(fields)} ({len(extra)} chars) "{extra}")'
        )
        raise _failure("dataformat.csv.CsvReadException", words, line, len(line))
    values: list[str | int] = []
    for field, cell in zip(fields, [*cells, *[""] * (len(fields) - len(cells))], strict=True):
        values.append(_number(field, cell, line, kind) if field.bits else cell)
    return values


def _number(field: Field, cell: str, line: str, kind: str) -> int:
    trimmed = cell.strip()
    if not trimmed:
        return 0
    java_type = "int" if field.bits == 32 else "long"
    if not _INTEGER.fullmatch(trimmed) or not -(1 << (field.bits - 1)) <= int(trimmed) < 1 << (
        field.bits - 1
    ):
        words = (
            f'Cannot deserialize value of type `{java_type}` from String "{trimmed}": '
            f"not a valid `{java_type}` value"
        )
        chain = f' (through reference chain: {_RECORD}{kind}["{field.name}"])'
        column = line.index(cell) + 1
        raise _failure("databind.exc.InvalidFormatException", words, line, column, chain)
    return int(trimmed)


def _failure(java_class: str, words: str, _line: str, column: int, chain: str = "") -> ToolError:
    source = f"[Source: (StringReader); line: 1, column: {column}]"
    return ToolError(f"com.fasterxml.jackson.{java_class}", f"{words}\n at {source}{chain}")
