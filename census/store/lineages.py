"""The rules of lineage applied to the models that are stored, and which rules that were.

A new version of census may place models otherwise. What is stored changes only when the researcher says so, for
figures that were published must not change by an upgrade; until then commands say that the rules are others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from psycopg import Connection, Cursor

from census import lineage
from census.facts import Lineage
from census.store import idle, inventories

_PAGE: Final = 5_000  # models in memory at a time

# Without a model there is nothing that other rules could have placed.
_NOTE: Final = """
    insert into lineage as noted (id, digest, placed_at)
    values (1, case when exists (select from model) then 'mixed' else %(digest)s end, now())
    on conflict (id) do update set digest = excluded.digest, placed_at = now() where noted.digest <> %(digest)s
"""
_NOTE_ALL: Final = """
    insert into lineage (id, digest, placed_at) values (1, %s, now())
    on conflict (id) do update set digest = excluded.digest, placed_at = excluded.placed_at
"""
_BEHIND: Final = """
    select exists (select from model) and not exists (select from lineage where digest = %s)
"""

_READ: Final = """
    select id, name, architecture, family, developer, origin, derived, base, rule
    from model where id > %s order by id limit %s
"""
_UPDATE: Final = """
    update model set family = new.family, developer = new.developer, origin = new.origin, derived = new.derived,
        base = new.base, rule = new.rule
    from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::boolean[], %s::text[], %s::text[])
        as new (id, family, developer, origin, derived, base, rule)
    where model.id = new.id
"""
# An insert that finds its row there already would burn a number.
_FAMILIES: Final = """
    merge into family using (
        select distinct on (family) family as name, developer, origin from model
        where family is not null order by family, id
    ) its on its.name = family.name
    when matched and (family.developer, family.origin) is distinct from (its.developer, its.origin) then
        update set developer = its.developer, origin = its.origin
    when not matched then insert (name, developer, origin) values (its.name, its.developer, its.origin)
"""
_NO_LONGER: Final = "delete from family where not exists (select from model where model.family = family.name)"

# In the order in which a batch of a scan takes them, so that neither waits for the other for ever.
_ALONE: Final = "lock table model, family, inventory in share row exclusive mode"


@dataclass(slots=True)
class Refreshed:
    """What the present rules changed: `moves` counts models by family before and after, None for none.

    `others` are models that stayed in their family but are derived otherwise, or placed by another rule.
    """

    models: int = 0
    moves: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    others: int = 0
    inventories: int = 0

    @property
    def changed(self) -> int:
        """How many models are placed otherwise in any way."""
        return self.moves.total() + self.others


def note(cursor: Cursor[Any] | Connection[Any]) -> None:
    """Note that the rules of this program place models from now on, in the caller's transaction."""
    cursor.execute(_NOTE, {"digest": lineage.digest()})


def join(connection: Connection[Any], digest: str) -> None:
    """Note that models which the rules `digest` placed come in, in the caller's transaction and before they do."""
    connection.execute(_NOTE, {"digest": digest})


def behind(connection: Connection[Any]) -> bool:
    """Whether stored models were placed by other rules than those of this program."""
    row = connection.execute(_BEHIND, (lineage.digest(),)).fetchone()
    return bool(row and row[0])


def refresh(connection: Connection[Any], *, dry_run: bool = False) -> Refreshed:
    """Place every stored model by the present rules, wholly or not at all; with `dry_run` only say what would change.

    Raises BusyError while a scan runs.
    """
    told = Refreshed()
    with connection.transaction():
        if not dry_run:
            idle.require(connection, "placing models anew")
            connection.execute(_ALONE)
        for page in _pages(connection):
            _place(connection, page, told, dry_run=dry_run)
        if not dry_run:
            connection.execute(_FAMILIES)
            connection.execute(_NO_LONGER)
            told.inventories = inventories.renew(connection)
            connection.execute(_NOTE_ALL, (lineage.digest(),))
    return told


def _pages(connection: Connection[Any]) -> Iterator[list[tuple[Any, ...]]]:
    last = 0
    while page := connection.execute(_READ, (last, _PAGE)).fetchall():
        yield page
        last = page[-1][0]


def _place(connection: Connection[Any], page: Iterable[tuple[Any, ...]], told: Refreshed, *, dry_run: bool) -> None:
    changed = []
    for number, name, architecture, *before in page:
        told.models += 1
        now = lineage.place(name, architecture)
        if now == (was := Lineage(*before)):
            continue
        changed.append((number, now.family, now.developer, now.origin, now.derived, now.base, now.rule))
        if was.family == now.family:
            told.others += 1
        else:
            told.moves[was.family, now.family] += 1
    if changed and not dry_run:
        connection.execute(_UPDATE, [list(column) for column in zip(*changed, strict=True)])
