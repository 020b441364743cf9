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

import yaml

from tests.differential.case_files import load_cases
from tests.differential.chance import draw_cases
from tests.differential.comparison import judged, load_explanations, load_rules, matches, report
from tests.differential.conversation import Target
from tests.differential.coverage import gaps, load_coverage, reached_by, totals
from tests.differential.runner import PROPERTIES, judge_cases, runnable, target_of
from tests.peers.kafka_broker import start_kafka
from tests.support.broker_process import BrokerSettings, RunningBroker, start_ottla


@contextmanager
def running(kind: str, address: str | None) -> Iterator[Target]:
    """Give a broker: the one at `port:controller port`, or one that is started for this."""
    if address is not None:
        port, _, controller_port = address.partition(":")
        yield target_of(int(port), int(controller_port))
        return
    with tempfile.TemporaryDirectory(prefix=f"differential-{kind}-") as folder:
        settings = BrokerSettings(Path(folder) / "data", Path(folder), properties=PROPERTIES)
        broker: RunningBroker = {"kafka": start_kafka, "ottla": start_ottla}[kind](settings)
        try:
            yield target_of(broker.port, broker.controller_port, broker.restart)
        finally:
            broker.kill()


def main() -> int:
    """Run the cases whose names match; return 0 when the brokers agree."""
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("patterns", nargs="*", default=["*"], help="names of cases, with `*`")
    parser.add_argument("--kafka", help="PORT:CONTROLLER_PORT of a running Apache Kafka")
    parser.add_argument("--ottla", help="PORT:CONTROLLER_PORT of a running Ottla")
    parser.add_argument("--coverage", action="store_true", help="print what of the table was not reached")
    parser.add_argument("--answers", action="store_true", help="print what Apache Kafka answered")
    parser.add_argument(
        "--chance", type=int, metavar="CASES", help="draw so many cases, instead of those in files"
    )
    parser.add_argument("--seed", default="1", help="what is drawn with --chance (1)")
    parser.add_argument("--serve", choices=["kafka", "ottla"], help="only start a broker, for other runs")
    options = parser.parse_args()
    if options.serve:
        with running(options.serve, None) as target:
            print(f"--{options.serve} {target.port}:{target.controller_port}", flush=True)
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
        return 0
    if options.chance:
        return _by_chance(options)
    cases = [
        case for case in load_cases() if any(matches(case.identifier, f"*{p}*") for p in options.patterns)
    ]
    rules = load_rules()
    with running("kafka", options.kafka) as kafka, running("ottla", options.ottla) as ottla:
        chosen = runnable(cases, kafka, ottla)
        summary = judge_cases(chosen, kafka, ottla, rules, load_explanations())
    for verdict in summary.verdicts if options.answers else []:
        print(verdict.case.identifier)
        for label, answer in judged(verdict.kafka, rules, ()):
            print(f"    {label}: {answer}")
    for line in summary.broken:
        print(line)
    if len(chosen) < len(cases):
        print(f"{len(cases) - len(chosen)} cases left out: they want brokers that this run starts itself")
    if options.coverage:
        reached = reached_by(verdict.kafka for verdict in summary.verdicts)
        print("\n".join([*gaps(load_coverage(), reached), totals(load_coverage(), reached)]))
    print(report(summary.unexplained))
    print(summary)
    return 1 if summary.unexplained or summary.broken else 0


def _by_chance(options: argparse.Namespace) -> int:
    """Run drawn cases, and print those that differ as they would stand in a file."""
    drawn = list(draw_cases(options.seed, options.chance))
    with running("kafka", options.kafka) as kafka, running("ottla", options.ottla) as ottla:
        summary = judge_cases([case for case, _ in drawn], kafka, ottla, load_rules(), [])
    differing = {difference.case for difference in summary.unexplained}
    for case, description in drawn:
        if case.identifier in differing:
            print(yaml.safe_dump([description], sort_keys=False, width=200))
    print(report(summary.unexplained))
    print(summary)
    return 1 if summary.unexplained or summary.broken else 0


if __name__ == "__main__":
    sys.exit(main())
