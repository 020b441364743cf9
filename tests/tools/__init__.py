"""Kafka's tools and ours, row by row, against the same broker; `cases/README.md` says how rows are written."""
