"""The opt-out list: who asked to be left alone, and a version by which running workers notice every change.

A change takes a lock that every batch of a worker shares. A batch that was made under another version is refused, so
nothing is written of an opted-out target once the command that entered it has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from psycopg import Connection, Cursor

from census.errors import UseError
from census.store.connect import connect
from census.targets.addresses import Network, written

# The highest number and the count. Numbers only grow and changes come one after another, so equal versions are equal
# lists.
Version: TypeAlias = tuple[int, int]

EMPTY: Version = (0, 0)
_SHOWN = 5  # missing entries that an error names
_LOCK = 0x0F707560  # of the advisory locks of this database; any number that nothing else uses


class NotListedError(UseError):
    """What was to be removed is not on the list; the message names it."""


@dataclass(frozen=True, slots=True)
class OptOuts:
    """The entries of one version, as the gate takes them."""

    version: Version
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One row of the list."""

    entry: str
    note: str | None
    added_by: str
    added_at: datetime


def version(cursor: Cursor[Any]) -> Version:
    """The version of the list, which changes with every change of it."""
    row = cursor.execute("select coalesce(max(id), 0), count(*) from exclusion").fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def hold(cursor: Cursor[Any]) -> Version:
    """The version, which nobody changes until the end of this transaction; many may hold it."""
    cursor.execute("select pg_advisory_xact_lock_shared(%s)", (_LOCK,))
    return version(cursor)


def newer(connection: Connection[Any], known: Version) -> OptOuts | None:
    """The list if its version is not the one that is known."""
    with connection.transaction(), connection.cursor() as cursor:
        now = hold(cursor)
        if now == known:
            return None
        rows = cursor.execute("select entry from exclusion order by id").fetchall()
    return OptOuts(now, tuple(entry for (entry,) in rows))


def entries(url: str) -> tuple[str, ...]:
    """The entries of the list in the database at `url`."""
    with connect(url) as connection:
        found = newer(connection, EMPTY)
    return () if found is None else found.entries


def listed(connection: Connection[Any]) -> list[Exclusion]:
    """All rows, the oldest first."""
    rows = connection.execute("select entry, note, added_by, added_at from exclusion order by added_at, entry")
    return [Exclusion(*row) for row in rows]


def enter(cursor: Cursor[Any], entries: Sequence[Network | str], note: str | None, added_by: str) -> int:
    """Enter opt-outs and keep every batch and every other change out until the end of this transaction.

    Gives how many were not there before. Each gets a new number, also one that was there: whoever enters it again, to
    purge, is noticed by the workers.
    """
    before = _alone(cursor)
    cursor.executemany(
        """insert into exclusion (entry, network, note, added_by, added_at) values (%s, %s, %s, %s, now())
           on conflict (entry) do update set id = default, note = coalesce(excluded.note, exclusion.note)""",
        [(written(entry), None if isinstance(entry, str) else str(entry), note, added_by) for entry in entries],
    )
    return version(cursor)[1] - before[1]


def remove(connection: Connection[Any], entries: Iterable[Network | str]) -> int:
    """Take opt-outs back, all or none, and give how many. Raises NotListedError."""
    wanted = [written(entry) for entry in entries]
    with connection.transaction(), connection.cursor() as cursor:
        _alone(cursor)
        gone = {
            row[0] for row in cursor.execute("delete from exclusion where entry = any(%s) returning entry", (wanted,))
        }
        missing = [entry for entry in wanted if entry not in gone]
        if missing:
            shown = ", ".join(missing[:_SHOWN]) + (" and more" if len(missing) > _SHOWN else "")
            raise NotListedError(
                f"not on the list: {shown}; nothing was removed, `census exclude list` shows what is there"
            )
    return len(gone)


def _alone(cursor: Cursor[Any]) -> Version:
    cursor.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
    return version(cursor)
