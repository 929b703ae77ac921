"""A worker as a process of its own: orders come as one line of JSON on standard input, whose end means stop.

Started by `census.scan.crew`; the database's address comes this way because a command line is readable by all.
"""

from __future__ import annotations

import asyncio
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
from census.scan.settings import Settings
from census.scan.worker import Worker
from census.store import scans
from census.store.connect import DatabaseError, connect

DONE, FAILED, EXPIRED = 0, 1, 2
_SPARE_FILES = 200  # for the database, place files and the loop itself
_MOST_IN_FLIGHT = 20_000


def main() -> int:
    """Run one worker; the exit code is DONE (also when stopped), FAILED or EXPIRED."""
    orders = json.loads(sys.stdin.readline())
    logging.basicConfig(level=logging.DEBUG if orders["verbose"] else logging.WARNING, format=_FORMAT % orders["scan"])
    try:
        if orders["metrics_port"] is not None:
            metrics.serve(orders["metrics_port"])
        return uvloop.run(_work(orders))
    except (psycopg.Error, DatabaseError) as error:
        logging.getLogger(__name__).error("the database failed: %s", error)  # noqa: TRY400  the sentence says it all
        return FAILED
    except FailedError as error:
        logging.getLogger(__name__).error("%s", error)  # noqa: TRY400  the sentence says it all
        return FAILED


_FORMAT = "%%(asctime)s %%(levelname)s scan=%s worker=%%(process)d %%(name)s: %%(message)s"


async def _work(orders: dict[str, Any]) -> int:
    with connect(orders["database"]) as connection:
        settings = Settings.from_json(scans.settings(connection, orders["scan"]))
        worker = Worker(connection, orders["scan"], settings, _files())
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, worker.stop.set)
        # Ctrl-C reaches the whole group; the parent decides and tells us.
        loop.add_signal_handler(signal.SIGINT, lambda: None)
        watch = asyncio.create_task(_until_input_ends(worker.stop))
        try:
            await worker.run()
        finally:
            watch.cancel()
        scans.rest(connection, orders["scan"])
        return EXPIRED if worker.expired else DONE


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
