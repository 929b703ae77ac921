"""Scans and their chunks as rows: made, claimed, followed, ended."""

from __future__ import annotations

import enum
import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from census.facts import Outcome, Target

DEMO = "DEMO (simulated)"  # the authorisation's reference of scans that `census demo` makes
STALE = 15  # seconds without a write after which a worker counts as gone


class NoSuchScanError(LookupError):
    """No scan has that number or name, or none is unfinished; the message says which there are."""


class State(enum.StrEnum):
    """Where a scan stands."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class NewScan:
    """What is known of a scan when it begins; `settings` and `places` are stored as JSON."""

    name: str | None
    reference: str
    basis: str
    contact: str
    valid_from: date
    valid_until: date
    authorization_hash: str
    settings: dict[str, Any]
    places: list[dict[str, Any]]
    seed: int
    version: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A chunk that this worker holds: its targets, their outcome bytes so far, and the attempt that fences it."""

    scan: int
    number: int
    attempt: int
    targets: tuple[Target, ...]
    outcomes: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is; `rate` is targets a second in its present run, `eta` seconds, None when not to be told."""

    scan: int
    name: str | None
    state: State
    targets: int
    done: int
    outcomes: dict[str, int]
    requests: int
    connections: int
    unexpected_errors: int
    seconds: float
    rate: float
    eta: float | None


def holds_only_demo(connection: Connection[Any]) -> bool:
    """Whether every scan is one of the demo's; true too when there is none."""
    row = connection.execute("select count(*) from scan where reference <> %s", (DEMO,)).fetchone()
    return row is not None and row[0] == 0


def clear_demo(connection: Connection[Any]) -> bool:
    """Empty a database that holds the demo's scans and no others, so that they never mix with measurements."""
    row = connection.execute("select count(*) from scan").fetchone()
    if row is None or row[0] == 0 or not holds_only_demo(connection):
        return False
    connection.execute(
        """truncate scan, chunk, observation, sighting, inventory, model, family, endpoint, host, place, network,
                    software restart identity"""
    )
    return True


def create(connection: Connection[Any], scan: NewScan) -> int:
    """Store a scan without targets; gives its number."""
    row = connection.execute(
        """insert into scan (name, reference, basis, contact, valid_from, valid_until, authorization_hash,
                             settings, lists, places, seed, version, targets, began, resumed, heartbeat)
           values (%s, %s, %s, %s, %s, %s, %s, %s, '{}', %s, %s, %s, 0, now(), now(), now()) returning id""",
        (
            scan.name, scan.reference, scan.basis, scan.contact, scan.valid_from, scan.valid_until,
            scan.authorization_hash, Jsonb(scan.settings), Jsonb(scan.places), scan.seed,
            scan.version,
        ),
    ).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])


def add_chunks(connection: Connection[Any], scan: int, chunks: Iterable[tuple[Sequence[Target], bytes]]) -> int:
    """Store chunks of targets with the outcomes that are known without asking; gives the number of targets."""
    total = 0
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy chunk (scan_id, number, addresses, ports, names, tls, outcomes, counts, done) from stdin"
        ) as copy,
    ):
        for number, (targets, outcomes) in enumerate(chunks):
            total += len(targets)
            copy.write_row((scan, number, *_columns(targets), outcomes, counts(outcomes), 0 not in outcomes))
    connection.execute("update scan set targets = %s, resumed = now() where id = %s", (total, scan))
    return total


def note_lists(connection: Connection[Any], scan: int, lists: dict[str, Any]) -> None:
    """Store what was read: names of the lists, lines that were no target."""
    connection.execute("update scan set lists = %s where id = %s", (Jsonb(lists), scan))


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


