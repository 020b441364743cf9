"""kafka-dump-log: what is in the files of partitions, of the metadata log and of their indexes, without a broker."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ottla.cli.dump_log_batches import ALL_BYTES, Gaps, LogDump, dump_log
from ottla.cli.dump_log_decoders import (
    RecordParser,
    coordinator_parser,
    decoder_named,
    group_value_form,
    metadata_parser,
    plain_parser,
)
from ottla.cli.dump_log_indexes import (
    IndexDump,
    Mismatches,
    dump_aborted_transactions,
    dump_offset_index,
    dump_producer_snapshot,
    dump_time_index,
)
from ottla.cli.failures import ToolError
from ottla.cli.jopt import INTEGER, OPTIONAL, REQUIRED, Opt, Parsed, parse

PURPOSE = (
    "This tool helps to parse a log file and dump its contents to the console, "
    "useful for debugging a seemingly corrupt log segment."
)
_STRING_DECODER = "org.apache.kafka.tools.api.StringDecoder"

ROWS = (
    Opt("print-data-log", "Print the records of data logs; any decoder does so too."),
    Opt("verify-index-only", "Compare an index with its log without printing the index."),
    Opt("index-sanity-check", "Only check an index as a broker does on its start."),
    Opt("files", "REQUIRED: The files to show, with commas between them.", REQUIRED, "file1, file2, ..."),
    Opt(
        "max-message-size", "Size of the largest batch, in bytes.", REQUIRED, "size", INTEGER, 5 * 1024 * 1024
    ),
    Opt("max-bytes", "How many bytes of a .log file to read at most.", REQUIRED, "size", INTEGER, ALL_BYTES),
    Opt("deep-iteration", "Show records too, not only batches; printing the data does so too."),
    Opt("value-decoder-class", "The decoder of values.", OPTIONAL, default=_STRING_DECODER),
    Opt("key-decoder-class", "The decoder of keys.", OPTIONAL, default=_STRING_DECODER),
    Opt("offsets-decoder", "Read records as those of __consumer_offsets."),
    Opt("transaction-log-decoder", "Read records as those of __transaction_state."),
    Opt("cluster-metadata-decoder", "Read records as those of the cluster's metadata."),
    Opt("remote-log-metadata-decoder", "Read records as those of __remote_log_metadata."),
    Opt("share-group-state-decoder", "Read records as those of __share_group_state."),
    Opt("skip-record-metadata", "Leave out what is not key or value of a record."),
)

_PRINTING = (
    "print-data-log",
    "offsets-decoder",
    "transaction-log-decoder",
    "cluster-metadata-decoder",
    "remote-log-metadata-decoder",
    "value-decoder-class",
    "key-decoder-class",
    "share-group-state-decoder",
)
"""The options that have the contents of records printed."""


def main(arguments: Sequence[str]) -> int:
    """Show the files; return the exit code. Raises ToolError where Kafka's tool dies."""
    options = parse(ROWS, arguments)
    options.check_help_and_version(PURPOSE)
    options.check_required("files")
    mismatches, gaps = Mismatches(), Gaps()
    for name in _java_split(options.text("files") or ""):
        # Java's File has no doubled slashes and none at its end.
        shown = re.sub(r"/+", "/", name)
        shown = shown.rstrip("/") or shown
        sys.stdout.write(f"Dumping {shown}\n")
        _dump_file(shown, options, mismatches, gaps)
    sys.stdout.flush()
    sys.stderr.writelines([*mismatches.offset_lines(), *mismatches.time_lines(), *gaps.lines()])
    return 0


def _dump_file(name: str, options: Parsed, mismatches: Mismatches, gaps: Gaps) -> None:
    path = Path(name)
    base = name.rpartition("/")[2]
    if "." not in base:
        raise ToolError(
            "java.lang.StringIndexOutOfBoundsException", f"begin -1, end {len(base)}, length {len(base)}"
        )
    match base[base.rindex(".") :]:
        case ".log" | ".checkpoint":
            dump_log(path, _log_dump(options), gaps, sys.stdout)
        case ".index":
            dump_offset_index(path, _index_dump(options), mismatches, sys.stdout)
        case ".timeindex":
            dump_time_index(path, _index_dump(options), mismatches, sys.stdout)
        case ".snapshot":
            dump_producer_snapshot(path, sys.stdout, sys.stderr)
        case ".txnindex":
            dump_aborted_transactions(path, sys.stdout)
        case _:
            sys.stderr.write(f"Ignoring unknown file {name}\n")


def _log_dump(options: Parsed) -> LogDump:
    prints_contents = any(map(options.has, _PRINTING))
    return LogDump(
        is_deep=options.has("deep-iteration") or prints_contents,
        prints_contents=prints_contents,
        skips_record_metadata=options.has("skip-record-metadata"),
        max_bytes=options.number("max-bytes") or 0,
        parse_record=_record_parser(options),
    )


def _index_dump(options: Parsed) -> IndexDump:
    return IndexDump(
        only_checks_sanity=options.has("index-sanity-check"),
        only_verifies=options.has("verify-index-only"),
        max_message_bytes=options.number("max-message-size") or 0,
    )


def _record_parser(options: Parsed) -> RecordParser:
    for name, make in _DECODER_OPTIONS.items():
        if options.has(name):
            return make()
    decode_value = decoder_named(options.text("value-decoder-class") or _STRING_DECODER)
    return plain_parser(decoder_named(options.text("key-decoder-class") or _STRING_DECODER), decode_value)


def _offsets_parser() -> RecordParser:
    from ottla.cli.coordinator_records import group_record_kinds

    return coordinator_parser(group_record_kinds(), group_value_form)


def _transaction_parser() -> RecordParser:
    from ottla.cli.coordinator_records import transaction_record_kinds

    return coordinator_parser(transaction_record_kinds())


def _share_state_parser() -> RecordParser:
    from ottla.cli.coordinator_records import share_state_record_kinds

    return coordinator_parser(share_state_record_kinds())


def _remote_parser() -> RecordParser:
    from ottla.cli.remote_log_metadata import parse_remote_record

    return parse_remote_record


_DECODER_OPTIONS: dict[str, Callable[[], RecordParser]] = {
    "offsets-decoder": _offsets_parser,
    "transaction-log-decoder": _transaction_parser,
    "cluster-metadata-decoder": lambda: metadata_parser,
    "remote-log-metadata-decoder": _remote_parser,
    "share-group-state-decoder": _share_state_parser,
}
"""The decoders for one topic each; the first that is given counts."""


def _java_split(text: str) -> list[str]:
    """Split at commas as Java does: empty texts at the end are none, but an empty text is one."""
    parts = text.split(",")
    while text and parts and not parts[-1]:
        parts.pop()
    return parts
