"""Rows that many observations share, found or made once: models, inventories, software, places, networks.

Each worker keeps the numbers it has seen in bounded caches; new rows are sent by COPY and inserted in the order of
their hashes, so that two workers that meet the same new models wait for each other and never deadlock.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from psycopg import Cursor

from census import lineage, metrics
from census.facts import Lineage, Model, Observation
from census.places import Place
from census.store import judgements, lineages
from census.store.identity import inventory_hash, model_hash
from census.store.inventories import OF_MODELS, SETS

_CACHED = 2_000  # numbers kept of each sort before a cache starts anew: 0.4 MB, and the popular ones come again at once

_TEMPORARY = """
create temporary table if not exists new_model (
    hash bytea, name text, digest text, size bigint, format text, architecture text, parameters bigint,
    quantization text, context_length bigint, context_served bigint, capabilities text[], tools smallint,
    tools_source text, tools_level text, remote boolean, template_hash text,
    family text, developer text, origin text, derived boolean, base text, rule text
) on commit delete rows;
create temporary table if not exists new_inventory (
    hash bytea, models bigint[], size integer, cut boolean
) on commit delete rows;
"""

# In the order of their names, as for all that several workers insert; known ones would burn a number each.
_FAMILIES = """
insert into family (name, developer, origin)
select distinct family, developer, origin from new_model
where family is not null and not exists (select from family known where known.name = new_model.family)
order by family
on conflict (name) do nothing
"""

_MODEL_COLUMNS = (
    "hash, name, digest, size, format, architecture, parameters, quantization, context_length, context_served,"
    " capabilities, tools, tools_source, tools_level, remote, template_hash,"
    " family, developer, origin, derived, base, rule"
)
_INVENTORY_COLUMNS = "hash, models, size, cut"

_PLACE = {"country": "text", "region": "text", "city": "text"}
_NETWORK = {"asn": "bigint", "organization": "text"}
_SOFTWARE = {"name": "text", "version": "text"}

K = TypeVar("K")


class Catalog:
    """Numbers of shared rows, for one worker; every call works inside the caller's transaction.

    A cache holds only what a committed transaction wrote: `forget` after a rollback.
    """

    def __init__(self) -> None:
        self._models: dict[bytes, int] = {}
        self._named: dict[bytes, int] = {}  # the models of the last batch whose numbers were needed
        self._inventories: dict[bytes, int] = {}
        self._dimensions: dict[str, dict[tuple[Any, ...], int]] = {}

    @staticmethod
    def prepare(cursor: Cursor[Any]) -> None:
        """Make the temporary tables of this connection, and note whose rules place models from now on."""
        cursor.execute(_TEMPORARY)
        lineages.note(cursor)

    def forget(self) -> None:
        """Start anew: what was learnt in a transaction that failed may not be in the database."""
        self._models.clear()
        self._inventories.clear()
        self._dimensions.clear()

    def inventories(self, cursor: Cursor[Any], observations: Sequence[Observation]) -> list[int]:
        """The inventory.id of each observation's models, in order.

        Where an inventory is stored its models are, so only those of new ones are looked for, and those of which others
        told, for whose numbers `recalled` will ask.
        """
        hashes = [tuple(map(model_hash, seen.models)) for seen in observations]
        order = [inventory_hash(keys, cut=seen.cut) for keys, seen in zip(hashes, observations, strict=True)]
        lists = list(zip(order, hashes, observations, strict=True))
        found = _stored(cursor, "inventory", self._inventories, set(order))
        needed = [(keys, seen) for key, keys, seen in lists if key not in found or seen.recalled]
        self._named = numbers = self._numbered(cursor, needed)
        new = {key: (sorted({numbers[each] for each in keys}), seen) for key, keys, seen in lists if key not in found}
        found |= _added(cursor, "inventory", self._inventories, new, _insert_inventories)
        return [found[key] for key in order]

    def _numbered(
        self, cursor: Cursor[Any], lists: Iterable[tuple[tuple[bytes, ...], Observation]]
    ) -> dict[bytes, int]:
        """The model.id of all models of these observations, whose hashes stand beside them, by the hash."""
        models = {key: model for keys, seen in lists for key, model in zip(keys, seen.models, strict=True)}
        found = _stored(cursor, "model", self._models, models.keys())
        new = {key: model for key, model in models.items() if key not in found}
        return found | _added(cursor, "model", self._models, new, _insert_models)

    def recalled(self, seen: Observation) -> list[int] | None:
        """The model.id, sorted, of the models of which others told; its inventory has been asked for just before."""
        if not seen.recalled:
            return None
        found = {self._named[model_hash(model)] for model in seen.models if model.name in seen.recalled}
        return sorted(found) or None

    def software(self, cursor: Cursor[Any], told: Sequence[tuple[str | None, str | None]]) -> list[int | None]:
        """The software.id of each name and version, in order; None where not even the kind is known.

        A version met first is judged by the advisories.
        """
        numbers = self._rows(cursor, "software", _SOFTWARE, [each for each in told if each[0] is not None])
        return [numbers.get(each) for each in told]

    def places(self, cursor: Cursor[Any], places: Sequence[Place]) -> list[tuple[int, int]]:
        """The place.id and the network.id of each place, in order."""
        where = [(place.country, place.region, place.city) for place in places]
        whose = [(place.asn, place.organization) for place in places]
        of_where = self._rows(cursor, "place", _PLACE, where)
        of_whose = self._rows(cursor, "network", _NETWORK, whose)
        return [(of_where[its], of_whose[theirs]) for its, theirs in zip(where, whose, strict=True)]

    def _rows(
        self, cursor: Cursor[Any], table: str, columns: Mapping[str, str], rows: Iterable[tuple[Any, ...]]
    ) -> dict[tuple[Any, ...], int]:
        """The numbers of these rows, by what they say: looked for in one go, and made where they are not there."""
        cache = self._dimensions.setdefault(table, {})
        _bound(cache)
        wanted = set(rows)
        if new := wanted - cache.keys():
            cache |= _found(cursor, table, columns, [row for row in new if None not in row])
            # In one order for all workers, or two that make the same rows would each wait for the other.
            for row in sorted(new - cache.keys(), key=repr):
                number, is_new = _find_or_insert(cursor, table, columns, row)
                if is_new and table == "software":
                    judgements.add(cursor, number, *row)
                cache[row] = number
        return {row: cache[row] for row in wanted}


def _found(
    cursor: Cursor[Any], table: str, columns: Mapping[str, str], rows: Sequence[tuple[Any, ...]]
) -> dict[tuple[Any, ...], int]:
    """The numbers of those rows that are stored; no row may have a null, for no index finds it so."""
    if not rows:
        return {}
    names = ", ".join(columns)
    typed = ", ".join(f"{column} {its}" for column, its in columns.items())
    find = f"select id, {names} from {table} join json_to_recordset(%s) as new ({typed}) using ({names})"  # noqa: S608  names from this module
    # As JSON, for psycopg takes five times as long to write arrays of words.
    asked = msgspec.json.encode([dict(zip(columns, row, strict=True)) for row in rows]).decode()
    found = cursor.execute(find, (asked,)).fetchall()
    return {tuple(row): number for number, *row in found}


def _find_or_insert(
    cursor: Cursor[Any], table: str, columns: Collection[str], values: tuple[Any, ...]
) -> tuple[int, bool]:
    """The number of a row, and whether it was made here.

    Table and column names are ours; a row that another worker inserts meanwhile is found on the second look.
    """
    # No index is used for "is not distinct from".
    matches = " and ".join(
        f"{column} is null" if value is None else f"{column} = %s"
        for column, value in zip(columns, values, strict=True)
    )
    find = f"select id from {table} where {matches}"  # noqa: S608  names from this module
    told = [value for value in values if value is not None]
    names = ", ".join(columns)
    insert = (
        f"insert into {table} ({names}) values ({', '.join(['%s'] * len(columns))}) on conflict ({names}) do nothing"  # noqa: S608  names from this module
    )
    row = cursor.execute(find, told).fetchone()
    made = 0
    if row is None:
        made = cursor.execute(insert, values).rowcount
        row = cursor.execute(find, told).fetchone()
    assert row is not None
    return int(row[0]), made > 0


def array_of(values: Iterable[int | str]) -> str:
    """An array as COPY reads it, of numbers or of words quoted where they must be: many times faster than psycopg's."""
    return f"{{{','.join(map(str, values))}}}"


