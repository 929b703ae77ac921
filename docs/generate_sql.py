"""Writes docs/sql.md from the comments of a database of the current schema: `python docs/generate_sql.py`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from sqlalchemy import Connection, text

from census.store import meanings, migrate
from census.store.connect import engine
from census.store.embedded import Embedded
from census.store.statistics import STATISTICS

PAGE = Path(__file__).with_name("sql.md")
_HEAD = Path(__file__).with_name("sql-head.md.in")
_OWN = ("alembic_version",)  # Alembic's, not ours

_FUNCTIONS = text("""
    select p.proname, pg_get_function_arguments(p.oid), obj_description(p.oid)
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'stats'
    order by p.proname
""")
_VIEWS = text("select viewname from pg_views where schemaname = 'stats'")


def page(connection: Connection) -> str:
    """The whole page: what is written by hand in sql-head.md.in, then tables, statistics and exports as they are."""
    functions = {name: (arguments, about) for name, arguments, about in connection.execute(_FUNCTIONS)}
    views = set(connection.scalars(_VIEWS))
    parts = [_HEAD.read_text(encoding="utf-8").rstrip(), "## Tables"]
    parts += _tables(meanings.described(connection, "public"))
    parts += ["## Statistics", *_statistics(meanings.described(connection, "stats"), functions)]
    parts += [
        "## What the statistics are built on",
        _list((name, *functions[name]) for name in functions.keys() - views),
    ]
    parts += ["## Export views", *_tables(meanings.described(connection, "export"))]
    return "\n\n".join(parts) + "\n"


def _tables(found: Iterable[meanings.Described]) -> Iterator[str]:
    for name, group in groupby(found, lambda each: each.table):
        if name not in _OWN:
            of = list(group)
            schema = "" if of[0].schema == "public" else f"{of[0].schema}."
            yield f"### `{schema}{name}`"
            yield f"{of[0].about}."
            yield _columns(of)


def _statistics(found: Iterable[meanings.Described], functions: dict[str, tuple[str, str]]) -> Iterator[str]:
    names = {each.function: each.name for each in STATISTICS.values()}
    for name, group in groupby(found, lambda each: each.table):
        arguments, about = functions[name]
        called = f" (`census stats {names[name]}`)" if name in names else ""
        yield f"### `stats.{name}`{called}"
        yield _safe(about)
        yield f"```sql\nstats.{name}({_short(arguments)})\n```"
        yield _columns(group)


def _list(functions: Iterable[tuple[str, str, str]]) -> str:
    return "\n".join(
        f"- `stats.{name}({_short(arguments)})`: {_safe(about)}" for name, arguments, about in sorted(functions)
    )


def _columns(found: Iterable[meanings.Described]) -> str:
    rows = [f"| `{each.column}` | {each.type} | {_safe(each.meaning)} | {each.unit} |" for each in found]
    return "\n".join(["| column | type | meaning | unit |", "|---|---|---|---|", *rows])


def _short(arguments: str) -> str:
    return (
        arguments.replace(" DEFAULT NULL::timestamp with time zone", " default null")
        .replace("timestamp with time zone", "timestamptz")
        .replace(" DEFAULT NULL::bigint", " default null")
        .replace("::text", "")
        .replace("DEFAULT", "default")
    )


def _safe(text: str) -> str:
    """A sentence in a cell of a table."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, Embedded(Path(folder)) as server:
        migrate.upgrade(server.url)
        with engine(server.url).connect() as connection:
            PAGE.write_text(page(connection), encoding="utf-8")
    print(f"wrote {PAGE}")
