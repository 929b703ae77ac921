"""What something takes in memory, by Python's own count of what it allocates: the same on every machine."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable


def bytes_kept(make: Callable[[], object]) -> int:
    """Bytes that are still held when `make` has given what it made; nothing of them may have been there before."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        made = make()
        after, _ = tracemalloc.get_traced_memory()
        del made
        return after - before
    finally:
        tracemalloc.stop()
