"""The rows of a dataset: shuffled, and without what tells which host a row is about.

Addresses, names and certificates are keyed hashes as in every export. Beyond these, whoever scans too could find a
host by what only few have, and by the order and the time in which it was asked. So rows come in an order of chance,
times are days, places are countries and regions, and values that fewer hosts have than the bound are withheld: places
and networks become null, what a server says of itself and its models becomes a keyed hash. Of the order in which one
endpoint was seen to change, which the days of scans tell too, its sightings keep their turns.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, text

from census.report.exports import REVEALING, hashed

LEFT_OUT = ("city",)  # coarse places only
_NUMBERS = ("inventory",)  # numbers in the order of time
_TIMES = ("first_seen", "last_seen", "gone_at", "observed_at")
_PLACES = ("country", "region", "asn", "organization")
_OF_SOFTWARE = ("version",)
_OF_MODELS = ("model", "digest", "architecture", "quantization", "format")
_MARK = "withheld:"
_TEXT = 25
_BATCH = 2_000

Change = Callable[[Any], Any]

_COMMON = {
    "country": "select p.country from host h join place p on p.id = h.place_id group by 1 having count(*) >= :bound",
    # A region by its name alone: two countries may have one of that name.
    "region": """
        select c.region
        from (
            select p.region, count(*) as hosts
            from host h join place p on p.id = h.place_id
            group by p.country, p.region
        ) c
        group by 1 having min(c.hosts) >= :bound""",
    "asn": "select n.asn from host h join network n on n.id = h.network_id group by 1 having count(*) >= :bound",
    "organization": """
        select n.organization from host h join network n on n.id = h.network_id group by 1 having count(*) >= :bound""",
    "version": """
        select w.version from sighting s
        join endpoint e on e.id = s.endpoint_id
        join software w on w.id = s.software_id
        group by 1 having count(distinct e.host_id) >= :bound""",
}
_COMMON_OF_MODELS = """
    select m.{column}
    from (select distinct e.host_id, s.inventory_id from sighting s join endpoint e on e.id = s.endpoint_id) held
    join inventory i on i.id = held.inventory_id
    cross join unnest(i.models) member
    join model m on m.id = member
    group by 1 having count(distinct held.host_id) >= :bound"""


@dataclass(frozen=True, slots=True)
class Veil:
    """What becomes of each column, by its name; columns that are not named stay."""

    changes: Mapping[str, Change]

    @classmethod
    def over(cls, connection: Connection, key: bytes, bound: int) -> Veil:
        """The veil for a database, where a value is common if `bound` hosts have it."""
        changes: dict[str, Change] = dict.fromkeys(REVEALING, lambda value: hashed(value, key))
        changes |= dict.fromkeys(_NUMBERS, lambda value: hashed(f"inventory {value}", key)[:16])
        changes |= dict.fromkeys(_TIMES, _day)
        for column in (*_PLACES, *_OF_SOFTWARE, *_OF_MODELS):
            query = _COMMON.get(column) or _COMMON_OF_MODELS.format(column="name" if column == "model" else column)
            common = frozenset(connection.scalars(text(query), {"bound": bound}))
            changes[column] = _null_unless(common) if column in _PLACES else _hash_unless(common, key)
        of_one = changes["model"]
        changes["models"] = lambda value: [of_one(name) for name in value] if isinstance(value, list) else value
        return cls(changes)


def _day(moment: datetime) -> datetime:
    """The day (UTC) of a moment."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _null_unless(common: frozenset[Any]) -> Change:
    return lambda value: value if value in common else None


def _hash_unless(common: frozenset[Any], key: bytes) -> Change:
    return lambda value: value if value in common else _MARK + hashed(value, key)[:16]


@contextmanager
def veiled(
    connection: Connection, what: str, veil: Veil | None
) -> Iterator[tuple[dict[str, int], Iterator[Sequence[Any]]]]:
    """Columns with the number of their type in Postgres, and the rows of an export in an order of chance."""
    connection.execute(text("select set_config('cursor_tuple_fraction', '1', true)"))
    query = text(f"select x.* from export.{what} x order by md5(:salt || x::text)")  # noqa: S608  one of our own views
    asked = query.bindparams(salt=secrets.token_hex())
    with connection.execute(asked, execution_options={"yield_per": _BATCH}) as result:
        cursor = cast(CursorResult[Any], result).cursor
        assert cursor is not None
        assert cursor.description is not None
        columns = {each[0]: cast(int, each[1]) for each in cursor.description}
        if veil is None:
            yield columns, (tuple(row) for row in result)
            return
        kept = [(place, name) for place, name in enumerate(columns) if name not in LEFT_OUT]
        changes = [(place, veil.changes.get(name)) for place, name in kept]
        headed = {_name(name): _TEXT if name in _NUMBERS else columns[name] for _, name in kept}
        changed = (tuple(_changed(row[place], change) for place, change in changes) for row in result)
        yield headed, map(_unjudged, changed) if what == "judgements" else changed


def _unjudged(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A judgement without what it would tell of a version that is withheld: between which fixes it lies."""
    software, version, advisory, affected = row
    return software, version, advisory, "unknown" if version and version.startswith(_MARK) else affected


def _name(column: str) -> str:
    return f"{column}_hash" if column in REVEALING else column


def _changed(value: Any, change: Change | None) -> Any:
    return value if value is None or change is None else change(value)
