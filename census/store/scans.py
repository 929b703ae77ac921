"""Scans as rows: made, followed, resumed, ended."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from census.errors import UseError
from census.facts import Outcome
from census.store import crowds, listed

_ENDING = 0x656E6473  # the advisory locks of those who end scans: "ends" in ASCII
FRESH = 5  # seconds after its last sign of life in which a scan is said to run; workers give one each second
DEMO = "DEMO (simulated)"  # the authorisation's reference of scans that `census demo` makes


class NoSuchScanError(UseError):
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
class Progress:
    """How far a scan is; `rate` is targets a second in its present run, `eta` seconds, None when not to be told.

    `expired` is the last day of the authorisation of an unfinished scan, where that has passed.
    """

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
    stopped: bool = False
    expired: date | None = None


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
        """truncate scan, chunk, observation, saying, sighting, inventory, listing, model, family, endpoint, host,
                    place, network, software, judgement, pruning, worker restart identity"""
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


def complete(connection: Connection[Any], scan: int, settings: dict[str, Any], lists: dict[str, Any]) -> None:
    """Store what is known once the lists have been read: settings as they apply, names and faults of the lists."""
    connection.execute("update scan set settings = %s, lists = %s where id = %s", (Jsonb(settings), Jsonb(lists), scan))


def antedate(connection: Connection[Any], scan: int, began: datetime, ended: datetime) -> None:
    """Say when a scan was that nobody made when it was stored: the simulation's earlier ones."""
    connection.execute(
        "update scan set began = %s, resumed = %s, ended = %s where id = %s", (began, began, ended, scan)
    )


def touch(connection: Connection[Any], scan: int) -> None:
    """Say that somebody sees to an unfinished scan, while its workers may still be starting."""
    connection.execute(
        "update scan set heartbeat = clock_timestamp() where id = %s and ended is null and stopped is null", (scan,)
    )


def stop(connection: Connection[Any], scan: int) -> bool:
    """Note that its user stopped a scan, so that all workers leave it until it is resumed; False if it has ended."""
    row = connection.execute(
        "update scan set stopped = coalesce(stopped, now()) where id = %s and ended is null returning id", (scan,)
    ).fetchone()
    return row is not None


def begin_again(connection: Connection[Any], scan: int, settings: dict[str, Any] | None = None) -> None:
    """Mark the start of a new run of an unfinished scan, under new settings if given."""
    connection.execute(
        """update scan set resumed = now(), heartbeat = now(), stopped = null, settings = coalesce(%s, settings),
               done_before = (select coalesce(sum(n), 0) from chunk, unnest(counts) as n where scan_id = scan.id)
           where id = %s""",
        (None if settings is None else Jsonb(settings), scan),
    )


def end(connection: Connection[Any], scan: int) -> bool:
    """Close a scan if all its chunks are done, with what its endpoints together tell; says whether it is closed.

    Whoever comes first does it, once; False also while somebody else is at it.
    """
    with connection.transaction():
        # Not the scan's row is locked: the workers' signs of life must not wait until the crowds have been judged.
        row = connection.execute("select pg_try_advisory_xact_lock(%s, %s::int)", (_ENDING, scan)).fetchone()
        if row is None or not row[0]:
            return False
        row = connection.execute(
            """select ended is not null, exists (select from chunk where scan_id = scan.id and not done)
               from scan where id = %s""",
            (scan,),
        ).fetchone()
        if row is None or row[0] or row[1]:
            return row is not None and bool(row[0])
        listed.fill(connection)
        crowds.judge(connection)
        connection.execute("update scan set ended = now(), heartbeat = null, stopped = null where id = %s", (scan,))
    return True


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
    if not names:
        raise NoSuchScanError("the database has no scan yet; `census scan --help` shows how to make one")
    there = ", ".join(f"{number} ({name})" if name else str(number) for number, name in names)
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
        """select name, targets, done_before, began, resumed, ended, heartbeat, stopped, unexpected_errors, now(),
                  (select day from (select (settings #>> '{scope,valid_until}')::date) as its(day)
                   where ended is null and day < (now() at time zone 'UTC')::date)
           from scan where id = %s""",
        (scan,),
    ).fetchone()
    assert row is not None
    name, targets, before, began, resumed, ended, heartbeat, stopped, errors, now, expired = row
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
    state = _state(ended, None if stopped or expired else heartbeat, now)
    eta = (targets - done) / rate if rate > 0 and state is State.RUNNING else None
    return Progress(
        scan, name, state, targets, done, dict(sorted(outcomes.items())), int(sent[0]), int(sent[1]), int(errors),
        ((ended or now) - began).total_seconds(), rate, eta, stopped is not None, expired,
    )  # fmt: skip


def _state(ended: datetime | None, heartbeat: datetime | None, now: datetime) -> State:
    if ended is not None:
        return State.DONE
    if heartbeat is not None and (now - heartbeat).total_seconds() < FRESH:
        return State.RUNNING
    return State.INTERRUPTED
