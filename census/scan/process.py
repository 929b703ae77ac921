"""A worker as a process of its own: orders come as one line of JSON on standard input, whose end means stop.

Started by `census.scan.crew`; the database's address comes this way because a command line is readable by all.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import resource
import signal
import sys
from typing import Any

import psycopg
import uvloop

from census import metrics
from census.errors import FailedError
from census.scan import logs
from census.scan.shift import Shift
from census.store.connect import hide
from census.store.door import Door

FAILED = 1
_SPARE_FILES = 200  # for the database, place files and the loop itself
_MOST_IN_FLIGHT = 20_000


def calm() -> None:
    """Let Python look for garbage in circles hardly ever.

    Hundreds of looks are under way at once, and each look for circles goes through what all of them hold: with
    Python's own thresholds that is a quarter of a worker's time. Nothing is left for it by looks, not by those that
    fail either: errors are let go of when a connection is closed (`probe/protocol.py`). So the first threshold is
    twice what 500 looks under way hold: below that, to begin them is to search all of it once, for tens of
    milliseconds, and find nothing.
    """
    gc.freeze()  # what was loaded stays for good
    gc.set_threshold(200_000, 5, 5)


def main() -> int:
    """Run one worker; the exit code is DONE (also when stopped), EXPIRED or FAILED."""
    calm()
    orders = json.loads(sys.stdin.readline())
    logs.to_standard_error(orders["database"], verbose=orders["verbose"])
    try:
        if orders["metrics_port"] is not None:
            metrics.serve(orders["metrics_port"])
        return uvloop.run(_work(orders))
    except (psycopg.Error, FailedError, OSError) as error:
        said = hide(str(error), orders["database"])
        logging.getLogger(__name__).error("%s", said)  # noqa: TRY400  the sentence says it all
        return FAILED


async def _work(orders: dict[str, Any]) -> int:
    door = Door(orders["database"])
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    watch = asyncio.create_task(_until_input_ends(stop))
    shift = Shift(door, stop, _files(), orders["places"])
    try:
        if orders["scan"] is None:
            return await shift.roam(drain=orders["drain"])
        return await shift.work_on(orders["scan"])
    finally:
        watch.cancel()
        door.close(0.2)


async def _until_input_ends(stop: asyncio.Event) -> None:
    """Stop when the parent is gone, however it went: the kernel closes its end of the pipe."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    stop.set()


def _files() -> int:
    """How many targets may be asked at one time: as many as the system gives us files for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_IN_FLIGHT + _SPARE_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(soft - _SPARE_FILES, _MOST_IN_FLIGHT))


if __name__ == "__main__":
    sys.exit(main())
