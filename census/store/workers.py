"""The workers alive on a scan: who is there, and how much of the scan's rate each may use.

What a worker may open counts as taken until it has said that it uses less, or its lease has ended. A worker stops by
itself when its lease ends, so what all may open together is never more than the rate, whoever comes, goes or hangs.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import ClientCursor, Connection

from census.store.claims import STALE
from census.store.scans import DEMO

_LAUNCHER = 2.0  # seconds of silence after which a launcher counts as dead; it gives a sign twice a second
LEASE = 10.0  # seconds that a grant holds after the sign of life that brought it; less than claims.STALE


@dataclass(frozen=True, slots=True)
class Joined:
    """A worker's row, and the run of the scan that it joined: after a resume the settings may be others."""

    row: int
    scan: int
    run: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a sign of life was answered: connections a second that are granted, and whether to go on.

    `over` says that the scan was stopped, has ended or was begun again under other settings; `idle` counts workers
    that have nothing to do; `known` is False where the worker's row is gone, because it was silent for long.
    """

    rate: float
    stopped: bool
    over: bool
    idle: int
    known: bool = True


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of life: what the worker uses of the rate, whether it has targets to ask, and the chunks it holds.

    `chunks` are pairs of number and attempt; `faults` counts faults of ours since the last sign.
    """

    using: float
    working: bool
    chunks: Sequence[tuple[int, int]] = ()
    faults: int = 0


# Sent as one message, so that the locks are never held while a client is waited for. Each statement sees what was
# committed until it began, so the shares are reckoned after the scan's row has been locked.
_BEAT = """
update scan set heartbeat = clock_timestamp(), unexpected_errors = unexpected_errors + %(faults)s where id = %(scan)s;
delete from worker where scan_id = %(scan)s and id <> %(row)s and heartbeat < now() - interval '10 minutes';
update chunk set claimed_at = clock_timestamp()
    where scan_id = %(scan)s and not done
      and (number, attempt) in (select * from unnest(%(numbers)s::int[], %(attempts)s::int[]));
with others as (
    select count(*) filter (where working) as busy, count(*) filter (where not working) as idle,
           coalesce(sum(rate), 0) as taken
    from worker
    where scan_id = %(scan)s and id <> %(row)s and heartbeat > clock_timestamp() - make_interval(secs => %(lease)s)
), scan_now as (
    select stopped is not null as stopped, ended is not null or resumed is distinct from %(run)s::timestamptz as over,
           (settings ->> 'rate')::float8 as rate
    from scan where id = %(scan)s
), granted as (
    select case when %(working)s and not stopped and not over
                then greatest(0, least(rate / (busy + 1), rate - taken)) else 0 end as rate,
           stopped, over, idle
    from scan_now, others
), noted as (
    update worker set heartbeat = clock_timestamp(), working = %(working)s, backend = pg_backend_pid(),
                      rate = greatest(granted.rate, %(using)s)
    from granted where worker.id = %(row)s returning worker.id
)
select rate, stopped, stopped or over, idle, exists (select from noted) from granted;
"""


def machine() -> str:
    """The name of this machine, with the number of its process namespace where that is not the machine's first."""
    if sys.platform == "linux":
        space = str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
        if space != "4026531836":  # the first namespace has this number on every Linux
            return f"{socket.gethostname()}/{space}"
    return socket.gethostname()


def worker_name() -> str:
    """Who holds a chunk: machine and process."""
    return f"{machine()}:{os.getpid()}"


def join(connection: Connection[Any], scan: int) -> Joined:
    """Add this process to the workers of a scan, with no share of its rate yet."""
    row = connection.execute(
        """insert into worker (scan_id, machine, process, began, heartbeat, working, rate, backend)
           select id, %s, %s, now(), now(), false, 0, pg_backend_pid() from scan where id = %s
           returning id, (select resumed from scan where id = scan_id)""",
        (machine(), os.getpid(), scan),
    ).fetchone()
    assert row is not None
    return Joined(int(row[0]), scan, row[1])