def _bound(cache: dict[Any, int]) -> None:
    if len(cache) > _CACHED:
        cache.clear()


def _stored(cursor: Cursor[Any], table: str, cache: dict[bytes, int], wanted: Collection[bytes]) -> dict[bytes, int]:
    """The numbers of those rows that are in the cache, or else in the database, by their hashes."""
    _bound(cache)
    found = {key: cache[key] for key in wanted if key in cache}
    if missing := [key for key in wanted if key not in found]:
        find = f"select hash, id from {table} where hash = any(%b)"  # noqa: S608  names from this module
        rows = dict(cursor.execute(find, (missing,), binary=True).fetchall())
        cache |= rows
        found |= rows
    return found


def _added(
    cursor: Cursor[Any],
    table: str,
    cache: dict[bytes, int],
    new: Mapping[bytes, K],
    insert: Callable[[Cursor[Any], list[tuple[bytes, K]]], dict[bytes, int]],
) -> dict[bytes, int]:
    """The numbers of rows that were not there: inserted by `insert`, which gets them sorted, or by others meanwhile."""
    if not new:
        return {}
    made = insert(cursor, [(key, new[key]) for key in sorted(new)])
    cache |= made
    return made | _stored(cursor, table, cache, new.keys() - made.keys())


def _insert_models(cursor: Cursor[Any], models: list[tuple[bytes, Model]]) -> dict[bytes, int]:
    with cursor.copy(f"copy new_model ({_MODEL_COLUMNS}) from stdin") as copy:
        for key, model in models:
            copy.write_row(_model_row(key, model, lineage.place(model.name, model.architecture)))
    cursor.execute(_FAMILIES)
    return _move(cursor, "model", _MODEL_COLUMNS)


