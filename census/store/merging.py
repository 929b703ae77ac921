"""Scans of another census database taken over, so that shards that were scanned apart are counted together.

A scan is known by its uuid, so merging twice adds nothing. What is content-addressed (models, inventories) unifies
by its hash, hosts by address, endpoints by host and port. Rows stream from one database into the other by COPY and
find their numbers there by these keys; the memory of this program does not grow with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import sub
from pathlib import Path
from typing import Any, Final

from psycopg import Connection, Cursor, sql

from census.errors import UseError
from census.store import crowds, idle, judgements, lineages, listed, scans
from census.store.inventories import OF_MODELS, SETS


class MergeError(UseError):
    """The other database cannot be merged; says why and what to do first."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What was taken over: numbers of new scans here, and of new hosts, endpoints, sightings, observations.

    `known` scans were here before; `unfinished` ones of the other database were left out, by their numbers there, and
    so were `simulated` ones, which are the demo's.
    """

    scans: tuple[int, ...]
    known: int
    unfinished: tuple[int, ...]
    simulated: int = 0
    hosts: int = 0
    endpoints: int = 0
    sightings: int = 0
    observations: int = 0


_SCANS: Final = """
    select id, uuid, ended is not null, began < (select max(before) from pruning where observations > 0)
    from scan where reference <> %s order by id
"""
_NUMBERS: Final = """
    create temporary table scan_number on commit drop as
    select f.id as old, scan.id from from_scan f join scan using (uuid)
"""
_LOST: Final = """
    select (select count(*) from from_observation)
        - (select count(*) from observation join scan_number on scan_number.id = observation.scan_id)
