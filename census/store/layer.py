"""The SQL that lies over the tables: what is in the schemas `stats` and `export`, laid down and taken up again.

What was laid is written down in the table `laid`. So an upgrade removes what an earlier one made and nothing else:
a view that a researcher keeps in these schemas stays, and so do rights granted on them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, inspect, select, text

import census
from census import advisories
from census.store import meanings, notes
from census.store.outcomes import MEANINGS
from census.store.statistics import FILES, head

_SCHEMAS = {
    "stats": "Statistics: a function and a view of its defaults for each, with its definition as comment. Made anew by"
    " every upgrade; keep views of your own in a schema of your own",
    "export": "The rows of the census as `census export` writes them. Made anew by every upgrade",
}
_EXPORTS = ("targets", "endpoints", "observations", "models", "sightings", "inventories", "hosts", "judgements")

_OBJECTS = text("""
    select format('view %I.%I', n.nspname, c.relname)
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any (:schemas) and c.relkind = 'v'
    union all
    select format('function %I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes))
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = any (:schemas) and p.prokind = 'f'
""")

_WHOLE = text("""
    select coalesce(bool_and(case
        when object like 'view %' then to_regclass(substr(object, 6)) is not null
        else to_regprocedure(substr(object, 10)) is not null
    end), false)
    from laid, unnest(objects) object
""")


class Laid(NamedTuple):
    """What the last upgrade noted: the digest of its SQL and the version of census that it was."""

    digest: str
    version: str


def laid(connection: Connection) -> Laid | None:
    """What is laid down now, None in a database that has none."""
    if not inspect(connection).has_table("laid"):
        return None
    row = connection.execute(select(notes.laid.c.digest, notes.laid.c.version)).one_or_none()
    return None if row is None else Laid(row.digest, row.version)


def is_whole(connection: Connection) -> bool:
    """Whether everything that was laid down is still there."""
    return bool(connection.scalar(_WHOLE))


def digest(migrations: Iterable[Path]) -> str:
    """SHA-256 over all that an upgrade brings: our SQL, meanings of outcomes, advisories, and these migrations."""
    parts = [*_scripts(), meanings.source()]
    parts += [f"{key.value} {key.word} {meaning}" for key, meaning in MEANINGS.items()]
    parts += advisories.texts()
    parts += [path.read_text(encoding="utf-8") for path in migrations]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def take_up(connection: Connection) -> None:
    """Drop what was laid down, views before the functions they call.

    Raises Postgres' DependentObjectsStillExist when an object that is not ours stands on it.
    """
    if laid(connection) is None:
        return
    objects: list[str] = connection.scalars(select(notes.laid.c.objects)).one()
    for kind in ("view ", "function "):
        ours = ", ".join(name.removeprefix(kind) for name in objects if name.startswith(kind))
        _run(connection, f"drop {kind} if exists {ours}")


def lay(connection: Connection, digest: str) -> None:
    """Create both schemas and all that is in them, each object with the head of its file as comment, and note it."""
    for name, comment in _SCHEMAS.items():
        _run(connection, f"create schema if not exists {name}")
        _comment(connection, f"schema {name}", comment)
    others = _objects(connection)
    for script in _scripts():
        before = _objects(connection)
        _run(connection, script)
        for made in _objects(connection) - before:
            _comment(connection, made, head(script))
    connection.execute(delete(notes.laid))
    objects = sorted(_objects(connection) - others)
    _comment_on_columns(connection, objects)
    connection.execute(insert(notes.laid).values(digest=digest, version=census.__version__, objects=objects))


def _comment_on_columns(connection: Connection, objects: Iterable[str]) -> None:
    """Say of each column of our views what it means; a researcher's own views beside them are left alone."""
    found = (each for schema in _SCHEMAS for each in meanings.described(connection, schema))
    ours = [each for each in found if f"view {each.schema}.{each.table}" in objects]
    _run(connection, meanings.comments((each.schema, each.table, each.column) for each in ours))


def _scripts() -> list[str]:
    exports = Path(__file__).parent / "exports"
    paths = [*FILES, *(exports / f"{name}.sql" for name in _EXPORTS)]
    return [path.read_text(encoding="utf-8") for path in paths]


def _objects(connection: Connection) -> set[str]:
    return set(connection.scalars(_OBJECTS, {"schemas": list(_SCHEMAS)}))


def _comment(connection: Connection, thing: str, comment: str) -> None:
    """Comment on a thing; the names of our things come from the catalogue, quoted by it."""
    statement = connection.scalar(
        text("select format('comment on %s is %L', cast(:thing as text), cast(:comment as text))"),
        {"thing": thing, "comment": comment},
    )
    _run(connection, str(statement))


def _run(connection: Connection, sql: str) -> None:
    connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
