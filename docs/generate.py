"""Write every generated document and sample file: `python docs/generate.py`.

Each text is made from the table that the broker itself reads, so a document cannot say what the broker does not do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from tests.system.clients.page import clients_page  # noqa: E402

from ottla.cli.common import help_text  # noqa: E402 - the sources are found by the line above
from ottla.cli.tools import TOOLS, Tool  # noqa: E402
from ottla.client.java_exceptions import RETRIABLE  # noqa: E402
from ottla.config.reference import configuration_page, ottla_yaml, server_properties  # noqa: E402
from ottla.errors import ErrorCode, error_message  # noqa: E402
from ottla.protocol.api import APIS, Api  # noqa: E402
from ottla.telemetry.loggers import loggers_page  # noqa: E402
from ottla.telemetry.metric_table import metrics_page  # noqa: E402


def errors_page() -> str:
    """Return docs/errors.md: every error code with the text that clients show for it."""
    rows = [
        f"| {code.value} | {code.name} | {'yes' if code in RETRIABLE else ''} | {error_message(code) or ''} |"
        for code in sorted(ErrorCode)
    ]
    return "\n".join(
        [
            "# Errors",
            "",
            "Generated from `ottla.errors`; run `python docs/generate.py`. The codes are Apache Kafka's; clients retry",
            "the retriable ones by themselves.",
            "",
            "| code | name | retriable | meaning |",
            "|--:|--|--|--|",
            *rows,
            "",
        ]
    )


def apis_page() -> str:
    """Return docs/apis.md: every API of the protocol, and which of them are served in which versions."""
    served = [api for api in APIS.values() if api.served]
    return "\n".join(
        [
            "# APIs",
            "",
            "Generated from `ottla.protocol.api`; run `python docs/generate.py`. Served are",
            f"{len(served)} of {len(APIS)}, and ApiVersions lists them; those of client telemetry only a broker with a",
            "receiver for it would list. A request for any other closes the connection, as in Kafka.",
            "",
            "| key | API | versions | flexible from | listeners | served |",
            "|--:|--|--|--|--|--|",
            *(
                f"| {int(api.key)} | {api.name} | {api.min_version} to {api.max_version} | "
                f"{'' if api.flexible_from is None else api.flexible_from} | {', '.join(sorted(api.listeners))} | "
                f"{_served(api)} |"
                for api in APIS.values()
            ),
            "",
        ]
    )


def _served(api: Api) -> str:
    if not api.served:
        return ""
    return "yes" if api.is_advertised else "not listed"


def cli_page() -> str:
    """Return docs/cli.md: what `ottla --help` prints, and the table of tools."""
    return "\n".join(
        [
            "# The command line",
            "",
            "Generated from `ottla.cli.tools` and `ottla --help`; run `python docs/generate.py`.",
            "",
            "```",
            help_text().rstrip("\n"),
            "```",
            "",
            "## Kafka's tools",
            "",
            "Options, output, streams and exit codes are those of Apache Kafka 4.1; `tests/tools` compares them",
            "row by row. The tools work against Apache Kafka too, compared in the same way, with its ACLs and its",
            "groups of every type; the clients behind them have no transactions and no group protocol of KIP-848",
            "yet. `ottla install-scripts DIR` writes a launcher for each script, with `--without-suffix` without",
            "`.sh`; `ottla run-class CLASS` takes the classes, old names included. The option names of Kafka 4.2 and",
            "those that Kafka 4.0 removed are taken where they mean the same.",
            "",
            "| command | script | Java classes | what it does |",
            "|--|--|--|--|",
            *(_tool_row(tool) for tool in TOOLS if tool.is_there),
            "",
            "## What is not there",
            "",
            "These say so in one line on standard error and exit with 1.",
            "",
            "| script | what for | why |",
            "|--|--|--|",
            *(
                f"| `{tool.script}` | {tool.summary} | {tool.absence} |"
                for tool in TOOLS
                if not tool.is_there
            ),
            "",
        ]
    )


def _tool_row(tool: Tool) -> str:
    script = f"`{tool.script}`" if tool.script else ""
    classes = ", ".join(f"`{name}`" for name in tool.classes)
    return f"| `{tool.name}` | {script} | {classes} | {tool.summary} |"


GENERATED: dict[str, Callable[[], str]] = {
    "docs/configuration.md": configuration_page,
    "docs/errors.md": errors_page,
    "docs/apis.md": apis_page,
    "docs/cli.md": cli_page,
    "docs/clients.md": clients_page,
    "docs/logging.md": loggers_page,
    "docs/metrics.md": metrics_page,
    "config/server.properties": server_properties,
    "config/ottla.yaml": ottla_yaml,
}
"""Each generated file, from the root of the repository, and what makes its text."""


def main() -> None:
    """Write them all."""
    for name, make in GENERATED.items():
        path = ROOT / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
