"""`python -m tests.tools [--broker kafka] [TABLE ...]`: runs tables and prints what differs, row by row."""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from ottla.cli.install_scripts import main as install_scripts
from tests.peers.kafka_broker import start_kafka
from tests.peers.tools import start_tools
from tests.support.broker_process import BrokerSettings, start_ottla
from tests.tools.case_files import BROKERS, CASES, load_table, rows_for
from tests.tools.comparing import Verdict, judge, load_common_masks
from tests.tools.conftest import properties_for
from tests.tools.running import Terminal


def main() -> int:
    """Run the tables that were named, or all, and return 1 where a difference is not explained."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools")
    parser.add_argument("--broker", choices=BROKERS, default="ottla")
    parser.add_argument("tables", metavar="TABLE", nargs="*")
    options = parser.parse_args()
    names = options.tables or sorted(path.stem for path in CASES.glob("*.yaml"))
    tables = [rows_for(load_table(CASES / f"{name}.yaml"), options.broker) for name in names]
    total = Verdict()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        start = start_kafka if options.broker == "kafka" else start_ottla
        properties = properties_for(options.broker)
        broker = start(BrokerSettings(folder / "data", folder / "broker", properties=properties))
        stack.callback(broker.kill)
        tools = start_tools(folder)
        stack.callback(tools.close)
        install_scripts([str(folder / "bin"), "--without-suffix"])
        terminal = Terminal(tools, broker, folder / "files", folder / "bin")
        for table in tables:
            began_s = time.monotonic()
            verdict = judge(table, terminal.run_table(table), load_common_masks())
            total.add(verdict)
            print(f"{table.name}: {verdict.summary()}, {time.monotonic() - began_s:.1f} s")
            for difference in verdict.unexplained:
                print(difference)
            for line in verdict.stale:
                print(line)
    print(total.summary())
    return 1 if total.unexplained or total.stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
