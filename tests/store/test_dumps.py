"""A database dumped and restored by the programs of the embedded server."""

from __future__ import annotations

import stat
import subprocess
import uuid
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import psycopg
import pytest

from census.store import dumps, exclusions
from census.store.connect import DatabaseError, connect
from census.store.dumps import DumpError, NotEmptyError
from census.store.embedded import Embedded
from census.store.migrate import is_current, upgrade
from census.store.programs import program
from tests.support.asking import all_time, rows_of


@pytest.fixture
def empty_url(server: Embedded) -> Iterator[str]:
    name = f"restored_{uuid.uuid4().hex}"
    yield server.create_database(name)
    server.drop_database(name)


def test_a_restored_database_tells_what_the_dumped_one_told(village_url: str, empty_url: str, tmp_path: Path) -> None:
    file = tmp_path / "census.dump"
    dumps.dump(village_url, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    dumps.restore(empty_url, file)
    assert is_current(empty_url)
    assert all_time(empty_url) == all_time(village_url)
    # New rows get numbers of their own.
    assert rows_of(empty_url, "insert into place (country) values ('ZA') returning id") == [(5,)]


def test_a_dump_of_older_sql_is_brought_up_to_date_over_the_tables_of_an_upgrade(
    village_url: str, server: Embedded, template: str, tmp_path: Path
) -> None:
    rows_of(village_url, "drop view stats.families; update laid set digest = 'older'")
    file = tmp_path / "census.dump"
    dumps.dump(village_url, file)
    name = f"fresh_{uuid.uuid4().hex}"
    fresh = server.create_database(name, template)
    try:
        dumps.restore(fresh, file)
        assert is_current(fresh)
        assert rows_of(fresh, "select count(*) from scan") == [(3,)]
    finally:
        server.drop_database(name)


def test_readers_of_the_dump_have_their_rights_in_the_restored_database(
    village_url: str, empty_url: str, tmp_path: Path
) -> None:
    role = f"reader_{uuid.uuid4().hex}"
    rows_of(village_url, f"create role {role}; insert into reader (role) values ('{role}'), ('gone')")
    try:
        dumps.dump(village_url, tmp_path / "census.dump")
        dumps.restore(empty_url, tmp_path / "census.dump")
        may = rows_of(empty_url, f"select has_table_privilege('{role}', 'stats.families', 'select')")
        assert may == [(True,)]
    finally:
        for url in (village_url, empty_url):
            rows_of(url, f"drop owned by {role}")
        rows_of(village_url, f"drop role {role}")


def test_postgres_own_programs_read_the_dump(village_url: str, empty_url: str, tmp_path: Path) -> None:
    dumps.dump(village_url, tmp_path / "census.dump")
    command = [str(program("pg_restore")), "--no-owner", f"--dbname={empty_url}", str(tmp_path / "census.dump")]
    subprocess.run(command, check=True)
    assert all_time(empty_url) == all_time(village_url)


def test_a_database_with_scans_is_not_restored_over(village_url: str, tmp_path: Path) -> None:
    file = tmp_path / "census.dump"
    dumps.dump(village_url, file)
    with pytest.raises(NotEmptyError, match="holds scans already: restore into an empty one"):
        dumps.restore(village_url, file)
    assert rows_of(village_url, "select count(*) from scan") == [(3,)]


def test_what_is_no_dump_is_refused_and_the_database_can_be_used(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("no dump")
    with pytest.raises(DumpError, match=r"^pg_restore failed"):
        dumps.restore(database_url, tmp_path / "x")
    assert rows_of(database_url, "select 1") == [(1,)]


def test_a_dump_that_fails_leaves_the_older_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "census.dump"
    file.write_text("older")
    with pytest.raises(DatabaseError):
        dumps.dump("postgresql://bob@127.0.0.1:1/db", file)
    assert file.read_text() == "older"
    assert list(tmp_path.iterdir()) == [file]


def enter(connection: psycopg.Connection[Any], *addresses: str) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        exclusions.enter(cursor, [ip_network(each) for each in addresses], None, "them")


@pytest.mark.parametrize("whole", [True, False])
def test_who_opted_out_here_stays_opted_out_whatever_becomes_of_a_restore(
    database_url: str, empty_url: str, tmp_path: Path, *, whole: bool
) -> None:
    file = tmp_path / "census.dump"
    with connect(database_url) as connection:
        enter(connection, "192.0.2.1", "192.0.2.2")
    dumps.dump(database_url, file)
    upgrade(empty_url)
    with connect(empty_url) as connection:
        enter(connection, "192.0.2.2", "192.0.2.3")
    rows_of(empty_url, "insert into reader (role) values ('gone')")
    if whole:
        dumps.restore(empty_url, file)
    else:
        file.write_bytes(file.read_bytes()[:-2000])
        with pytest.raises(DumpError, match="nothing was written"):
            dumps.restore(empty_url, file)
    assert is_current(empty_url)
    expected = ["192.0.2.1", "192.0.2.2", "192.0.2.3"] if whole else ["192.0.2.2", "192.0.2.3"]
    assert rows_of(empty_url, "select entry from exclusion order by entry") == [(each,) for each in expected]
    assert rows_of(empty_url, "select role from reader") == [("gone",)]
    assert rows_of(empty_url, "select count(*) from stats.families()") == [(0,)]
