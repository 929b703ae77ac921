"""The chunks of a scan: stored, claimed by a worker, split when others have nothing left to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from psycopg import ClientCursor, Connection

from census.facts import Outcome, Target

STALE = 15  # seconds without a write after which a worker counts as gone

Way: TypeAlias = tuple[str, int, bool]  # an address, a port, and whether only what was asked by TLS counts


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


def claim(connection: Connection[Any], scan: int, worker: str, run: datetime | None = None) -> Claim | None:
    """Take the next open chunk of a scan, or one whose worker went silent; None when there is none to take.

    Nothing is taken of a scan that was stopped, nor, where `run` is given, of one that was begun again since.
    """
    row = connection.execute(
        """update chunk set worker = %s, attempt = attempt + 1, claimed_at = now()
            where scan_id = %s and number = (
                select number from chunk
                where scan_id = %s and not done
                  and exists (select from scan where id = %s and stopped is null
                                                 and (%s::timestamptz is null or resumed = %s))
                  and (worker is null or claimed_at < now() - make_interval(secs => %s))
                  and (not follows or (select before.done from chunk as before
                                       where before.scan_id = chunk.scan_id and before.number = chunk.number - 1))
                order by number limit 1 for update skip locked)
            returning number, attempt, ports, names, tls, outcomes,
                array(select host(a) from unnest(addresses) with ordinality as t(a, n) order by n)""",
        (worker, scan, scan, scan, run, run, STALE),
    ).fetchone()
    if row is None:
        return None
    number, attempt, ports, names, tls, outcomes, addresses = row
    count = len(ports)
    same = {port: port for port in ports}  # each number once, not for each target
    ports = [same[port] for port in ports]
    targets = map(Target, addresses, ports, names or [None] * count, tls or [None] * count)
    return Claim(scan, number, attempt, tuple(targets), bytes(outcomes))


def outcomes(connection: Connection[Any], claim: Claim) -> bytes | None:
    """The outcome bytes of a chunk as they are stored; None if another worker has taken it over."""
    row = connection.execute(
        "select outcomes from chunk where scan_id = %s and number = %s and attempt = %s",
        (claim.scan, claim.number, claim.attempt),
    ).fetchone()
    return None if row is None else bytes(row[0])


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


def recognised(connection: Connection[Any], scan: int, way: Way) -> Outcome | None:
    """What an endpoint was when this scan recognised it, as another of its targets; None if it did not."""
    address, port, tls = way
    row = connection.execute(
        """select observation.outcome from host
           join endpoint on endpoint.host_id = host.id and endpoint.port = %s
           join observation on observation.endpoint_id = endpoint.id
           where host.address = %s and observation.scan_id = %s and observation.sighting_id is not null
             and (endpoint.certificate is not null or not %s)
           order by observation.observed_at desc limit 1""",
        (port, address, scan, tls),
    ).fetchone()
    return None if row is None else Outcome(row[0])


def recognised_before(connection: Connection[Any], claim: Claim) -> dict[Way, Outcome]:
    """Of the addresses and ports of a chunk, those that this scan has recognised as other targets: by a name.

    Few endpoints were ever found by a name, which they keep; only of those the observations are looked through.
    """
    rows = connection.execute(
        """select host(host.address), endpoint.port, coalesce(target.tls, false), observation.outcome
           from chunk, unnest(chunk.addresses, chunk.ports, chunk.tls) as target(address, port, tls)
           join host on host.address = target.address
           join endpoint on endpoint.host_id = host.id and endpoint.port = target.port
           join observation on observation.endpoint_id = endpoint.id
           where chunk.scan_id = %s and chunk.number = %s and endpoint.name is not null
             and observation.scan_id = chunk.scan_id and observation.sighting_id is not null
             and (endpoint.certificate is not null or target.tls is not true)""",
        (claim.scan, claim.number),
    )
    return {(address, port, tls): Outcome(outcome) for address, port, tls, outcome in rows}


def open_chunks(connection: Connection[Any], scan: int) -> int:
    """How many chunks of a scan are not done, held by somebody or not."""
    row = connection.execute("select count(*) from chunk where scan_id = %s and not done", (scan,)).fetchone()
    return int(row[0]) if row else 0


# Sent as one message, as workers give signs of life. The lock makes the new numbers come one after another.
_SPLIT = """
select pg_advisory_xact_lock(%(lock)s, %(scan)s::int);
with old as (
    select * from chunk
    where scan_id = %(scan)s and number = %(number)s and attempt = %(attempt)s and not done
      and length(outcomes) = %(size)s
    for update
), made as (
    insert into chunk (scan_id, number, addresses, ports, names, tls, outcomes, counts)
    select scan_id, (select max(number) + 1 from chunk where scan_id = %(scan)s),
           array(select addresses[n + 1] from unnest(%(moved)s::int[]) with ordinality as t(n, place) order by place),
           array(select ports[n + 1] from unnest(%(moved)s::int[]) with ordinality as t(n, place) order by place),
           case when names is not null then
             array(select names[n + 1] from unnest(%(moved)s::int[]) with ordinality as t(n, place) order by place) end,
           case when tls is not null then
             array(select tls[n + 1] from unnest(%(moved)s::int[]) with ordinality as t(n, place) order by place) end,
           decode(repeat('00', cardinality(%(moved)s::int[])), 'hex'), %(none)s
    from old
)
update chunk set
    addresses = array(select old.addresses[n + 1] from unnest(%(kept)s::int[]) as n order by n),
    ports = array(select old.ports[n + 1] from unnest(%(kept)s::int[]) as n order by n),
    names = case when old.names is not null
            then array(select old.names[n + 1] from unnest(%(kept)s::int[]) as n order by n) end,
    tls = case when old.tls is not null
          then array(select old.tls[n + 1] from unnest(%(kept)s::int[]) as n order by n) end,
    outcomes = (select string_agg(substring(old.outcomes from n + 1 for 1), ''::bytea order by n)
                from unnest(%(kept)s::int[]) as n)
from old where chunk.scan_id = old.scan_id and chunk.number = old.number
"""
_LOCK = 0x73706C74  # the advisory locks of splits: "splt" in ASCII


def split(connection: Connection[Any], claim: Claim, size: int, moved: Sequence[int]) -> bool:
    """Make a chunk of its own of the targets at `moved`, none of which has an outcome, for others to take.

    Places count in the chunk as it is stored, of `size` targets. False when the chunk is no longer this worker's.
    """
    gone = set(moved)
    kept = [place for place in range(size) if place not in gone]
    ClientCursor(connection).execute(
        _SPLIT,
        {
            "lock": _LOCK, "scan": claim.scan, "number": claim.number, "attempt": claim.attempt, "size": size,
            "moved": list(moved), "kept": kept, "none": counts(b""),
        },
    )  # fmt: skip
    # Asked for apart: after a lost connection the split may have been done before.
    row = connection.execute(
        "select length(outcomes) from chunk where scan_id = %s and number = %s and attempt = %s and not done",
        (claim.scan, claim.number, claim.attempt),
    ).fetchone()
    return row is not None and row[0] == len(kept)
