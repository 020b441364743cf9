"""kafka-console-consumer: prints the records of topics as they come.

Records are printed a poll at a time. Whatever ends the reading, the number of printed records goes to standard error
and the exit code is 0, as Kafka's tool has it; only what fails before the first poll, or a record that cannot be
printed, makes it 1.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Sequence
from typing import BinaryIO

from ottla.cli.console_consumer_options import (
    CLIENT_ID,
    EARLIEST,
    LATEST,
    ConflictError,
    Consumption,
    read_command_line,
)
from ottla.cli.failures import ToolError
from ottla.cli.tool_clients import (
    PATTERN_ERROR,
    POLL_SLICE_S,
    TIMEOUT_EXCEPTION,
    StopSignals,
    log_error,
    open_cluster,
)
from ottla.client.consumer import Consumer, ConsumerRecord
from ottla.client.consumer_settings import CONSUMER_ROWS, ConsumerSettings
from ottla.client.failures import ApiError
from ottla.types import TopicPartition

_CLASS = "org.apache.kafka.tools.consumer.ConsoleConsumer"


def main(arguments: Sequence[str]) -> int:
    """Print records and return the exit code."""
    try:
        wanted = read_command_line(arguments)
    except ConflictError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        settings = ConsumerSettings.from_properties(wanted.properties)
        with (
            open_cluster(
                wanted.properties, kind="Consumer", client_id=CLIENT_ID, rows=CONSUMER_ROWS
            ) as cluster,
            StopSignals() as stop,
        ):
            _consume(Consumer(cluster, settings), wanted, stop)
    except (ToolError, ApiError) as failure:
        log_error(_CLASS, "Unknown error when running consumer: ", failure)
        return 1
    return stop.exit_code


def _consume(consumer: Consumer, wanted: Consumption, stop: StopSignals) -> None:
    _choose_partitions(consumer, wanted)
    printing = Printing(wanted, sys.stdout.buffer)
    try:
        _print_all(consumer, wanted, printing, stop)
    finally:
        for partition, offset in printing.first_unprinted().items():
            consumer.seek(partition, offset)  # so that closing does not commit it
        consumer.close()
        print(f"Processed a total of {printing.count} messages", file=sys.stderr)
        if wanted.tells_events:
            print("shutdown_complete", flush=True)


def _choose_partitions(consumer: Consumer, wanted: Consumption) -> None:
    if wanted.include is not None:
        try:
            consumer.subscribe(pattern=wanted.include)
        except re.error as error:
            raise ToolError(PATTERN_ERROR, f"{error.msg} near index {error.pos}") from error
    elif wanted.partition is None:
        consumer.subscribe([wanted.topic or ""])
    else:
        partition = TopicPartition(wanted.topic or "", wanted.partition)
        consumer.assign([partition])
        if wanted.offset == EARLIEST:
            consumer.seek_to_beginning([partition])
        elif wanted.offset == LATEST:
            consumer.seek_to_end([partition])
        else:
            consumer.seek(partition, wanted.offset)


def _print_all(consumer: Consumer, wanted: Consumption, printing: Printing, stop: StopSignals) -> None:
    """Print until there is enough, nothing came for too long, a signal came or nobody reads the output any more.

    Raises OptionError, and ToolError for a record that cannot be printed.
    """
    most = wanted.max_messages()
    while most is None or printing.count < most:
        try:
            records = _receive(consumer, wanted.timeout_ms, stop)
        except (ToolError, ApiError) as failure:
            log_error(_CLASS, "Error processing message, terminating consumer process: ", failure)
            return
        if not records:
            return
        if not printing.take(records if most is None else records[: most - printing.count], records):
            print("Unable to write to standard out, closing consumer.", file=sys.stderr)
            return


def _receive(consumer: Consumer, timeout_ms: int | None, stop: StopSignals) -> list[ConsumerRecord]:
    """Return the next records, none after a signal. Raises ToolError when none came in time, and ApiError."""
    deadline_s = None if timeout_ms is None else time.monotonic() + timeout_ms / 1000
    while not stop.received:
        remaining_s = POLL_SLICE_S if deadline_s is None else max(deadline_s - time.monotonic(), 0)
        records = consumer.poll(min(remaining_s, POLL_SLICE_S))
        if records:
            return records
        if deadline_s is not None and time.monotonic() > deadline_s:
            raise ToolError(TIMEOUT_EXCEPTION, None)
    return []


class Printing:
    """The output, and how far it got."""

    def __init__(self, wanted: Consumption, out: BinaryIO) -> None:
        self._formatter = wanted.formatter
        self._skips_errors = wanted.skips_errors
        self._out = out
        self.count = 0
        """How many records were printed, or tried to be."""
        self._unprinted: Sequence[ConsumerRecord] = ()

    def take(self, records: Sequence[ConsumerRecord], polled: Sequence[ConsumerRecord]) -> bool:
        """Print the first records of what was polled; tell whether anybody reads the output.

        Raises ToolError for a record that cannot be printed.
        """
        self._unprinted = polled[len(records) :]
        try:
            if self._formatter.format_records is not None:
                self.count += len(records)
                self._out.write(self._formatter.format_records(records))
            else:
                self._print_one_by_one(records, polled)
            self._out.flush()
        except BrokenPipeError:
            _forget_stdout()
            return False
        return True

    def first_unprinted(self) -> dict[TopicPartition, int]:
        """Return the offset of the first record of each partition that was polled and not printed."""
        offsets: dict[TopicPartition, int] = {}
        for record in self._unprinted:
            offsets.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        return offsets

    def _print_one_by_one(self, records: Sequence[ConsumerRecord], polled: Sequence[ConsumerRecord]) -> None:
        for position, record in enumerate(records, start=1):
            self.count += 1
            try:
                self._out.write(self._formatter.format_record(record))
            except ToolError as failure:
                if not self._skips_errors:
                    self._unprinted = polled[position:]
                    self._out.flush()
                    raise
                log_error(_CLASS, "Error processing message, skipping this message: ", failure)


def _forget_stdout() -> None:
    """Let what is still buffered go nowhere, so that the interpreter's end does not fail on it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
