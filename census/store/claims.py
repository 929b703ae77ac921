"""The chunks of a scan: stored, claimed by a worker, kept alive, freed when the worker died."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from census.facts import Outcome, Target

STALE = 15  # seconds without a write after which a worker counts as gone


@dataclass(frozen=True, slots=True)
class Claim:
    """A chunk that this worker holds: its targets, their outcome bytes so far, and the attempt that fences it."""

    scan: int
    number: int
    attempt: int
    targets: tuple[Target, ...]
    outcomes: bytes


def add_chunks(connection: Connection[Any], scan: int, chunks: Iterable[tuple[Sequence[Target], bytes, bool]]) -> int:
    """Store chunks: targets, the outcomes known without asking, whether the network is that of the chunk before.

    Gives the number of targets.
    """
    total = 0
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy chunk (scan_id, number, addresses, ports, names, tls, outcomes, counts, done, follows) from stdin"
        ) as copy,
    ):
        for number, (targets, outcomes, follows) in enumerate(chunks):
            total += len(targets)
            copy.write_row((scan, number, *_columns(targets), outcomes, counts(outcomes), 0 not in outcomes, follows))
    connection.execute("update scan set targets = %s, resumed = now() where id = %s", (total, scan))
    return total


def counts(outcomes: bytes) -> list[int]:
    """How many targets ended in each outcome, in the order of the outcomes' numbers."""
    return [outcomes.count(outcome) for outcome in Outcome]


def _columns(targets: Sequence[Target]) -> tuple[Any, ...]:
    names = [target.name for target in targets]
    tls = [target.tls for target in targets]
    return (
        [target.address for target in targets],
        [target.port for target in targets],
        names if any(names) else None,
        None if all(each is None for each in tls) else tls,
    )


def worker_name() -> str:
    """Who holds a chunk: machine and process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def claim(connection: Connection[Any], scan: int, worker: str) -> Claim | None:
    """Take the next open chunk of a scan, or one whose worker went silent; None when there is none to take."""
    row = connection.execute(
        """update chunk set worker = %s, attempt = attempt + 1, claimed_at = now()
            where scan_id = %s and number = (
                select number from chunk
                where scan_id = %s and not done
                  and (worker is null or claimed_at < now() - make_interval(secs => %s))
                  and (not follows or (select before.done from chunk as before
                                       where before.scan_id = chunk.scan_id and before.number = chunk.number - 1))
                order by number limit 1 for update skip locked)
            returning number, attempt, ports, names, tls, outcomes,
                array(select host(a) from unnest(addresses) with ordinality as t(a, n) order by n)""",
        (worker, scan, scan, STALE),
    ).fetchone()
    if row is None:
        return None
    number, attempt, ports, names, tls, outcomes, addresses = row
    count = len(ports)
    targets = map(Target, addresses, ports, names or [None] * count, tls or [None] * count)
    return Claim(scan, number, attempt, tuple(targets), bytes(outcomes))


def known_endpoints(connection: Connection[Any], claim: Claim) -> frozenset[tuple[str, int]]:
    """The (address, port) of those targets that were ever recognised: their failures are worth a row."""
    rows = connection.execute(
        """select host(host.address), endpoint.port
           from chunk, unnest(chunk.addresses, chunk.ports) as target(address, port)
           join host on host.address = target.address
           join endpoint on endpoint.host_id = host.id and endpoint.port = target.port
           where chunk.scan_id = %s and chunk.number = %s""",
        (claim.scan, claim.number),
    )
    return frozenset((address, port) for address, port in rows)


def open_chunks(connection: Connection[Any], scan: int) -> int:
    """How many chunks of a scan are not done, held by somebody or not."""
    row = connection.execute("select count(*) from chunk where scan_id = %s and not done", (scan,)).fetchone()
    return int(row[0]) if row else 0


def keep_alive(connection: Connection[Any], scan: int, worker: str, errors: int) -> None:
    """Say that this worker lives, and how many faults of ours it met since it last said so."""
    connection.execute(
        "update scan set heartbeat = now(), unexpected_errors = unexpected_errors + %s where id = %s", (errors, scan)
    )
    connection.execute(
        "update chunk set claimed_at = now() where scan_id = %s and worker = %s and not done", (scan, worker)
    )


def holders(connection: Connection[Any], scan: int) -> list[str]:
    """Workers that hold chunks of a scan and gave a sign of life lately; chunks of the dead here are freed first."""
    here = f"{socket.gethostname()}:"
    rows = connection.execute(
        """select distinct worker, claimed_at > now() - make_interval(secs => %s)
           from chunk where scan_id = %s and worker is not null and not done""",
        (STALE, scan),
    ).fetchall()
    dead = [worker for worker, _ in rows if worker.startswith(here) and not _lives(worker.removeprefix(here))]
    connection.execute(
        "update chunk set worker = null where scan_id = %s and worker = any(%s) and not done", (scan, dead)
    )
    return sorted(worker for worker, fresh in rows if fresh and worker not in dead)


def _lives(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
