"""kafka-verifiable-producer: sends the numbers 0, 1, 2, … and tells in JSON what became of each.

It ends with the last number, or with a signal; what was sent by then is delivered, and the last line sums up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count

from ottla.cli.arguments import (
    Argument,
    ParsedCommand,
    parse_program,
    program_error,
)
from ottla.cli.commands import run_program
from ottla.cli.java_numbers import divide
from ottla.cli.json_events import print_event
from ottla.cli.producer_statistics import now_ms
from ottla.cli.throttling import Throttle
from ottla.cli.tool_clients import StopSignals, open_cluster, producer_settings
from ottla.client.failures import ApiError
from ottla.client.producer import Producer, RecordMetadata
from ottla.client.producer_settings import PRODUCER_ROWS
from ottla.client.properties import read_client_properties

PROGRAM = "verifiable-producer"
DESCRIPTION = (
    "This tool produces increasing integers to the specified topic and prints JSON metadata to stdout on each "
    '"send" request, making externally visible which messages have been acked and which have not.'
)
CLIENT_ID = "producer-1"

NO_LIMIT = -1
NO_TIME = -1

OPTIONS = (
    Argument(("--topic",), "The topic to write to.", required=True),
    Argument(
        ("--bootstrap-server",),
        "The brokers to connect to.",
        required=True,
        group="connection",
        shown="HOST1:PORT1[,HOST2:PORT2[...]]",
    ),
    Argument(
        ("--max-messages",),
        "How many records to send; -1 for no limit.",
        is_integer=True,
        shown="MAX-MESSAGES",
    ),
    Argument(("--throughput",), "How many records a second, about; -1 for no limit.", is_integer=True),
    Argument(
        ("--acks",),
        "The acknowledgements to wait for.",
        is_integer=True,
        choices=("0", "1", "-1"),
        shown="ACKS",
    ),
    Argument(
        ("--producer.config",),
        "A file with settings of the producer.",
        shown="CONFIG_FILE",
        synonyms=("--command-config",),
    ),
    Argument(
        ("--message-create-time",),
        "The time of the first record, in ms; later ones follow the clock.",
        number_class="Long",
        shown="CREATETIME",
    ),
    Argument(
        ("--value-prefix",),
        "A number to stand before each value and a dot.",
        is_integer=True,
        shown="VALUE-PREFIX",
    ),
    Argument(
        ("--repeating-keys",),
        "How many keys, 0, 1, …, to use in turn; no keys without it.",
        is_integer=True,
        shown="REPEATING-KEYS",
    ),
)


@dataclass(frozen=True, slots=True)
class NumberRun:
    """What is to be sent, and how."""

    topic: str
    max_messages: int
    throughput: int
    value_prefix: int | None
    create_time_ms: int
    repeating_keys: int | None
    properties: dict[str, str]

    def key(self, number: int) -> str | None:
        """Return the key of a record."""
        if self.repeating_keys is None:
            return None
        # Kafka's tool starts again once its counter equals the number, which it does not for one below 1.
        return str(number % self.repeating_keys if self.repeating_keys > 0 else number)

    def value(self, number: int) -> str:
        """Return the value of a record."""
        return str(number) if self.value_prefix is None else f"{self.value_prefix}.{number}"


def main(arguments: Sequence[str]) -> int:
    """Send numbers and tell of them; return the exit code."""
    return run_program(PROGRAM, DESCRIPTION, OPTIONS, arguments, read_command_line, _run)


def _run(run: NumberRun) -> int:
    settings = producer_settings(run.properties)
    with (
        open_cluster(run.properties, kind="Producer", client_id=CLIENT_ID, rows=PRODUCER_ROWS) as cluster,
        StopSignals() as stop,
    ):
        _send_numbers(Producer(cluster, settings), run, stop)
    return stop.exit_code


def read_command_line(arguments: Sequence[str]) -> NumberRun:
    """Return what the arguments ask for. Raises ArgumentsError and HelpRequestedError."""
    given = parse_program(PROGRAM, DESCRIPTION, OPTIONS, arguments)
    properties = {
        "bootstrap.servers": given.value("bootstrap_server") or "",
        "acks": given.value("acks") or "-1",
        "retries": "0",
    }
    path = given.value("producer.config")
    if path is not None:
        try:
            properties |= read_client_properties(path)
        except OSError as error:
            raise program_error(PROGRAM, DESCRIPTION, OPTIONS, path) from error
    create_time_ms = _number(given, "message_create_time")
    return NumberRun(
        topic=given.value("topic") or "",
        max_messages=NO_LIMIT if (most := _number(given, "max_messages")) is None else most,
        throughput=NO_LIMIT if (pace := _number(given, "throughput")) is None else pace,
        value_prefix=_number(given, "value_prefix"),
        create_time_ms=NO_TIME if create_time_ms is None else create_time_ms,
        repeating_keys=_number(given, "repeating_keys"),
        properties=properties,
    )


def _number(given: ParsedCommand, name: str) -> int | None:
    text = given.value(name)
    return None if text is None else int(text)


def _send_numbers(producer: Producer, run: NumberRun, stop: StopSignals) -> None:
    acknowledged = sent = 0

    def tell(key: str | None, value: str, metadata: RecordMetadata | None, failure: ApiError | None) -> None:
        nonlocal acknowledged
        if failure is not None:
            _tell_failure(run.topic, key, value, failure)
        elif metadata is not None:
            acknowledged += 1
            print_event(
                "producer_send_success",
                key=key,
                value=value,
                offset=metadata.offset,
                topic=metadata.topic,
                partition=metadata.partition,
            )

    start_ms = now_ms()
    print_event("startup_complete")
    throttle = Throttle(run.throughput, start_ms, producer.poll, lambda: bool(stop.received))
    create_time_ms = None if run.create_time_ms == NO_TIME else run.create_time_ms
    numbers: Iterable[int] = count() if run.max_messages < 0 else range(run.max_messages)
    for number in numbers:
        if stop.received:
            break
        sent_ms = now_ms()
        key, value = run.key(number), run.value(number)
        sent += 1
        producer.send(
            run.topic,
            None if key is None else key.encode(),
            value.encode(),
            timestamp_ms=create_time_ms,
            callback=partial(tell, key, value),
        )
        if create_time_ms is not None:
            create_time_ms += now_ms() - start_ms
        throttle.after(number, sent_ms)
    producer.close()
    print_event("shutdown_complete")
    average = 1000 * divide(acknowledged, float(now_ms() - start_ms))
    print_event(
        "tool_data", sent=sent, acked=acknowledged, target_throughput=run.throughput, avg_throughput=average
    )


def _tell_failure(topic: str, key: str | None, value: str, failure: ApiError) -> None:
    print_event(
        "producer_send_error",
        topic=topic,
        key=key,
        value=value,
        exception=f"class {failure.java_class}",
        message=str(failure),
    )
