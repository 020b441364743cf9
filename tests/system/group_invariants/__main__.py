"""Run many seeds: `python -m tests.system.group_invariants --seeds 50`, and count what has happened in them.

Each run's files are kept where `--keep` says; a violation is printed with its seed, by which it can be run again:
`--first SEED --seeds 1`. Exit code 1 when an invariant was broken or a run did not come to its end.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.support.broker_process import BrokerSettings, RunningBroker
from tests.system.conftest import STARTERS
from tests.system.group_invariants.disorder import BROKER_PROPERTIES, Disorder, refusals
from tests.system.group_invariants.judge import violations
from tests.system.group_invariants.observations import Assigned, Observed, Read

ENDINGS = {
    " joins": "members that joined",
    " is killed": "kills of members",
    " is killed to come back": "restarts of static members",
    " leaves": "members that left",
    " is killed and starts": "kills of brokers",
}
"""How the words of each kind of event end, and what such events are counted as."""


def _counts(run: Disorder, observed: Observed) -> Counter[str]:
    events = [event for life in observed.lives for event in life.events]
    counts = Counter({"runs": 1})
    for words in run.events:
        counts.update(kind for ending, kind in ENDINGS.items() if words.split(" (")[0].endswith(ending))
    counts["assignments"] = sum(isinstance(event, Assigned) for event in events)
    counts["generations"] = len({each.generation for each in observed.stored.generations})
    counts["records"] = sum(observed.acknowledged.values())
    counts["records read"] = sum(len(event.records) for event in events if isinstance(event, Read))
    counts["commits stored"] = sum(map(len, observed.stored.commits.values()))
    counts["errors overcome by members"] = refusals(observed)
    return counts


def _run(seed: int, broker: RunningBroker, work_dir: Path) -> tuple[Counter[str], list[str]]:
    run = Disorder(seed, broker, work_dir)
    try:
        observed = run.go()
    except AssertionError as failure:
        return Counter({"runs": 1, "runs that came to no end": 1}), [*run.events, f"seed {seed}: {failure}"]
    broken = violations(observed)
    return _counts(run, observed), [*run.events, *broken] if broken else []


def main() -> int:
    """Run the seeds that the command line names, and print their counts."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.group_invariants", description=__doc__)
    parser.add_argument("--seeds", type=int, default=50, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--broker", choices=sorted(STARTERS), default="ottla")
    parser.add_argument("--keep", type=Path, help="a directory for the files; otherwise they are deleted")
    asked = parser.parse_args()
    totals: Counter[str] = Counter()
    is_broken = False
    with tempfile.TemporaryDirectory() as scratch:
        work_dir = asked.keep or Path(scratch)
        broker = STARTERS[asked.broker](
            BrokerSettings(work_dir / "data", work_dir / "broker", properties=BROKER_PROPERTIES)
        )
        try:
            for seed in range(asked.first, asked.first + asked.seeds):
                run_dir = work_dir / f"seed-{seed}"
                run_dir.mkdir(parents=True, exist_ok=True)
                counts, words = _run(seed, broker, run_dir)
                totals += counts
                is_broken |= bool(words)
                print(f"seed {seed}: {', '.join(f'{count} {name}' for name, count in counts.items())}")
                print("".join(f"  {each}\n" for each in words), end="", flush=True)
        finally:
            broker.kill()
    for name, count in totals.items():
        print(f"{count:8} {name}")
    return 1 if is_broken else 0


if __name__ == "__main__":
    sys.exit(main())