def beat(connection: Connection[Any], joined: Joined, sign: Sign) -> Standing:
    """Give a sign of life for a worker and the chunks it holds, and learn its share of the rate."""
    cursor = ClientCursor(connection)
    cursor.execute(
        _BEAT,
        {
            "scan": joined.scan, "row": joined.row, "run": joined.run, "using": sign.using, "working": sign.working,
            "faults": sign.faults, "lease": LEASE, "numbers": [number for number, _ in sign.chunks],
            "attempts": [attempt for _, attempt in sign.chunks],
        },
    )  # fmt: skip
    while cursor.nextset():
        pass
    row = cursor.fetchone()
    if row is None:
        return Standing(0.0, stopped=False, over=True, idle=0)  # the scan itself was deleted
    return Standing(float(row[0]), bool(row[1]), bool(row[2]), int(row[3]), bool(row[4]))


def leave(connection: Connection[Any], joined: Joined) -> None:
    """Take a worker off its scan; the last one leaves word that nobody works on it."""
    connection.execute("delete from worker where id = %s", (joined.row,))
    note_nobody(connection, joined.scan)


def note_nobody(connection: Connection[Any], scan: int) -> None:
    """Leave word that nobody works on a scan, if nobody does."""
    connection.execute(
        """update scan set heartbeat = null where id = %s and not exists (
               select from worker
               where scan_id = scan.id and heartbeat > clock_timestamp() - make_interval(secs => %s))""",
        (scan, LEASE),
    )


def bury(connection: Connection[Any], scan: int) -> None:
    """Free what dead workers hold: processes of this machine that are gone, and sessions of those silent for long.

    A worker that froze in the middle of a transaction would hold its locks for as long as its connection lives.
    """
    here = connection.execute(
        """select id, process from worker where scan_id = %s and machine = %s
           union select null, split_part(worker, ':', -1)::int from chunk
                 where scan_id = %s and starts_with(worker, %s) and not done""",
        (scan, machine(), scan, f"{machine()}:"),
    ).fetchall()
    dead = [(row, process) for row, process in here if not _lives(process)]
    connection.execute(
        "update chunk set worker = null where scan_id = %s and worker = any(%s) and not done",
        (scan, [f"{machine()}:{process}" for _, process in dead]),
    )
    connection.execute("delete from worker where id = any(%s)", ([row for row, _ in dead if row is not None],))
    connection.execute(
        """select pg_terminate_backend(session.pid) from worker
           join pg_stat_activity as session on session.pid = worker.backend
            and session.backend_start < worker.heartbeat and session.usename = current_user
            and session.wait_event = 'ClientRead'
           where scan_id = %s and heartbeat < clock_timestamp() - make_interval(secs => %s)""",
        (scan, STALE),
    )


def forsaken(connection: Connection[Any], scan: int) -> bool:
    """Whether all workers of a scan were processes of this machine, and none of them lives; changes nothing.

    A launcher that lives would have given a sign of life within the last seconds, and starts others.
    """
    rows = connection.execute(
        """select machine, process from worker join scan on scan.id = scan_id
           where scan_id = %s and scan.heartbeat < clock_timestamp() - make_interval(secs => %s)""",
        (scan, _LAUNCHER),
    ).fetchall()
    return bool(rows) and not any(name != machine() or _lives(process) for name, process in rows)


def holders(connection: Connection[Any], scan: int) -> list[str]:
    """Workers that hold chunks of a scan and gave a sign of life lately; what the dead hold is freed first."""
    bury(connection, scan)
    rows = connection.execute(
        """select distinct worker from chunk
           where scan_id = %s and worker is not null and not done
             and claimed_at > clock_timestamp() - make_interval(secs => %s)""",
        (scan, STALE),
    )
    return sorted(worker for (worker,) in rows)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass(frozen=True, slots=True)
class OpenScan:
    """A scan that workers may join; `claimable` says that a chunk of it can be taken at this moment."""

    scan: int
    claimable: bool
    expired: bool


def open_scans(connection: Connection[Any]) -> list[OpenScan]:
    """The scans that have not ended and were not stopped, the oldest first; the demo's are its own affair."""
    rows = connection.execute(
        """select id,
                  exists (select from chunk where scan_id = scan.id and not done
                          and (worker is null or claimed_at < clock_timestamp() - make_interval(secs => %s))),
                  (settings #>> '{scope,valid_until}')::date < (now() at time zone 'UTC')::date
           from scan where ended is null and stopped is null and reference <> %s order by id""",
        (STALE, DEMO),
    )
    return [OpenScan(int(scan), claimable, expired) for scan, claimable, expired in rows]


def open_elsewhere(connection: Connection[Any], scan: int) -> bool:
    """Whether another scan than this one has a chunk to take."""
    return any(each.claimable and not each.expired and each.scan != scan for each in open_scans(connection))
