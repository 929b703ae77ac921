"""Seeds of simulated neighbourhoods whose addresses nobody else's tests use at the same time.

A seed decides what there is, and in which block of loopback addresses. So a test names the seed that it wants, and has
it but where another process is using that block just then.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from typing import IO

_BLOCKS = 224  # of census.demo.sites: seeds that differ by so much have the same addresses
_held: list[IO[bytes]] = []  # locks, until this process ends


def own_seed(wanted: int) -> int:
    """The first seed from `wanted` on whose block no process has taken; it stays this process's."""
    folder = Path(tempfile.gettempdir()) / f"census-tests-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for seed in range(wanted, wanted + _BLOCKS):
        lock = (folder / f"block-{seed % _BLOCKS}").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _held.append(lock)
        return seed
    raise RuntimeError(f"all {_BLOCKS} blocks of addresses are taken; see who holds the files in {folder}")
