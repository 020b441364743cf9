"""Lines on stderr in the layout of Kafka's tools: `[2026-01-31 12:00:00,000] WARN text (class)`.

The law: only what Kafka's tools show by their default settings, warnings and errors, is written; nothing is kept.
"""

from __future__ import annotations

import sys
import time


def warn(java_class: str, text: str) -> None:
    """Write a warning of the Java class that would have logged it."""
    sys.stderr.write(format_line("WARN", java_class, text, time.time()))


def error(java_class: str, text: str) -> None:
    """Write an error of the Java class that would have logged it."""
    sys.stderr.write(format_line("ERROR", java_class, text, time.time()))


def format_line(level: str, java_class: str, text: str, now_s: float) -> str:
    """Return a line as Kafka's tools lay it out, in the local time zone."""
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now_s))
    return f"[{moment},{int(now_s * 1000) % 1000:03d}] {level} {text} ({java_class})\n"
