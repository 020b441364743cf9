"""Runs cases from the command line: `python -m tests.differential 'groups/*'`.

Both brokers are started for the run. A running one can be used instead, which makes the next case quicker to
write: `--serve` starts both and prints how to use them until it is interrupted.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.differential.case_files import load_cases
from tests.differential.comparison import judged, load_explanations, load_rules, matches, report
from tests.differential.runner import PROPERTIES, judge_cases, target_of
from tests.peers.kafka_broker import start_kafka
from tests.support.broker_process import BrokerSettings, RunningBroker, start_ottla


@contextmanager
def running(kind: str, address: str | None) -> Iterator[tuple[int, int]]:
    """Give the ports of a broker: of the one at `port:controller port`, or of one that is started for this."""
    if address is not None:
        port, _, controller_port = address.partition(":")
        yield int(port), int(controller_port)
        return
    with tempfile.TemporaryDirectory(prefix=f"differential-{kind}-") as folder:
        settings = BrokerSettings(Path(folder) / "data", Path(folder), properties=PROPERTIES)
        broker: RunningBroker = {"kafka": start_kafka, "ottla": start_ottla}[kind](settings)
        try:
            yield broker.port, broker.controller_port
        finally:
            broker.kill()


def main() -> int:
    """Run the cases whose names match; return 0 when the brokers agree."""
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("patterns", nargs="*", default=["*"], help="names of cases, with `*`")
    parser.add_argument("--kafka", help="PORT:CONTROLLER_PORT of a running Apache Kafka")
    parser.add_argument("--ottla", help="PORT:CONTROLLER_PORT of a running Ottla")
    parser.add_argument("--answers", action="store_true", help="print what Apache Kafka answered")
    parser.add_argument("--serve", choices=["kafka", "ottla"], help="only start a broker, for other runs")
    options = parser.parse_args()
    if options.serve:
        with running(options.serve, None) as ports:
            print(f"--{options.serve} {ports[0]}:{ports[1]}", flush=True)
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
        return 0
    cases = [
        case for case in load_cases() if any(matches(case.identifier, f"*{p}*") for p in options.patterns)
    ]
    rules = load_rules()
    with running("kafka", options.kafka) as kafka, running("ottla", options.ottla) as ottla:
        summary = judge_cases(cases, target_of(*kafka), target_of(*ottla), rules, load_explanations())
    for verdict in summary.verdicts if options.answers else []:
        print(verdict.case.identifier)
        for label, answer in judged(verdict.kafka, rules, ()):
            print(f"    {label}: {answer}")
    for line in summary.broken:
        print(line)
    print(report(summary.unexplained))
    print(summary)
    return 1 if summary.unexplained or summary.broken else 0


if __name__ == "__main__":
    sys.exit(main())
