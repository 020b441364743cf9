"""A start of an image below a folder that stands for the container's root: `python -m tests.container.start_below
DIALECT ROOT [ARGUMENT ...]`, with this process's own environment.
"""

import os
import sys
from pathlib import Path

from ottla.container import run_apache, run_bitnami, run_confluent
from ottla.container.console import Console, RefusedError
from ottla.container.container_files import ContainerFiles


def main() -> int:
    dialect, root, *arguments = sys.argv[1:]
    environment = dict(os.environ)
    files = ContainerFiles(Path(root))
    console = Console(sys.stdout, sys.stderr)
    try:
        if dialect == "apache":
            return run_apache.run(arguments, environment, files, console)
        if dialect == "bitnami":
            run_bitnami.set_up(environment, files, console, ())
            return run_bitnami.run(arguments, environment, files, console)
        is_local = dialect == "confluent_local"
        return run_confluent.run(arguments, environment, files, console, is_local=is_local)
    except RefusedError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
