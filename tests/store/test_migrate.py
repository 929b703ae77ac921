"""Upgrades: what a database has afterwards, that they are whole or not at all, and what stands in their way."""

from __future__ import annotations

import runpy
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

import census
from census.facts import Outcome
from census.store import layer, listed
from census.store.connect import engine
from census.store.embedded import Embedded
from census.store.migrate import MigrateError, current, is_current, upgrade
from census.store.outcomes import MEANINGS
from census.store.statistics import STATISTICS
from census.store.tables import metadata
from tests.support.older import WITHOUT_0009, WITHOUT_0011, WITHOUT_0013, WITHOUT_0015, WITHOUT_0016, WITHOUT_0017

OBJECTS = """
    select 'stats.' || proname, obj_description(oid, 'pg_proc') from pg_proc
    where pronamespace = 'stats'::regnamespace
    union all
    select relnamespace::regnamespace || '.' || relname, obj_description(oid, 'pg_class') from pg_class
    where relnamespace in ('stats'::regnamespace, 'export'::regnamespace)
    union all
    select nspname, obj_description(oid, 'pg_namespace') from pg_namespace where nspname in ('stats', 'export')
"""


def ask(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def make_older(url: str) -> None:
    """Let the database look as if another version of the statistics had been laid down."""
    ask(url, "update laid set digest = 'older'")


def numbers(url: str) -> list[tuple[Any, ...]]:
    """The views of the statistics by number; a view that was made anew has another one."""
    return ask(url, "select oid from pg_class where relnamespace = 'stats'::regnamespace order by oid")


@pytest.fixture
def empty_url(server: Embedded) -> Iterator[str]:
    name = f"empty_{uuid.uuid4().hex}"
    yield server.create_database(name)
    server.drop_database(name)


def test_migrations_make_exactly_the_tables_of_the_program(database_url: str) -> None:
    made = engine(database_url)
    with made.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    made.dispose()


def test_every_table_and_column_is_described_in_the_database(database_url: str) -> None:
    bare = ask(
        database_url,
        "select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and not attisdropped"
        " where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'alembic_version'"
        " and (a.attnum > 0 and col_description(c.oid, a.attnum) is null"
        " or obj_description(c.oid, 'pg_class') is null)",
    )
    assert bare == []


def test_every_statistic_and_export_carries_its_definition(database_url: str) -> None:
    described = ask(database_url, OBJECTS)
    assert [name for name, comment in described if not comment] == []
    comments = set(described)
    for statistic in STATISTICS.values():
        assert (f"stats.{statistic.function}", statistic.definition) in comments
    assert {"export.targets", "export.endpoints", "export.observations", "export.models"} <= {
        row[0] for row in described
    }


def test_outcomes_are_in_the_database_with_their_meaning(database_url: str) -> None:
    stored = ask(database_url, "select id, word, stage, meaning from outcome order by id")
    assert stored == [(each.value, each.word, *MEANINGS[each]) for each in Outcome]


def newest() -> str:
    """The revision that the last of our migrations makes."""
    return max(path.name[:4] for path in Path(census.__file__).parents[1].glob("migrations/versions/0*.py"))


def test_an_upgrade_of_a_current_database_changes_nothing(database_url: str) -> None:
    before = numbers(database_url)
    assert is_current(database_url)
    upgrade(database_url)
    assert numbers(database_url) == before
    assert current(database_url) == newest()


def test_sightings_get_the_least_latency_of_what_was_observed_before_they_kept_one(database_url: str) -> None:
    ask(
        database_url,
        """insert into scan (reference, basis, contact, valid_from, valid_until, authorization_hash, settings, lists,
                             places, seed, version, targets, began)
           values ('', '', '', now(), now(), '', '{}', '{}', '[]', 0, '', 0, now());
           insert into host (address) select '127.0.0.1'::inet + n from generate_series(0, 1) n;
           insert into endpoint (host_id, port, verdict, signals) select id, 1, 0, '{}' from host;
           insert into sighting (endpoint_id, first_seen, last_seen, observations, days)
           select id, now(), now(), 2, '{}' from endpoint;
           insert into observation (scan_id, endpoint_id, sighting_id, observed_at, outcome, latency_ms)
           select scan.id, endpoint_id, sighting.id, now(), 1, case endpoint_id when 1 then told end
           from scan, sighting, unnest(array[7.5, 2.5]) told;
           alter table sighting drop column latency_ms""",
    )
    migrate_by(database_url, "*_latency.py")
    assert ask(database_url, "select endpoint_id, latency_ms from sighting order by 1") == [(1, 2.5), (2, None)]


def test_what_statistics_need_at_hand_is_made_of_what_was_there(village_url: str) -> None:
    told = [
        "select id, weeks, day_count from sighting order by id",
        "select id, names, instances, traits from inventory order by id",
        "select id, traits from model order by id",
        "select id, listed_stale from endpoint order by id",
    ]
    before = [ask(village_url, query) for query in told]
    ask(village_url, "drop schema stats, export cascade")
    ask(village_url, WITHOUT_0016)
    ask(village_url, WITHOUT_0009)
    migrate_by(village_url, "*_at_hand.py")
    assert [ask(village_url, query) for query in told] == before
    assert ask(village_url, "select weeks, day_count from sighting where id = 1") != [(None, 0)]


def test_what_endpoints_ever_listed_is_at_hand_after_an_upgrade(village_url: str) -> None:
    with psycopg.connect(village_url) as connection:
        listed.fill(connection)
    told = "select * from listing order by endpoint_id"
    before = ask(village_url, told)
    assert len(before) == 6
    ask(village_url, "drop schema stats, export cascade")
    ask(village_url, WITHOUT_0017)
    ask(village_url, WITHOUT_0013)
    migrate_by(village_url, "*_listing.py")
    migrate_by(village_url, "*_placed.py")
    assert ask(village_url, told) == before


def test_sightings_get_the_host_of_their_endpoint_and_the_size_of_their_list(village_url: str) -> None:
    told = "select id, host_id, size from sighting order by id"
    before = ask(village_url, told)
    assert len({host for _, host, _ in before}) > 1
    assert {size for *_, size in before} > {None, 0}
    ask(village_url, "drop schema stats, export cascade")
    ask(village_url, WITHOUT_0015)
    migrate_by(village_url, "*_host_of_sighting.py")
    assert ask(village_url, told) == before


def test_lists_get_the_families_of_their_models_as_numbers(village_url: str) -> None:
    with psycopg.connect(village_url) as connection:
        listed.fill(connection)
    told = [f"select placed from {table} order by 1" for table in ("inventory", "listing")]
    before = [ask(village_url, query) for query in told]
    # No model; one of no family (0), of which nothing is known (1); Llama, an original (4) that advertises tools (2).
    assert before[0][:3] == [([],), ([1],), ([1, 16 + 8 + 2],)]
    assert ([16 + 4 + 2],) in before[0]
    ask(village_url, "drop schema stats, export cascade")
    ask(village_url, WITHOUT_0017)
    migrate_by(village_url, "*_placed.py")
    assert [ask(village_url, query) for query in told] == before


def test_sightings_count_the_loaded_models_of_what_was_observed_before(village_url: str) -> None:
    ask(village_url, "update observation set running = (array[null, 0, 3])[scan_id]")
    ask(village_url, "drop schema stats, export cascade")
    ask(village_url, WITHOUT_0011)
    migrate_by(village_url, "*_loaded.py")
    counted = ask(
        village_url,
        """select id, running_told, running_yes, running_sum from sighting where running_told > 0
           except
           select sighting_id, count(running), count(nullif(running, 0)), sum(running) from observation group by 1""",
    )
    assert counted == []
    some = ask(village_url, "select sum(running_yes) > 0, sum(running_told) > sum(running_yes) from sighting")
    assert some == [(True, True)]


def migrate_by(url: str, name: str) -> None:
    """Run one migration again."""
    path = next(Path(census.__file__).parents[1].glob(f"migrations/versions/{name}"))
    migration = runpy.run_path(str(path))
    opened = engine(url)
    with opened.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        migration["upgrade"]()
    opened.dispose()


def test_an_empty_database_is_not_current(empty_url: str) -> None:
    assert current(empty_url) is None
    assert not is_current(empty_url)


def test_changed_statistics_are_laid_anew(database_url: str) -> None:
    make_older(database_url)
    assert not is_current(database_url)
    before = numbers(database_url)
    upgrade(database_url)
    assert is_current(database_url)
    assert not set(numbers(database_url)) & set(before)


def test_a_statistic_that_somebody_dropped_comes_back(database_url: str) -> None:
    ask(database_url, "drop view stats.families")
    assert not is_current(database_url)
    upgrade(database_url)
    assert ask(database_url, "select * from stats.families") == []


@pytest.mark.parametrize("source", ["stats.families", "stats.families(unit => 'endpoint')", "export.models"])
def test_a_view_built_on_ours_stops_the_upgrade_by_its_name_and_nothing_changes(database_url: str, source: str) -> None:
    ask(database_url, f"create schema mine; create view mine.top as select * from {source}")
    make_older(database_url)
    before = numbers(database_url)
    with pytest.raises(MigrateError, match=r"nothing was changed: view mine\.top depends on.*drop them"):
        upgrade(database_url)
    assert numbers(database_url) == before
    assert ask(database_url, "select digest from laid") == [("older",)]
    ask(database_url, "drop view mine.top")
    upgrade(database_url)
    assert is_current(database_url)


def test_a_view_of_ones_own_in_our_schema_outlives_upgrades(database_url: str) -> None:
    ask(database_url, "create view stats.mine as select count(*) from host")
    for _ in range(2):  # the second would take it along if the first had noted it as ours
        make_older(database_url)
        upgrade(database_url)
    assert ask(database_url, "select * from stats.mine") == [(0,)]


def test_a_name_that_is_taken_stops_the_upgrade_and_nothing_changes(database_url: str) -> None:
    ask(database_url, "drop view stats.families; create table stats.families (mine text)")
    make_older(database_url)
    with pytest.raises(MigrateError, match='nothing was changed: "families" is not a view'):
        upgrade(database_url)
    assert ask(database_url, "select * from stats.software") == []


def test_rights_granted_by_default_outlive_an_upgrade(database_url: str) -> None:
    role = f"reader_{uuid.uuid4().hex}"
    ask(database_url, f"create role {role}; grant usage on schema stats to {role}")
    ask(database_url, f"alter default privileges in schema stats grant select on tables to {role}")
    make_older(database_url)
    upgrade(database_url)
    granted = ask(database_url, f"select has_table_privilege('{role}', 'stats.families', 'select')")
    ask(database_url, f"drop owned by {role}; drop role {role}")
    assert granted == [(True,)]


def test_two_upgrades_at_once_do_the_work_once(empty_url: str) -> None:
    with ThreadPoolExecutor(2) as both:
        list(both.map(upgrade, [empty_url, empty_url]))
    assert is_current(empty_url)
    assert ask(empty_url, "select count(*) from laid") == [(1,)]


def test_an_upgrade_that_fails_leaves_an_empty_database_empty(empty_url: str) -> None:
    ask(empty_url, "create table host (mine text)")
    with pytest.raises(MigrateError, match='relation "host" already exists'):
        upgrade(empty_url)
    assert ask(empty_url, "select relname from pg_class where relnamespace = 'public'::regnamespace") == [("host",)]


def test_an_older_program_leaves_a_newer_database_alone(database_url: str) -> None:
    ask(database_url, "update laid set digest = 'newer', version = '999.0'")
    with pytest.raises(MigrateError, match=r"upgraded by census 999\.0, which is newer than this one"):
        upgrade(database_url)


def test_an_unknown_revision_asks_for_a_newer_program(database_url: str) -> None:
    ask(database_url, "update alembic_version set version_num = '9999'")
    make_older(database_url)
    with pytest.raises(MigrateError, match=r"revision 9999, which census .* does not know: install a newer version"):
        upgrade(database_url)


def test_an_installed_program_finds_its_migrations_inside_the_package(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "50% new" / "census"
    shutil.copytree(Path(census.__file__).parent.parent / "migrations", package / "migrations")
    monkeypatch.setattr(census, "__file__", str(package / "__init__.py"))
    upgrade(empty_url)
    assert is_current(empty_url)


def test_the_digest_changes_with_a_migration(tmp_path: Path) -> None:
    migration = tmp_path / "0001_x.py"
    migration.write_text("first")
    before = layer.digest([migration])
    migration.write_text("second")
    assert layer.digest([migration]) != before
