"""`python -m ottla` is the same command as `ottla`."""

from ottla.cli.main import main

raise SystemExit(main())
