"""How long it takes to write one more scan into the study's database, through the writer; for study_scale.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import psycopg

from census.facts import Model, Observation, Outcome, Target, Tools
from census.places import Place
from census.store import claims, scans
from census.store.connect import connect
from census.store.identity import inventory_hash, model_hash
from census.store.writer import Batch, Writer

_CHUNK = 2_500
_BATCH = 1_000
_CHANGED = 20  # one endpoint in so many lists a model less than before

_SEEN = """
select host(h.address), e.port, o.outcome, w.name, w.version, i.id, i.models,
    p.country, p.region, p.city, n.asn, n.organization
from observation o
join endpoint e on e.id = o.endpoint_id
join host h on h.id = e.host_id
join place p on p.id = h.place_id
join network n on n.id = h.network_id
left join sighting s on s.id = o.sighting_id
left join software w on w.id = s.software_id
left join inventory i on i.id = s.inventory_id
where o.scan_id = %s
order by h.address, e.port
"""
_MODELS = """
select id, name, digest, size, format, architecture, parameters, quantization, context_length, context_served,
    capabilities, tools, tools_source, tools_level, remote, template_hash
from model
"""


def one_more_scan(url: str, like: int) -> dict[str, float]:
    """Seconds of writing what another scan saw once more, a little changed, and of ending the scan."""
    with connect(url) as connection:
        models = {row[0]: _model(row[1:]) for row in connection.execute(_MODELS)}
        seen = connection.execute(_SEEN, [like]).fetchall()
        _agree(connection, models, {row[5]: row[6] for row in seen if row[5] is not None})
        observations = [_observation(row, models, number) for number, row in enumerate(seen)]
        places = {row[0]: Place(*row[7:]) for row in seen}
        scan = _create(connection, observations)
        began = time.perf_counter()
        _write(connection, scan, observations, places.__getitem__)
        written = time.perf_counter()
        assert scans.end(connection, scan)
        return {
            "one more scan: observations": len(seen),
            "one more scan: writing them": written - began,
            "one more scan: ending it": time.perf_counter() - written,
        }


def _model(row: tuple[Any, ...]) -> Model:
    facts = list(row)
    facts[9] = None if facts[9] is None else tuple(facts[9])
    facts[10] = Tools(facts[10])
    return Model(*facts)


def _agree(connection: psycopg.Connection[Any], models: dict[int, Model], lists: dict[int, list[int]]) -> None:
    """Give what is listed the hashes that the writer looks for; the population has any.

    What this leaves behind is no part of a scan, and by then a server has long cleared it away by itself: dead rows,
    dirty pages, and all that copying the database wrote.
    """
    hashes = {number: model_hash(models[number]) for members in lists.values() for number in members}
    told = [(inventory_hash([hashes[number] for number in members], cut=False), key) for key, members in lists.items()]
    with connection.transaction(), connection.cursor() as cursor:
        for table, rows in (("model", [(each, key) for key, each in hashes.items()]), ("inventory", told)):
            cursor.execute("create temporary table agreed (hash bytea, id bigint) on commit drop")
            with cursor.copy("copy agreed from stdin") as copy:
                for row in rows:
                    copy.write_row(row)
            change = f"update {table} set hash = agreed.hash from agreed where agreed.id = {table}.id"  # noqa: S608  ours
            cursor.execute(change.encode())
            cursor.execute("drop table agreed")
    connection.execute("vacuum (analyze) model, inventory")
    connection.execute("checkpoint")


def _observation(row: tuple[Any, ...], models: dict[int, Model], number: int) -> Observation:
    address, port, outcome, software, version, _, members = row[:7]
    listed = tuple(models[each] for each in members or ())
    if number % _CHANGED == 0 and len(listed) > 1:
        listed = listed[:-1]
    return Observation(
        Target(address, port), Outcome(outcome), datetime.now(UTC), address, software, version, listed, latency_ms=20.0
    )


def _create(connection: psycopg.Connection[Any], observations: list[Observation]) -> int:
    scan = scans.create(
        connection,
        scans.NewScan(
            None, "STUDY 1", "simulation", "mailto:study@example.edu", date(2025, 3, 1), date(2026, 3, 1), "0" * 64,
            {}, [], 1, "0.1.0",
        ),
    )  # fmt: skip
    targets = [seen.target for seen in observations]
    parts = [targets[start : start + _CHUNK] for start in range(0, len(targets), _CHUNK)]
    claims.add_chunks(connection, scan, [(part, bytes(len(part)), False) for part in parts])
    return scan


def _write(
    connection: psycopg.Connection[Any],
    scan: int,
    observations: list[Observation],
    locate: Callable[[str], Place],
) -> None:
    writer = Writer(connection, locate)
    while (claim := claims.claim(connection, scan, "benchmark")) is not None:
        start = claim.number * _CHUNK
        ours = observations[start : start + len(claim.targets)]
        for first in range(0, len(ours), _BATCH):
            past = min(first + _BATCH, len(ours))
            outcomes = bytes(seen.outcome for seen in ours[:past]) + bytes(len(ours) - past)
            writer.write(Batch(scan, claim.number, claim.attempt, outcomes, ours[first:past], past - first, 0))
