"""What an endpoint ever listed as one inventory: statistics say the same with it, and it is never out of date."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text

from census.facts import Model, Observation, Outcome
from census.places import Places
from census.store import claims, listed, migrate, scans
from census.store.connect import connect, engine
from census.store.identity import inventory_hash, model_hash
from census.store.statistics import STATISTICS, Result, rows
from census.store.writer import Batch, Writer
from tests.store.village import settle
from tests.support.scanning import create

QWEN, LLAMA, GEMMA = Model("qwen2:7b"), Model("llama3:8b"), Model("gemma:2b")
MEMBERS = "select i.models from endpoint e join inventory i on i.id = e.listed_id order by e.id"


def fill(connection: Connection) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    listed.fill(driver)


def everything(connection: Connection, **options: Any) -> dict[str, Result]:
    # In the village only inventories tell origins.
    connection.execute(text("update model set origin = f.origin from family f where f.name = model.family"))
    told = {name: rows(connection, name, **options) for name in STATISTICS}
    return told | {"triples": rows(connection, "co-deployment", triples=True, **options)}


@pytest.mark.parametrize("population", ["credible", "raw"])
@pytest.mark.parametrize("unit", ["host", "endpoint", "host-day", "observation"])
def test_every_statistic_says_the_same_with_it(village: Connection, unit: str, population: str) -> None:
    before = everything(village, unit=unit, population=population)
    fill(village)
    assert everything(village, unit=unit, population=population) == before


def test_it_holds_the_models_of_all_inventories_of_the_endpoint(village: Connection) -> None:
    fill(village)
    found = village.scalars(text(MEMBERS)).all()
    # The third endpoint's largest list has all of its others in it; the fifth was locked, and has none.
    assert found == [[1, 2, 5], [3], [1, 3, 4], [1, 3], [], [5]]


def test_over_all_time_it_is_read_in_the_place_of_the_sightings(village: Connection) -> None:
    before = rows(village, "families")
    fill(village)
    village.execute(text("delete from observation"))
    village.execute(text("delete from sighting"))
    assert rows(village, "families") == before
    assert rows(village, "families", scan=1).rows == []


def test_a_history_that_is_too_long_has_none_and_counts_all_the_same(
    village: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(village)
    monkeypatch.setattr(listed, "_MOST", 4)
    fill(village)
    assert village.scalars(text(MEMBERS)).all() == [[1, 2, 5], [3], [1, 3], [], [5]]
    assert everything(village) == before


def scan(url: str, folder: Path, *models: Model, end: bool = True) -> None:
    """One endpoint that lists these, as one scan."""
    number = create(url, folder, ["127.0.0.9:11434"])
    with connect(url) as connection:
        claim = claims.claim(connection, number, "one")
        assert claim is not None
        seen = Observation(
            claim.targets[0], Outcome.SERVED, datetime.now(UTC), "127.0.0.9", "Ollama", "0.6.8", tuple(models)
        )
        writer = Writer(connection, Places([]).locate)
        writer.write(Batch(number, claim.number, claim.attempt, bytes([seen.outcome]), (seen,), 0, 0))
        assert not end or scans.end(connection, number)


def told(url: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute("select i.hash from endpoint e left join inventory i on i.id = e.listed_id").fetchone()
    assert row is not None
    return row[0]


def test_a_new_sighting_takes_it_away_and_the_end_of_the_scan_makes_it_anew(database_url: str, tmp_path: Path) -> None:
    scan(database_url, tmp_path, QWEN)
    assert told(database_url) == inventory_hash([model_hash(QWEN)], cut=False)
    scan(database_url, tmp_path, LLAMA, end=False)
    assert told(database_url) is None
    scan(database_url, tmp_path, LLAMA, GEMMA)
    assert told(database_url) == inventory_hash(map(model_hash, (QWEN, LLAMA, GEMMA)), cut=False)
    scan(database_url, tmp_path, LLAMA, end=False)
    assert told(database_url) is not None  # nothing that it had not listed before


def test_an_upgrade_makes_it_for_what_is_there(database_url: str) -> None:
    made = engine(database_url)
    with made.begin() as connection:
        settle(connection)
        connection.execute(text("update laid set digest = 'another'"))
    migrate.upgrade(database_url)
    with made.connect() as connection:
        assert len(connection.scalars(text(MEMBERS)).all()) == 6
    made.dispose()


def asked_of_sightings(connection: Connection, **options: Any) -> dict[str, Result]:
    """What every statistic says if nothing is at hand."""
    with connection.begin_nested() as savepoint:
        connection.execute(text("update endpoint set listed_id = null, listed_stale = true"))
        assert connection.scalar(text("select count(*) from listing")) == 0
        told = everything(connection, **options)
        savepoint.rollback()
    return told


ARRIVES = """
    insert into endpoint (host_id, port, verdict, signals) values (2, 8000, 0, '{}');
    insert into sighting (endpoint_id, inventory_id, software_id, first_seen, last_seen, observations, days)
    select max(endpoint.id), 5, 1, now(), now(), 1, '{[2026-11-02,2026-11-03)}' from endpoint;
"""


GOES = """
    delete from observation where endpoint_id = 2;
    delete from sighting where endpoint_id = 2;
    delete from endpoint where id = 2
"""
RENAMED = """
    update family set name = 'Zephyr' where name = 'Llama';
    update model set family = 'Zephyr' where family = 'Llama';
    update inventory set families = array(
        select case one when 'Llama' then 'Zephyr' else one end from unnest(families) one order by 1)
"""


@pytest.mark.parametrize(
    "happens",
    [
        ARRIVES,
        "update endpoint set verdict = 2 where id in (1, 3)",
        "update endpoint set verdict = 0",
        GOES,
        RENAMED,
        "update endpoint set listed_id = null, listed_stale = true where id = 1",
    ],
    ids=["one more endpoint", "a decoy", "no decoy", "one endpoint less", "families", "stale"],
)
def test_what_is_at_hand_is_right_whatever_happens(village: Connection, happens: str) -> None:
    village.execute(text("update model set origin = f.origin from family f where f.name = model.family"))
    fill(village)
    village.exec_driver_sql(happens)
    for options in ({"unit": "host"}, {"unit": "endpoint", "population": "raw"}):
        assert everything(village, **options) == asked_of_sightings(village, **options)


def test_a_listing_says_what_its_inventory_says(village: Connection) -> None:
    fill(village)
    columns = (
        "tools, size, names, instances, traits, families, architectures, origins, quantizations, capabilities, models,"
        " placed"
    )
    said = text(f"select endpoint_id, {columns} from listing order by 1")
    wanted = text(f"select e.id, {columns} from endpoint e join inventory i on i.id = e.listed_id order by 1")
    assert len(village.execute(said).all()) == 6
    changed = "names = names + 1, models = models || 5, placed = placed || 0"
    village.execute(text(f"update inventory set {changed} where size > 1"))
    assert village.execute(said).all() == village.execute(wanted).all()


def test_an_endpoint_that_comes_later_shares_its_host_with_the_first(village: Connection) -> None:
    fill(village)
    shared = text("select endpoint_id from listing where shared order by 1")
    assert village.scalars(shared).all() == [1, 2]
    village.exec_driver_sql(ARRIVES)
    assert village.scalars(shared).all() == [1, 2, 3]
    fill(village)
    assert village.scalars(shared).all() == [1, 2, 3, village.scalar(text("select max(id) from endpoint"))]