"""
_COUNTED: Final = ("host", "endpoint", "sighting", "observation")
_OWN: Final = {"scan": {"id", "heartbeat"}, "chunk": {"scan_id"}, "model": {"id"}}  # columns that are not taken over


def _of(table: str, column: str, condition: str) -> str:
    return f"(select {column} from {table} where {condition})"  # noqa: S608  names and texts of this module


_SEEN: Final = "scan_id = any (%s)"
_SIGHTINGS: Final = f"id in {_of('observation', 'sighting_id', _SEEN)}"
_ENDPOINTS: Final = f"id in {_of('observation', 'endpoint_id', _SEEN)}"
_HOSTS: Final = f"id in {_of('endpoint', 'host_id', _ENDPOINTS)}"
_INVENTORIES: Final = f"id in {_of('sighting', 'inventory_id', _SIGHTINGS)}"

# Of each table the rows that the scans with the numbers %s need.
_NEEDED: Final = {
    "observation": _SEEN,
    "sighting": _SIGHTINGS,
    "endpoint": _ENDPOINTS,
    "host": _HOSTS,
    "saying": f"endpoint_id in {_of('observation', 'endpoint_id', _SEEN)}",
    "place": f"id in {_of('host', 'place_id', _HOSTS)}",
    "network": f"id in {_of('host', 'network_id', _HOSTS)}",
    "software": f"id in {_of('sighting', 'software_id', _SIGHTINGS)}",
    "inventory": _INVENTORIES,
    "model": f"id in {_of('inventory', 'unnest(models)', _INVENTORIES)}",
    "family": "%s::bigint[] is not null",  # a small table
    "exclusion": "%s::bigint[] is not null",  # who opted out there has done so here
}


def merge(target: Connection[Any], source: Connection[Any]) -> Merged:
    """Take over all ended scans of `source` that `target` does not have, wholly or not at all.

    Both have the schema of this program; of `source` one snapshot is read and nothing is written. The demo's scans
    are left out, and go from `target` as when a real scan begins. Raises MergeError, BusyError.
    """
    source.execute("begin isolation level repeatable read read only")
    try:
        with target.transaction():
            idle.require(target, "merging")
            return _merge(target, source)
    finally:
        source.rollback()


def _merge(target: Connection[Any], source: Connection[Any]) -> Merged:
    here = {uuid for (uuid,) in target.execute("select uuid from scan").fetchall()}
    there = source.execute(_SCANS, (scans.DEMO,)).fetchall()
    simulated = _simulated(source)
    new = [row for row in there if row[1] not in here]
    unfinished = tuple(number for number, _, ended, _ in new if not ended)
    wanted = [number for number, _, ended, _ in new if ended]
    known = len(there) - len(new)
    if not wanted:
        return Merged((), known, unfinished, simulated)
    _require_whole(new)
    scans.clear_demo(target)
    target.execute("lock table model, family, inventory, host, endpoint, sighting in share row exclusive mode")
    before = _count(target)
    numbers = _take_scans(target, source, wanted)
    _take_rest(target, source, wanted)
    listed.fill(target)
    crowds.judge(target)
    return Merged(numbers, known, unfinished, simulated, *map(sub, _count(target), before))


def _simulated(source: Connection[Any]) -> int:
    row = source.execute("select count(*) from scan where reference = %s", (scans.DEMO,)).fetchone()
    return int(row[0]) if row else 0


def _require_whole(new: list[tuple[Any, ...]]) -> None:
    pruned = [number for number, _, ended, pruned in new if ended and pruned]
    if pruned:
        raise MergeError(
            f"observations of scan {pruned[0]} of the other database were pruned, so what it saw can no longer be told"
            " from what other scans saw: merge before you prune (a copy from before will do), or give out exports"
        )


def _take_scans(target: Connection[Any], source: Connection[Any], wanted: list[int]) -> tuple[int, ...]:
    """The scans with their chunks; gives their numbers here, and leaves a table of both numbers."""
    _bring(target, source, "scan", "id = any (%s)", wanted)
    columns = _columns(target, "scan")
    add = sql.SQL("insert into scan ({0}) select {0} from from_scan order by id returning id")
    made = target.execute(add.format(columns)).fetchall()
    target.execute(_NUMBERS)
    columns = _columns(source, "chunk")
    for old, number in target.execute("select old, id from scan_number order by old").fetchall():
        read = sql.SQL("copy (select {}::bigint, {} from chunk where scan_id = {}) to stdout")
        write = sql.SQL("copy chunk (scan_id, {}) from stdin")
        _pipe(target, source, read.format(number, columns, old), write.format(columns))
    return tuple(sorted(number for (number,) in made))


def _take_rest(target: Connection[Any], source: Connection[Any], wanted: list[int]) -> None:
    for table, needed in _NEEDED.items():
        _bring(target, source, table, needed, wanted)
    digest = source.execute("select digest from lineage").fetchone()
    lineages.join(target, digest[0] if digest else "mixed")
    known = target.execute("select coalesce(max(id), 0) from software").fetchone()
    _unify(target)
    row = target.execute(_LOST).fetchone()
    assert row == (0,), f"{row} observations found no place"  # then nothing is taken over
    with target.cursor() as cursor:
        new = cursor.execute("select id, name, version from software where id > %s", known).fetchall()
        for number, name, version in new:
            judgements.add(cursor, number, name, version)


def _unify(target: Connection[Any]) -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    filled = sql.SQL(script).format(
        model=_columns(target, "model"),
        sets=sql.SQL(", ").join(map(sql.Identifier, SETS)),
        of_models=sql.SQL(OF_MODELS),
    )
    target.execute(filled)


def _bring(target: Connection[Any], source: Connection[Any], table: str, needed: str, wanted: list[int]) -> None:
    """Copy what is needed of a table into the temporary table `from_...`, which has the same columns."""
    name, its = sql.Identifier(f"from_{table}"), sql.Identifier(table)
    # Without defaults and keys: numbers are those of the other database.
    target.execute(sql.SQL("create temporary table {} on commit drop as select * from {} limit 0").format(name, its))
    columns = _columns(target, f"from_{table}")
    condition = sql.SQL(needed.replace("%s", "{0}")).format(sql.Literal(wanted))
    read = sql.SQL("copy (select {} from {} where {}) to stdout").format(columns, its, condition)
    _pipe(target, source, read, sql.SQL("copy {} ({}) from stdin").format(name, columns))
    target.execute(sql.SQL("analyze {}").format(name))


def _columns(connection: Connection[Any], table: str) -> sql.Composed:
    """All columns of a table that are taken over, so that one which a later version adds is not forgotten.

    Those that the database computes are left to it.
    """
    found = connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
        " and attgenerated = ''"
        " order by attnum",
        (table,),
    ).fetchall()
    return sql.SQL(", ").join(sql.Identifier(name) for (name,) in found if name not in _OWN.get(table, ()))


def _count(connection: Connection[Any]) -> list[int]:
    rows = [connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(t))) for t in _COUNTED]
    return [row[0] for row in map(Cursor.fetchone, rows) if row]


def _pipe(target: Connection[Any], source: Connection[Any], read: sql.Composed, write: sql.Composed) -> None:
    with source.cursor() as there, target.cursor() as here, there.copy(read) as rows, here.copy(write) as copied:
        for block in rows:
            copied.write(block)
