"""Where hosts are, looked up anew with other place databases; what those do not know stays as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from psycopg import Connection

from census.places import Place
from census.store import idle
from census.store.catalog import Catalog

_PAGE: Final = 10_000  # hosts in memory at a time

_READ: Final = """
    select h.id, host(h.address), p.country, p.region, p.city, n.asn, n.organization
    from host h left join place p on p.id = h.place_id left join network n on n.id = h.network_id
    where h.id > %s order by h.id limit %s
"""
_UPDATE: Final = """
    update host set place_id = new.place, network_id = new.network
    from unnest(%s::bigint[], %s::bigint[], %s::bigint[]) as new (id, place, network) where host.id = new.id
"""
_ALONE: Final = "lock table host in share row exclusive mode"  # a scan that begins meanwhile waits with its writing


@dataclass(slots=True)
class Moved:
    """What newer place databases changed: moves from country to country and from network (ASN) to network.

    `hosts` were looked up, `changed` have another place or network in any detail; `countries` and `networks` count
    hosts by what they had before and have now, None for unknown, and only those that differ.
    """

    hosts: int = 0
    changed: int = 0
    countries: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    networks: Counter[tuple[int | None, int | None]] = field(default_factory=Counter)


def relocate(connection: Connection[Any], locate: Callable[[str], Place], *, dry_run: bool = False) -> Moved:
    """Look up every host, wholly or not at all; with `dry_run` only say what would change.

    Raises BusyError while a scan runs, and PlacesError when a file turns out to be damaged.
    """
    told = Moved()
    catalog = Catalog()
    with connection.transaction():
        if not dry_run:
            idle.require(connection, "looking up places anew")
            connection.execute(_ALONE)
        for page in _pages(connection):
            moved = list(_moved(page, locate, told))
            if moved and not dry_run:
                _store(connection, catalog, moved)
    return told


def _pages(connection: Connection[Any]) -> Iterator[list[tuple[Any, ...]]]:
    last = 0
    while page := connection.execute(_READ, (last, _PAGE)).fetchall():
        yield page
        last = page[-1][0]


def _moved(page: list[tuple[Any, ...]], locate: Callable[[str], Place], told: Moved) -> Iterator[tuple[int, Place]]:
    for number, address, *before in page:
        told.hosts += 1
        was = Place(*before)
        now = _merged(was, locate(address))
        if now == was:
            continue
        told.changed += 1
        if now.country != was.country:
            told.countries[was.country, now.country] += 1
        if now.asn != was.asn:
            told.networks[was.asn, now.asn] += 1
        yield number, now


def _merged(was: Place, now: Place) -> Place:
    """A file of networks alone must not make countries unknown, nor the other way round."""
    if now.country is None:
        now = replace(now, country=was.country, region=was.region, city=was.city)
    elif now.country == was.country and now.region is None and now.city is None:
        now = replace(now, region=was.region, city=was.city)
    return replace(now, asn=was.asn, organization=was.organization) if now.asn is None else now


def _store(connection: Connection[Any], catalog: Catalog, moved: list[tuple[int, Place]]) -> None:
    with connection.cursor() as cursor:
        found = catalog.places(cursor, [place for _, place in moved])
        numbers = [(host, *its) for (host, _), its in zip(moved, found, strict=True)]
        cursor.execute(_UPDATE, [list(column) for column in zip(*numbers, strict=True)])
