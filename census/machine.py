"""What of this machine the process may use."""

from __future__ import annotations

import os


def processors() -> int:
    """How many processors it may run on; the embedded server that it starts has the same."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