def rest(connection: Connection[Any], scan: int) -> None:
    """Say that nobody works on an unfinished scan any more, if nobody holds a chunk of it."""
    connection.execute(
        """update scan set heartbeat = null where id = %s and ended is null
           and not exists (select from chunk where scan_id = scan.id and worker is not null and not done)""",
        (scan,),
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


def begin_again(connection: Connection[Any], scan: int, settings: dict[str, Any] | None = None) -> None:
    """Mark the start of a new run of an unfinished scan, under new settings if given."""
    connection.execute(
        """update scan set resumed = now(), heartbeat = now(), settings = coalesce(%s, settings),
               done_before = (select coalesce(sum(n), 0) from chunk, unnest(counts) as n where scan_id = scan.id)
           where id = %s""",
        (None if settings is None else Jsonb(settings), scan),
    )


def end(connection: Connection[Any], scan: int) -> bool:
    """Close a scan if all its chunks are done; says whether they are."""
    row = connection.execute(
        """update scan set ended = coalesce(ended, now()), heartbeat = null
           where id = %s and not exists (select from chunk where scan_id = scan.id and not done) returning id""",
        (scan,),
    ).fetchone()
    return row is not None


def find(connection: Connection[Any], wanted: str, *, unfinished: bool = False) -> int:
    """The number of a scan given by number, name or `latest`; raises NoSuchScanError."""
    condition = "ended is null" if unfinished else "true"
    if wanted == "latest":
        query = f"select id from scan where {condition} order by id desc limit 1"  # noqa: S608  two constants
        row = connection.execute(query).fetchone()
    else:
        row = connection.execute(
            "select id from scan where id::text = %s or name = %s order by id::text = %s desc, id desc limit 1",
            (wanted, wanted, wanted),
        ).fetchone()
    if row is not None:
        return int(row[0])
    names = connection.execute("select id, name from scan order by id desc limit 5").fetchall()
    there = ", ".join(f"{number} ({name})" if name else str(number) for number, name in names) or "none"
    what = "no scan is unfinished" if unfinished and wanted == "latest" else f"there is no scan {wanted!r}"
    raise NoSuchScanError(f"{what}; the latest scans are: {there}")


def settings(connection: Connection[Any], scan: int) -> dict[str, Any]:
    """The settings under which a scan runs."""
    row = connection.execute("select settings from scan where id = %s", (scan,)).fetchone()
    assert row is not None
    return dict(row[0])


def summary(connection: Connection[Any], scan: int) -> tuple[int, int, int]:
    """How many endpoints and hosts a scan recognised, and how many models, by name, they listed."""
    row = connection.execute(
        """select count(distinct endpoint.id), count(distinct endpoint.host_id)
           from observation join endpoint on endpoint.id = observation.endpoint_id
           where scan_id = %s and sighting_id is not null""",
        (scan,),
    ).fetchone()
    models = connection.execute(
        """select count(distinct model.name)
           from (select distinct sighting_id from observation where scan_id = %s) as seen
           join sighting on sighting.id = seen.sighting_id
           join inventory on inventory.id = sighting.inventory_id
           join model on model.id = any(inventory.models)""",
        (scan,),
    ).fetchone()
    assert row is not None
    assert models is not None
    return int(row[0]), int(row[1]), int(models[0])


def progress(connection: Connection[Any], scan: int) -> Progress:
    """How far a scan is, from its chunks' counts."""
    row = connection.execute(
        """select name, targets, done_before, began, resumed, ended, heartbeat, unexpected_errors, now()
           from scan where id = %s""",
        (scan,),
    ).fetchone()
    assert row is not None
    name, targets, before, began, resumed, ended, heartbeat, errors, now = row
    sums = connection.execute(
        """select position, sum(n) from chunk, unnest(counts) with ordinality as counted(n, position)
           where scan_id = %s group by position""",
        (scan,),
    ).fetchall()
    outcomes = {Outcome(position).word: int(total) for position, total in sums if total}
    sent = connection.execute(
        "select coalesce(sum(requests), 0), coalesce(sum(connections), 0) from chunk where scan_id = %s", (scan,)
    ).fetchone()
    assert sent is not None
    done = sum(outcomes.values())
    elapsed = max(((ended or now) - (resumed or began)).total_seconds(), 0.001)
    rate = (done - before) / elapsed
    state = _state(ended, heartbeat, now)
    eta = (targets - done) / rate if rate > 0 and state is State.RUNNING else None
    return Progress(
        scan, name, state, targets, done, dict(sorted(outcomes.items())), int(sent[0]), int(sent[1]), int(errors),
        ((ended or now) - began).total_seconds(), rate, eta,
    )  # fmt: skip


def _state(ended: datetime | None, heartbeat: datetime | None, now: datetime) -> State:
    if ended is not None:
        return State.DONE
    if heartbeat is not None and (now - heartbeat).total_seconds() < STALE:
        return State.RUNNING
    return State.INTERRUPTED
