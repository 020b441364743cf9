"""`python -m tests.benchmarks.compare`: measure, print the table, and write JSON and plots where that is asked for."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.compare import report
from tests.benchmarks.compare.brokers import Brokers
from tests.benchmarks.compare.cell import Cell
from tests.benchmarks.compare.cells import CELLS
from tests.benchmarks.compare.machine import look_at_machine, versions, warnings
from tests.benchmarks.compare.plots import write_plots
from tests.benchmarks.compare.programs import prepare
from tests.benchmarks.compare.runner import Runner
from tests.benchmarks.compare.schedule import steps
from tests.benchmarks.compare.summary import rows
from tests.support.cached import PeerUnavailableError

ROUNDS = 5
WARM_UP_S = 30.0
QUICK_ROUNDS = 3
QUICK_WARM_UP_S = 3.0
QUICK_SCALE = 0.15


def options_from(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; exits with a message when it cannot be meant so."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.compare", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="the most important cells, small, in three rounds"
    )
    parser.add_argument("--cell", action="append", metavar="NAME", help="only this cell; may be repeated")
    parser.add_argument("--list", action="store_true", help="print the names of all cells and end")
    parser.add_argument("--rounds", type=int, metavar="N")
    parser.add_argument(
        "--warm-up", type=float, metavar="SECONDS", help="how long a warm broker is loaded before"
    )
    parser.add_argument(
        "--scale", type=float, metavar="FACTOR", help="size of every load, 1 being the full one"
    )
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="DIR", help="a picture for each cell; needs matplotlib")
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="where brokers keep their files while it runs"
    )
    options = parser.parse_args(arguments)
    by_name = {cell.name: cell for cell in CELLS}
    unknown = [name for name in options.cell or [] if name not in by_name]
    if unknown:
        parser.error(f"there is no cell {', '.join(unknown)}; --list shows all")
    if options.plot is not None and importlib.util.find_spec("matplotlib") is None:
        parser.error("--plot needs matplotlib: pip install -e '.[benchmarks]'")
    if options.work is not None and not options.work.is_dir():
        parser.error(f"--work: there is no folder {options.work}")
    if options.json is not None and not options.json.parent.is_dir():
        parser.error(f"--json: there is no folder {options.json.parent}")
    defaults = (QUICK_ROUNDS, QUICK_WARM_UP_S, QUICK_SCALE) if options.quick else (ROUNDS, WARM_UP_S, 1.0)
    for name, value in zip(("rounds", "warm_up", "scale"), defaults, strict=True):
        if getattr(options, name) is None:
            setattr(options, name, value)
    if options.rounds < 1 or options.scale <= 0 or options.warm_up < 0:
        parser.error("there is at least one round, the scale is above 0 and the warm-up is not negative")
    options.cells = chosen_cells(options.cell, quick=options.quick)
    return options


def chosen_cells(names: Sequence[str] | None, *, quick: bool) -> list[Cell]:
    """Return the cells that are asked for, in the order of the table."""
    if names:
        return [cell for cell in CELLS if cell.name in names]
    return [cell for cell in CELLS if cell.quick or not quick]


def compare(options: argparse.Namespace, work_dir: Path) -> int:
    """Measure all chosen cells and publish what came out, also when it is interrupted; return the exit code."""
    machine = look_at_machine(work_dir)
    found = warnings(machine)
    for warning in found:
        tell(f"WARNING: {warning}")
    started = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
    runner = Runner(Brokers(work_dir), options.scale, options.warm_up, tell)
    unfinished = ["it has ended before everything was measured"]
    try:
        runner.run(steps(options.cells, options.rounds, one_session=options.quick))
        unfinished = []
    finally:
        outcome = report.Outcome(
            started=started,
            rounds=options.rounds,
            scale=options.scale,
            warm_up_s=options.warm_up,
            machine=machine,
            load_average_after=os.getloadavg(),
            versions=versions(),
            rows=rows(options.cells, runner.measured),
            runs=runner.measured,
            failures=runner.failures,
            warnings=[*found, *report.disturbed(runner.measured), *unfinished],
        )
        publish(outcome, options.json, options.plot)
    return 1 if runner.failures else 0


def publish(outcome: report.Outcome, json_file: Path | None, plot_folder: Path | None) -> None:
    """Print the table, and write the files that are wanted."""
    print(report.table(outcome), flush=True)
    if json_file is not None:
        json_file.write_text(json.dumps(report.as_json(outcome), indent=1) + "\n")
    if plot_folder is not None:
        write_plots(outcome.rows, plot_folder)


def tell(line: str) -> None:
    """Say how far it is, where it does not mix with the table."""
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Run, and return 1 when any run has failed."""
    options = options_from(sys.argv[1:])
    if options.list:
        width = max(len(cell.name) for cell in CELLS)
        for cell in CELLS:
            print(f"{cell.name:{width}}  {cell.varies}{'  (quick)' if cell.quick else ''}")
        return 0
    if not Path("/proc/self/stat").exists():
        tell("The comparison reads /proc, so it needs Linux.")
        return 2
    try:
        prepare(with_go=any(cell.needs_go for cell in options.cells))
    except PeerUnavailableError as missing:
        tell(str(missing))
        return 2
    with tempfile.TemporaryDirectory(prefix="compare-", dir=options.work, ignore_cleanup_errors=True) as work:
        return compare(options, Path(work).resolve())


if __name__ == "__main__":
    sys.exit(main())