def _model_row(key: bytes, model: Model, line: Lineage) -> tuple[Any, ...]:
    return (
        key, model.name, model.digest, model.size, model.format, model.architecture, model.parameters,
        model.quantization, model.context_length, model.context_served,
        None if model.capabilities is None else _words(model.capabilities),
        int(model.tools), model.tools_source, model.tools_level, model.remote, model.template_hash,
        line.family, line.developer, line.origin, line.derived, line.base, line.rule,
    )  # fmt: skip


@functools.lru_cache(maxsize=256)  # most models have one of a few lists
def _words(capabilities: tuple[str, ...]) -> str:
    """Capabilities in sorted order as an array that COPY reads, each in quotes, for they are a server's words."""
    escaped = (word.replace("\\", r"\\").replace('"', r"\"") for word in sorted(capabilities))
    return array_of(f'"{word}"' for word in escaped)


def _insert_inventories(
    cursor: Cursor[Any], inventories: list[tuple[bytes, tuple[list[int], Observation]]]
) -> dict[bytes, int]:
    with cursor.copy(f"copy new_inventory ({_INVENTORY_COLUMNS}) from stdin") as copy:
        # Numbers alone, which need no escapes: in a third of the time of rows.
        copy.write(
            "".join(
                f"\\\\x{key.hex()}\t{array_of(its)}\t{len(seen.models)}\t{seen.cut:d}\n"
                for key, (its, seen) in inventories
            )
        )
    sets = ", ".join(SETS)
    return _move(cursor, "inventory", f"{_INVENTORY_COLUMNS}, {sets}", f"cross join lateral ({OF_MODELS}) told")


def _move(cursor: Cursor[Any], table: str, columns: str, told: str = "") -> dict[bytes, int]:
    """Insert the rows of the temporary table in the order of their hashes; gives the numbers of those that were new.

    `told` joins columns that the temporary table, called `of`, does not have.
    """
    cursor.execute(
        f"""insert into {table} ({columns})
            select {columns} from new_{table} as of {told}
            order by hash
            on conflict (hash) do nothing
            returning hash, id""",  # noqa: S608  names from this module
        binary=True,
    )
    metrics.ROWS_WRITTEN.labels(table).inc(cursor.rowcount)
    return dict(cursor.fetchall())
