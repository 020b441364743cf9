"""Asks both brokers from the command line: `python -m tests.admin calls` or `commands`, and prints what differs.

`--kafka-twice` puts another Apache Kafka in Ottla's place and leaves nothing out: what differs then is no fault of
Ottla, and has to be masked or asked in another way. `--show` prints what the first broker has said.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.admin.brokers import running_pair
from tests.admin.commands import Terminal, compare_words, load_commands
from tests.admin.comparing import explanations_of, load_masks, unexplained
from tests.admin.scenario import compare_reports, play_with_both
from tests.admin.served import load_needs
from tests.differential.comparison import report
from tests.peers.tools import start_tools


def main() -> int:
    """Ask, compare and print; return 0 when nothing unexplained differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.admin", description=__doc__)
    parser.add_argument("what", choices=["calls", "commands"])
    parser.add_argument("--kafka-twice", action="store_true", help="compare Apache Kafka with itself")
    parser.add_argument("--show", action="store_true", help="print what was said of the first broker")
    options = parser.parse_args()
    masks = load_masks()
    said: Mapping[str, Any]
    with tempfile.TemporaryDirectory(prefix="admin-") as name:
        folder = Path(name)
        tools = start_tools(folder)
        try:
            with running_pair(folder, "kafka" if options.kafka_twice else "ottla") as pair:
                if options.what == "calls":
                    left_out = [] if options.kafka_twice else load_needs().left_out()
                    first, second = play_with_both(pair, tools, masks, left_out)
                    said, found = first.calls, list(compare_reports(first, second, masks))
                else:
                    table = load_commands()
                    rows = [row for row in table.commands if options.kafka_twice or not row.waits_for]
                    files = folder / "files"
                    files.mkdir()
                    said, other = Terminal(tools, table, masks, files).type_for_both(rows, pair)
                    found = list(compare_words(said, other))
        finally:
            tools.close()
    if options.show:
        print(json.dumps(said, indent=1))
    left = unexplained(found, explanations_of(options.what))
    print(report(left))
    print(f"{len(said)} {options.what}, {len(found)} differences, {len(left)} unexplained")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
