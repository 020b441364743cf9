"""Counts what requests cost and compares with the baseline: `python -m tests.cost`, from the root.

`--update` makes the counted figures the baseline of this interpreter; its change belongs into the commit that made the
cost what it is. `--calls WORD` prints what is called for one request of the first variant with this word in its name.
"""

from __future__ import annotations

import argparse
import sys

from tests.cost.baseline import INTERPRETER, count_apart, differences, read_baseline, write_baseline
from tests.cost.counting import count_called
from tests.cost.variants import VARIANTS


def main() -> int:
    """Count; return 0 when the costs are the known ones."""
    parser = argparse.ArgumentParser(prog="python -m tests.cost", description=__doc__)
    parser.add_argument("--update", action="store_true", help="write what is counted into the baseline")
    parser.add_argument("--calls", metavar="WORD", help="print what a request calls")
    options = parser.parse_args()
    if options.calls is not None:
        return _print_calls(options.calls)
    counted, known = count_apart(), read_baseline()
    for name, cost in counted.items():
        print(f"{name:30}{cost.calls:8g} calls{cost.allocations:8g} allocations{cost.callbacks:6g} callbacks")
    if options.update:
        write_baseline(counted)
        return 0
    if known is None:
        print(f"There is no baseline for {INTERPRETER}.")
        return 1
    lines = differences(counted, known)
    print("\n".join(lines))
    return 1 if lines else 0


def _print_calls(word: str) -> int:
    variant = next((each for each in VARIANTS if word.lower() in each.name.lower()), None)
    if variant is None:
        print(f"No variant has {word!r} in its name.")
        return 2
    called = count_called(variant)
    print(f"{variant.name}: {called.total()} calls")
    for name, times in called.most_common():
        print(f"{times:6} {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
