"""Whether the database is at rest: upkeep that touches what a running scan writes waits until the scan is done."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from census.errors import UseError
from census.store.claims import STALE


class BusyError(UseError):
    """A scan is running in the database; the message names it."""


def running(connection: Connection[Any]) -> int | None:
    """The number of a scan of which a worker gave a sign of life lately; None if there is none."""
    row = connection.execute(
        "select id from scan where ended is null and heartbeat > now() - make_interval(secs => %s) order by id limit 1",
        (STALE,),
    ).fetchone()
    return None if row is None else int(row[0])


def require(connection: Connection[Any], what: str) -> None:
    """Raise BusyError, which says that `what` has to wait, if a worker gave a sign of life lately."""
    scan = running(connection)
    if scan is not None:
        raise BusyError(
            f"scan {scan} is running, and {what} must wait: `census status {scan}` shows how far it is; "
            "let it end, or interrupt it and resume it afterwards"
        )
